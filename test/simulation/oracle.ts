// What must be so once all faults are over: every file that is there, or was let go of, is complete at every server,
// byte for byte, under one name and its generations; nothing of an interrupted run is left in the spool. And what
// sync-once promises when it exits with 0.

import type { Content, Inode } from "./inode.ts";
import type { Model } from "./model.ts";
import type { ServerHost } from "./server-host.ts";
import { type Copy, type Source, SPOOL } from "./source.ts";

/** The first thing that is not in sync yet, or undefined. */
export function unfinished(model: Model, servers: readonly ServerHost[]): string | undefined {
  for (const source of model.sources.values()) {
    if (source.blurred !== undefined) continue;
    for (const server of servers) {
      const what = missing(model, source, server);
      if (what !== undefined) return what;
    }
  }
  return oddInSpool(model);
}

function missing(model: Model, source: Source, { host, restoredAt }: ServerHost): string | undefined {
  const { inode, id, finalSize } = source;
  const isThere = inode.nlink > 0;
  // Gone before anybody saw it, or let go of before the server lost it again.
  if (!isThere && (source.name === undefined || restoredAt > Number.NEGATIVE_INFINITY)) return undefined;
  const size = isThere ? inode.content.size : (finalSize ?? 0);
  const copies = model.copiesOf(source, host.name);
  if (copies.some(({ spoiled }) => spoiled) || covers(model, source, copies, size)) return undefined;
  // Equal size is enough to be idle: that it is something else, after a power cut or a truncation, shows with the next append.
  const isIdle = copies.some((copy) => copy.start + (model.bytesOf(copy)?.size ?? 0) === size);
  if (source.variants.length > 1 && isIdle) return undefined;
  const has = copies.map((copy) => `${copy.path} has ${model.bytesOf(copy)?.size ?? 0}`).join(", ");
  return `file ${id} (${inode.label}, ${source.name ?? "never sent"}) has ${size} bytes; at ${host.name} ${has || "nothing"}`;
}

/** Whether the first `size` bytes of the source are there: one copy's, or its last part in a later generation's. */
function covers(model: Model, source: Source, copies: readonly Copy[], size: number): boolean {
  if (size === 0) return true;
  const { content } = source.inode;
  return copies.some((copy) => {
    const bytes = model.bytesOf(copy);
    if (bytes === undefined || copy.start >= size || copy.start + bytes.size < size) return false;
    if (!bytes.view(0, size - copy.start).equals(content.view(copy.start, size))) return false;
    return covers(model, source, copies, copy.start);
  });
}

/**
 * The first whole line that is at the server twice: no two lines of a schedule are alike. With one server only: where two
 * have different beginnings of what was lost, the further name repeats at one what the other needs.
 */
export function doubled(model: Model, servers: readonly ServerHost[]): string | undefined {
  const [server] = servers;
  // What it lost may have been let go of here, and what it got again may lie under another name.
  if (server === undefined || servers.length > 1 || server.restoredAt > Number.NEGATIVE_INFINITY) return undefined;
  for (const source of model.sources.values()) {
    // Behind a hole of NULs that a power cut left, lines are there once more.
    const isHoled = source.variants.some((content) => content.view().includes(0));
    // What it held before it was truncated may come back with a power cut.
    const wasCut = source.cutAt > Number.NEGATIVE_INFINITY;
    if (source.blurred !== undefined || isHoled || wasCut) continue;
    const seen = new Map<string, string>();
    for (const copy of model.copiesOf(source, server.host.name)) {
      for (const line of wholeLines(model.bytesOf(copy))) {
        const before = seen.get(line);
        if (before !== undefined) return `line ${line.slice(0, 20)} is in ${before} and in ${copy.path}`;
        seen.set(line, copy.path);
      }
    }
  }
  return undefined;
}

function wholeLines(content: Content | undefined): string[] {
  return (content?.view().toString("latin1").split("\n").slice(0, -1) ?? []).filter((line) => /^\d+:/.test(line));
}

function oddInSpool(model: Model): string | undefined {
  const names = new Map<Inode, string>();
  const visit = (directory: Inode, path: string): string | undefined => {
    for (const [name, inode] of directory.entries) {
      if (name.startsWith(".tmp-") && name !== ".tmp-memory") return `${name} is left in the spool`;
      if (name.startsWith(".")) continue;
      const full = path + name;
      if (inode.kind === "directory") {
        const odd = visit(inode, `${full}/`);
        if (odd !== undefined) return odd;
        continue;
      }
      const base = full.replace(/\.g\d+-from-\d+$/, "");
      const known = names.get(inode) ?? base;
      if (known !== base) return `${known} and ${base} are one file`;
      names.set(inode, base);
    }
    return undefined;
  };
  const spool = model.client.find(SPOOL);
  return spool === undefined ? "there is no spool" : visit(spool, "");
}

/** What every log file that has a name holds now. */
export function present(model: Model): ReadonlyMap<Source, number> {
  const sizes = new Map<Source, number>();
  for (const source of model.sources.values()) {
    if (source.inode.nlink > 0 && source.variants.length === 1) sizes.set(source, source.inode.content.size);
  }
  return sizes;
}

/** The first of what was there `before` that a server has not said to have durably. */
export function brokenPromise(
  model: Model,
  before: ReadonlyMap<Source, number>,
  hosts: readonly string[],
): string | undefined {
  for (const [source, size] of before) {
    // Cut or removed meanwhile: what was there at its start need not be there any more.
    if (source.variants.length > 1 || source.inode.nlink === 0) continue;
    for (const host of hosts) {
      const said = Math.max(0, ...model.copiesOf(source, host).map((copy) => copy.start + copy.everSaid));
      if (said < size) return `${host} has said ${said} of ${size} bytes of file ${source.id}`;
    }
  }
  return undefined;
}
