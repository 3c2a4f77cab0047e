// What was acknowledged last of the files that were written lately: their durable size and, where it is at hand, the
// digest. Kept in `.acknowledged` for `shaftlog repair`, which tells by it a tail that a crash left. Written once a
// second, never fsynced: after a power cut it may speak of some seconds before; nothing else relies on it.

import type { Bytes } from "../base/text.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Directory, OpenFile } from "../platform/files.ts";
import { readWhole } from "../protocol/leaf-file.ts";
import { type Format, headerOf, parseRecords, Sealer } from "../protocol/records.ts";
import type { NewHash } from "../protocol/tree-hash.ts";

const FILE = ".acknowledged";
const TEMPORARY = ".acknowledged.new";
const FORMAT: Format = { kind: "shaftlog-acknowledged", version: 1 };
/** How long what is to be remembered may wait, in ms, and of how many files at once it is written. */
const BATCH = 1000;
const MOST_AT_ONCE = 512;
/** So many files are remembered, those written last; up to twice as many wait to be. */
const MOST = 4096;
/** The file is written anew when it is larger than this. */
const COMPACT_FROM = 4 * 1024 * 1024;

export interface LastAcknowledged {
  readonly size: number;
  /** Of all `size` bytes; undefined: it was not at hand. */
  readonly digest: Uint8Array | undefined;
}

/** A file of which something was made durable. */
export interface Vouched {
  readonly path: Bytes;
  readonly published: number;
  readonly content: { at(end: number): Uint8Array | undefined };
}

export interface AcknowledgedParts {
  readonly root: Directory;
  readonly clock: Clock;
  readonly newHash: NewHash;
  readonly failed: (cause: unknown) => void;
}

/** The same as it is kept: a string is a fraction of what an array takes. */
interface Remembered {
  readonly size: number;
  /** In base64. */
  readonly digest: string | null;
}

/** What is remembered in `root`; "newer": by a newer version. Throws what the kernel says. */
export function readAcknowledged(root: Directory, newHash: NewHash): Map<Bytes, LastAcknowledged> | "newer" {
  const known = readRemembered(root, newHash);
  if (known === "newer") return known;
  const decode = (digest: string | null) => (digest === null ? undefined : Buffer.from(digest, "base64"));
  return new Map([...known].map(([path, { size, digest }]) => [path, { size, digest: decode(digest) }]));
}

function readRemembered(root: Directory, newHash: NewHash): Map<Bytes, Remembered> | "newer" {
  const known = new Map<Bytes, Remembered>();
  if (root.lstat(FILE)?.kind !== "file") return known;
  const file = root.openRead(FILE);
  try {
    const parsed = parseRecords(FORMAT, readWhole(file), newHash);
    if (parsed.kind === "newer") return "newer";
    for (const payload of parsed.kind === "records" ? parsed.payloads : []) {
      const [path, size, digest] = JSON.parse(Buffer.from(payload).toString("latin1")) as [Bytes, number, Bytes | null];
      known.delete(path); // what was written last comes last
      known.set(path, { size, digest });
    }
    return known;
  } finally {
    file.close();
  }
}

/** Open from its making until `stop`. */
export class Acknowledged {
  readonly #parts: AcknowledgedParts;
  readonly #changed = new Map<Bytes, Vouched>();
  #known: Map<Bytes, Remembered> | "newer" | undefined;
  #file: { readonly file: OpenFile; readonly sealer: Sealer } | undefined;
  #timer: Timer | undefined;

  constructor(parts: AcknowledgedParts) {
    this.#parts = parts;
    try {
      // Left by a process that was killed.
      if (parts.root.lstat(TEMPORARY) !== undefined) parts.root.unlink(TEMPORARY);
    } catch {
      // Told when something is to be written.
    }
  }

  /** More of it is durable: remembered within a second or so. */
  note(vouched: Vouched): void {
    this.#changed.set(vouched.path, vouched);
    // More come than are written: the oldest would be forgotten at once. Many in one go, since a map's first key is found
    // by passing over all that were deleted before it.
    if (this.#changed.size === 2 * MOST) dropOldest(this.#changed, MOST);
    this.#later();
  }

  /** Writes what waits. */
  stop(): void {
    this.#timer?.cancel();
    while (this.#changed.size > 0) this.#write();
    this.#file?.file.close();
    this.#file = undefined;
  }

  #later(): void {
    this.#timer ??= this.#parts.clock.after(BATCH, () => {
      this.#timer = undefined;
      this.#write();
      if (this.#changed.size > 0) this.#later();
    });
  }

  #write(): void {
    const batch: Vouched[] = [];
    for (const vouched of this.#changed.values()) {
      if (batch.length === MOST_AT_ONCE) break;
      batch.push(vouched);
      this.#changed.delete(vouched.path);
    }
    try {
      this.#known ??= readRemembered(this.#parts.root, this.#parts.newHash);
      if (this.#known === "newer") return;
      for (const { path, published, content } of batch) {
        this.#known.delete(path);
        const digest = content.at(published);
        this.#known.set(path, { size: published, digest: digest === undefined ? null : base64(digest) });
      }
      dropOldest(this.#known, MOST);
      const paths = batch.map(({ path }) => path);
      if (this.#file === undefined || this.#file.sealer.bytes > COMPACT_FROM) this.#writeAnew(this.#known);
      else this.#append(this.#file, this.#known, paths);
    } catch (error) {
      // Perhaps a part was written: begin anew, at the next one.
      this.#file?.file.close();
      this.#file = undefined;
      this.#parts.failed(error);
    }
  }

  #writeAnew(known: ReadonlyMap<Bytes, Remembered>): void {
    const { root, newHash } = this.#parts;
    if (root.lstat(TEMPORARY) !== undefined) root.unlink(TEMPORARY);
    const file = root.create(TEMPORARY, 0o600);
    try {
      file.appendNow([headerOf(FORMAT)]);
      const open = { file, sealer: new Sealer(FORMAT, newHash) };
      this.#append(open, known, known.keys());
      // A crash before the rename leaves the old one, which is as good.
      root.rename(TEMPORARY, FILE);
      this.#file?.file.close();
      this.#file = open;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  #append(
    { file, sealer }: { readonly file: OpenFile; readonly sealer: Sealer },
    known: ReadonlyMap<Bytes, Remembered>,
    paths: Iterable<Bytes>,
  ): void {
    const records: Uint8Array[] = [];
    for (const path of paths) {
      const last = known.get(path);
      if (last === undefined) continue;
      records.push(sealer.record(Buffer.from(JSON.stringify([path, last.size, last.digest]), "latin1")));
    }
    file.appendNow([Buffer.concat(records)]);
  }
}

/** Leaves `most` entries, the last ones. */
function dropOldest(map: Map<Bytes, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) break;
    map.delete(oldest);
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
