// A client's data directory: that it is one, or can be made; that its user may write there and others may not; and that
// neither it nor the directory it lies in may only be appended to. Nothing is made to find that out.

import { describe } from "../base/errors.ts";
import { type Bytes, quote } from "../base/text.ts";
import type { Directory, Files } from "../platform/files.ts";
import type { HostFacts } from "../platform/host-facts.ts";
import { error, type Finding, ok, shellWord, warning } from "./finding.ts";

/** What the findings are called: of a client, of a server. */
type Name = "spool" | "server-datadir";

/** The nearest directory on the way to `path` that is there: that one, where it is to be made. */
export function nearest(host: HostFacts, path: Bytes): Bytes {
  let at = path;
  while (at !== "/" && host.isDirectory(at) === undefined) at = at.slice(0, at.lastIndexOf("/")) || "/";
  return at;
}

export async function checkDatadir(files: Files, host: HostFacts, path: Bytes, name: Name): Promise<Finding[]> {
  const there = nearest(host, path);
  const subject = quote(path);
  if (host.isDirectory(there) === false) {
    return [error(name, subject, `${quote(there)} is no directory`, `ls -ld ${shellWord(there)}   # move it away`)];
  }
  const found = there === path ? ofExisting(files, host, path, name) : ofMissing(host, path, there, name);
  const letters = (await host.attributes([there])).get(there) ?? "";
  if (/[ai]/.test(letters)) {
    const what = letters.includes("i") ? "immutable (chattr +i)" : "append-only (chattr +a)";
    const flag = letters.includes("i") ? "i" : "a";
    found.push(
      error(
        name,
        subject,
        `${quote(there)} is ${what}: nothing can be removed from it`,
        `chattr -${flag} ${shellWord(there)}`,
      ),
    );
  }
  const bad = found.filter(({ level }) => level !== "ok");
  return bad.length > 0 ? bad : found;
}

function ofMissing(host: HostFacts, path: Bytes, there: Bytes, name: Name): Finding[] {
  if (host.may(there, "wx")) return [ok(name, quote(path), "not there yet; it is made at the first start")];
  const remedy = `install -d -m 750 -o ${host.uid} ${shellWord(path)}   # as root`;
  return [error(name, quote(path), `not there, and user ${host.uid} may not make it in ${quote(there)}`, remedy)];
}

function ofExisting(files: Files, host: HostFacts, path: Bytes, name: Name): Finding[] {
  let directory: Directory;
  try {
    directory = files.open(path, true);
  } catch (cause) {
    return [error(name, quote(path), `cannot be opened: ${describe(cause)}`, `ls -ld ${shellWord(path)}`)];
  }
  const { uid, mode } = directory.stat;
  directory.close();
  const subject = quote(path);
  const bits = mode.toString(8).padStart(4, "0");
  if (!host.may(path, "wx") || !host.may(path, "r")) {
    const remedy = `chown -R ${host.uid} ${shellWord(path)}   # as root, or run it as user ${uid}`;
    return [error(name, subject, `belongs to user ${uid} (mode ${bits}): user ${host.uid} may not use it`, remedy)];
  }
  if ((mode & 0o022) !== 0) {
    const text = `others may write there (mode ${bits}): whoever puts a file there has it delivered, or takes ours away`;
    return [warning(name, subject, text, `chmod go-w ${shellWord(path)}`)];
  }
  if (uid !== host.uid && host.uid === 0) {
    const text = `belongs to user ${uid} and this is root: what runs as root leaves files there that user ${uid} cannot use`;
    return [
      warning(name, subject, text, `runuser -u '#${uid}' -- shaftlog check   # or: chown -R root ${shellWord(path)}`),
    ];
  }
  return [ok(name, subject, `is there, belongs to user ${uid}, mode ${bits}`)];
}
