// The least configurations that work, as texts with comments: what `init` writes and what a start without one shows.
// Promises that what is put in stands there as YAML takes it. Pure.

export interface ClientAnswers {
  readonly destinations: readonly string[];
  readonly patterns: readonly string[];
  readonly datadir: string | undefined;
}

export interface ServerAnswers {
  readonly datadir: string | undefined;
  readonly address: string | undefined;
}

const EXAMPLE: ClientAnswers = {
  destinations: ["http://log1.example.com:10655/{hostname}/"],
  patterns: ["/var/log/*.log"],
  datadir: undefined,
};

export function minimalClient({ destinations, patterns, datadir }: ClientAnswers = EXAMPLE): string {
  const names = namesOf(patterns);
  return [
    ...(datadir === undefined
      ? []
      : ["# Hard links of the files, on the same file system as these.", `datadir: ${yaml(datadir)}`]),
    "# Which files to deliver, without compressed ones. A file's name there is what regex_to makes of its path: here the",
    "# path below the directory, and the time of its last write, which keeps rotated files apart.",
    "scan_paths:",
    ...patterns.flatMap((pattern, i) => [
      `  - name: ${yaml(names[i] ?? "")}`,
      `    pattern: ${yaml(pattern)}`,
      `    exclude: "*.{gz,bz2,xz,zst}"`,
      `    regex_from: '^${above(pattern)
        .replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")
        .replaceAll("'", "''")}(.*)$'`,
      `    regex_to: "$1.{mtime}"`,
    ]),
    "# Where to; each place gets every file. {hostname} is this host's name.",
    "destinations:",
    ...destinations.map((url) => `  - url: ${yaml(url)}`),
  ].join("\n");
}

export function minimalServer(
  { datadir, address }: ServerAnswers = { datadir: undefined, address: undefined },
): string {
  return [
    "# Where the delivered files are kept, each under the path of its URL.",
    `datadir: ${yaml(datadir ?? "/var/log/shaftlog-server")}`,
    "# Where to listen. Beyond loopback use tls as well: shaftlog pki makes what it needs.",
    `bind_address: ${yaml(address ?? "0.0.0.0")}`,
    "listen_port: 10655",
  ].join("\n");
}

/** `/var/log/nginx/*.log` → `nginx`, `/var/log/messages*` → `messages`; no two alike. */
export function namesOf(patterns: readonly string[]): string[] {
  const names: string[] = [];
  for (const pattern of patterns) {
    const parts = pattern.split("/").filter((part) => part !== "");
    const last = (parts.at(-1) ?? "").replace(/\.(log|txt)\b.*$/, "");
    const stem = plain(last) || plain(parts.findLast((part) => !/[*?[{(]/.test(part)) ?? "") || "log";
    let name = stem;
    for (let i = 2; names.includes(name); i++) name = `${stem}-${i}`;
    names.push(name);
  }
  return names;
}

/** The directory that a pattern is sure to look into, with its slash. */
function above(pattern: string): string {
  const literal = pattern.replace(/[*?[{(\\!@+].*$/, "");
  return literal.slice(0, literal.lastIndexOf("/") + 1);
}

/** What stands before the first wildcard, in letters that every server takes. */
function plain(part: string): string {
  return part
    .replace(/[*?[{(].*$/, "")
    .replaceAll(/[^A-Za-z0-9_.-]/g, "-")
    .replaceAll(/^[.-]+|[.-]+$/g, "");
}

function yaml(text: string): string {
  return /^[A-Za-z/][\w./:-]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
