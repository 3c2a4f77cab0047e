// Names that were released: never given to another file again, since the destinations have a file of that name
// already. On disk in `.released` (journal.ts), durable before the link goes. In memory 48 bits of a hash each:
// a false hit costs a suffix, nothing else.

import { hash } from "node:crypto";
import type { Bytes } from "../base/text.ts";
import type { Directory, OpenFile } from "../platform/files.ts";
import { headerOf, type Journal, lineOf, readJournal } from "./journal.ts";

const JOURNAL: Journal = { kind: "shaftlog-released", version: 1, file: ".released" };

export class Released {
  readonly #root: Directory;
  readonly #hashes = new Set<number>();
  #file: OpenFile | undefined;
  /** The file ends within a line, which a crash tore. */
  #torn = false;
  /** There is a file, and its header is whole. */
  readonly #headed: boolean;

  /** Throws StartFailure where the file is of a newer version. `datadir` is for the message. */
  constructor(root: Directory, datadir: Bytes) {
    this.#root = root;
    const content = readJournal(root, JOURNAL, datadir);
    for (const name of content?.records ?? []) if (typeof name === "string") this.#hashes.add(digest(name));
    this.#torn = content !== undefined && !content.whole;
    this.#headed = content !== undefined;
  }

  has(name: Bytes): boolean {
    return this.#hashes.size > 0 && this.#hashes.has(digest(name));
  }

  /** Resolves when the names are durable. */
  async add(names: readonly Bytes[]): Promise<void> {
    const file = this.#file ?? (await this.#open());
    // A crash here leaves a torn line, which the next start leaves out: the links are still there then.
    const lines = [...(this.#torn ? [NEWLINE] : []), ...names.map(lineOf)];
    this.#torn = true;
    await file.append(lines);
    this.#torn = false;
    await file.sync();
    for (const name of names) this.#hashes.add(digest(name));
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  async #open(): Promise<OpenFile> {
    if (this.#headed) {
      this.#file = this.#root.openAppend(JOURNAL.file);
      return this.#file;
    }
    // A header that is torn was never followed by a name.
    if (this.#root.lstat(JOURNAL.file) !== undefined) this.#root.unlink(JOURNAL.file);
    this.#file = this.#root.create(JOURNAL.file, 0o600);
    await this.#file.append([headerOf(JOURNAL)]);
    await this.#root.sync();
    return this.#file;
  }
}

const NEWLINE = Buffer.from("\n");

function digest(name: Bytes): number {
  return (hash("sha256", Buffer.from(name, "latin1"), "buffer") as Buffer).readUIntBE(0, 6);
}
