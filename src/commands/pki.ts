// `shaftlog pki init|issue|revoke`: certificates for people who have no PKI, and the lines of configuration that go
// with them, ready to paste.

import path from "node:path";
import { StartFailure } from "../base/errors.ts";
import { quoteText } from "../base/text.ts";
import { initAuthority, issue, revoke, type Usage } from "../platform/authority.ts";
import { EXIT, type PkiFlags } from "./flags.ts";

export function runPkiInit({ dir, name, days }: PkiFlags): number {
  const directory = directoryOf(dir);
  initAuthority(directory, name ?? "shaftlog CA", daysOf(days ?? "3650"));
  print(
    `Made an authority in ${directory}. Who has ${directory}/ca.key can be any client: keep it off the log servers.`,
    "",
    "Next, a certificate for each server and each client:",
    `  shaftlog pki issue --dir ${directory} --server log1.example.com,192.0.2.1`,
    `  shaftlog pki issue --dir ${directory} --client host-a`,
  );
  return EXIT.OK;
}

export function runPkiIssue(flags: PkiFlags): number {
  const directory = directoryOf(flags.dir);
  const { usage, names } = whose(flags);
  const { cert, key } = issue(directory, usage, names, daysOf(flags.days ?? "825"));
  const [name] = names;
  if (usage === "server") {
    print(
      `# ${name}: copy these files there, the key readable by its owner only, and put the paths they have there`,
      "# into /etc/shaftlog-server-config.yaml. Copy ca.crl again after each revocation.",
      "tls:",
      `  cert: ${yaml(cert)}`,
      `  key: ${yaml(key)}`,
      `  client_ca: ${yaml(`${directory}/ca.crt`)}`,
      `  crl: ${yaml(`${directory}/ca.crl`)}`,
      "client_prefix: /{cn}/",
    );
  } else {
    print(
      `# ${name}: copy these files there, the key readable by its owner only, and put the paths they have there, and the`,
      "# server's name, into /etc/shaftlog-client-config.yaml.",
      "destinations:",
      `  - url: https://SERVER:10655/${name}/`,
      "    tls:",
      `      ca: ${yaml(`${directory}/ca.crt`)}`,
      `      cert: ${yaml(cert)}`,
      `      key: ${yaml(key)}`,
    );
  }
  return EXIT.OK;
}

export function runPkiRevoke(flags: PkiFlags): number {
  const directory = directoryOf(flags.dir);
  const { usage, names } = whose(flags);
  for (const name of names) revoke(directory, usage, name);
  print(`Revoked. Copy ${directory}/ca.crl to the servers: it takes effect there at once, without a restart.`);
  return EXIT.OK;
}

function whose({ server, client }: PkiFlags): { usage: Usage; names: readonly string[] } {
  if ((server === undefined) === (client === undefined)) {
    throw new StartFailure("Give either --server NAME[,NAME or IP address …] or --client NAME");
  }
  if (server !== undefined) return { usage: "server", names: server.split(",") };
  return { usage: "client", names: [client ?? ""] };
}

function directoryOf(dir: string | undefined): string {
  if (dir === undefined || dir === "") throw new StartFailure("Give --dir DIR, the authority's directory");
  return path.resolve(dir);
}

function daysOf(text: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new StartFailure(`--days ${quoteText(text)} is no number from 1 to 99999`);
  return Number(text);
}

/** A path as YAML takes it. */
function yaml(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : JSON.stringify(text);
}

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}
