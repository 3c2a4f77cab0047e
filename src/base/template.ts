// Substitution of `{key}` in names and URLs. Pure. What is not a known key stays as it stands: the
// configuration reader has refused unknown keys before.

/** `template` with each `{key}` replaced by `value(key)`; undefined leaves the braces as they are. */
export function fill(template: string, value: (key: string) => string | undefined): string {
  return template.replace(/\{([a-z]+)\}/g, (whole, key: string) => value(key) ?? whole);
}

/** The keys that `template` uses, in order, once each. */
export function keysOf(template: string): string[] {
  return [...new Set([...template.matchAll(/\{([a-z]+)\}/g)].map((match) => match[1] as string))];
}
