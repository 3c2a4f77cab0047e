// The token in a request's Authorization field (RFC 6750). Pure. One field, one scheme, one spelling: what is
// anything else is malformed and lets nobody in.

const FORM = /^Bearer ([A-Za-z0-9\-._~+/]{16,512}={0,2})$/i;

/** The token; undefined where there is no such field. */
export function bearerOf(fields: readonly string[]): string | "malformed" | undefined {
  let found: string | undefined;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() !== "authorization") continue;
    if (found !== undefined) return "malformed";
    found = fields[i + 1];
  }
  return found === undefined ? undefined : (FORM.exec(found)?.[1] ?? "malformed");
}
