// Whether each file that matches can be read and linked into its data directory: one file system, the kernel's rules for
// hard links (fs.protected_hardlinks, proc(5)), no append-only flag. A file that the spool holds already was linked.
// What hinders many files alike is one finding.

import type { Bytes } from "../base/text.ts";
import { quote } from "../base/text.ts";
import type { Directory, Files, Stat } from "../platform/files.ts";
import type { HostFacts } from "../platform/host-facts.ts";
import { CAPABILITY, hasCapability } from "./capabilities.ts";
import type { CheckedFile } from "./checked-file.ts";
import { OVERLAY } from "./file-systems.ts";
import { counted, error, type Finding, ok, pathsInWords, shellWord } from "./finding.ts";
import { nearest } from "./spool.ts";

export async function checkLinks(files: Files, host: HostFacts, all: readonly CheckedFile[]): Promise<Finding[]> {
  const toLink = all.filter(({ isHeld }) => !isHeld);
  const found = [...elsewhere(files, host, all), ...unreadable(host, all), ...guarded(files, host, toLink)];
  found.push(...(await flagged(host, toLink)));
  if (found.length > 0 || all.length === 0) return found;
  return [ok("links", counted(all.length, "file"), "each can be read and linked")];
}

function elsewhere(files: Files, host: HostFacts, all: readonly CheckedFile[]): Finding[] {
  const found: Finding[] = [];
  for (const [datadir, of] of grouped(all, ({ datadir }) => datadir)) {
    const there = nearest(host, datadir);
    const dev = statOf(files, there)?.dev;
    for (const [, apart] of grouped(of, (file) => `${file.dev}`)) {
      const [first] = apart;
      if (first === undefined || dev === undefined || first.dev === dev) continue;
      // The files of an overlay have the number of their layer, its directories that of the overlay.
      const isOverlay = host.fileSystem(there)?.type === OVERLAY;
      if (isOverlay && statOf(files, first.path.slice(0, first.path.lastIndexOf("/")) || "/")?.dev === dev) continue;
      const text = `on another file system than ${quote(datadir)}, where no link can lead: not delivered`;
      const remedy = `findmnt -no TARGET -T ${shellWord(first.path)}   # name a directory there as scan_paths[].datadir`;
      found.push(error("file-system-differs", pathsInWords(paths(apart)), text, remedy));
    }
  }
  return found;
}

function unreadable(host: HostFacts, all: readonly CheckedFile[]): Finding[] {
  const none = paths(all).filter((path) => !host.may(path, "r"));
  if (none.length === 0) return [];
  const text = `user ${host.uid} may not read ${none.length === 1 ? "it" : "them"}: not delivered`;
  return [
    error("file-not-readable", pathsInWords(none), text, `setfacl -m u:${host.uid}:r ${shellWord(none[0] ?? "")}`),
  ];
}

/** As may_linkat in the kernel has it. */
function guarded(files: Files, host: HostFacts, all: readonly CheckedFile[]): Finding[] {
  if (host.text("/proc/sys/fs/protected_hardlinks")?.trim() === "0" || hasCapability(host, CAPABILITY.FOWNER))
    return [];
  const found: Finding[] = [];
  const refused = all.flatMap((file) => {
    const stat = statOf(files, file.path);
    return stat === undefined || stat.uid === host.uid || mayLink(host, file.path, stat)
      ? []
      : [{ file, uid: stat.uid }];
  });
  for (const [uid, of] of grouped(refused, (one) => `${one.uid}`)) {
    const text = `belongs to user ${uid}: user ${host.uid} may not link it (fs.protected_hardlinks), so it is not delivered`;
    const remedy = "sudo shaftlog client   # as root, or with CAP_FOWNER, or as the user who owns it";
    found.push(error("link-not-permitted", pathsInWords(of.map(({ file }) => file.path)), text, remedy));
  }
  return found;
}

function mayLink(host: HostFacts, path: Bytes, { mode }: Stat): boolean {
  const special = (mode & 0o4000) !== 0 || (mode & 0o2010) === 0o2010;
  return !special && host.may(path, "rw");
}

async function flagged(host: HostFacts, all: readonly CheckedFile[]): Promise<Finding[]> {
  const letters = await host.attributes(paths(all));
  const bad = (letter: string) => paths(all).filter((path) => letters.get(path)?.includes(letter));
  return (["a", "i"] as const).flatMap((letter) => {
    const of = bad(letter);
    if (of.length === 0) return [];
    const text = `${letter === "a" ? "append-only" : "immutable"} (chattr +${letter}): it cannot be linked, so it is not delivered`;
    return [
      error("file-append-only", pathsInWords(of), text, `chattr -${letter} ${of.slice(0, 5).map(shellWord).join(" ")}`),
    ];
  });
}

function paths(all: readonly CheckedFile[]): Bytes[] {
  return all.map(({ path }) => path);
}

function grouped<T>(all: readonly T[], key: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group === undefined) groups.set(key(one), [one]);
    else group.push(one);
  }
  return groups;
}

function statOf(files: Files, path: Bytes): Stat | undefined {
  let directory: Directory | undefined;
  const end = path.lastIndexOf("/");
  try {
    directory = files.open(path === "/" ? "/" : path.slice(0, end) || "/", true);
    return path === "/" ? directory.stat : directory.lstat(path.slice(end + 1));
  } catch {
    return undefined;
  } finally {
    directory?.close();
  }
}
