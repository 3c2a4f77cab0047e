// The running server's housekeeping: looks through all files again and again, a few at a time, seals those that were
// unchanged for long (seal.ts), and deletes compressed copies that are old enough; what is remembered of them stays. One
// file is worked on at a time, and half of the time is rest. It keeps nothing of its own: a restart begins anew.

import { isGone } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Directory } from "../platform/files.ts";
import { inDirectory, look, parentOf, withDirectory } from "../store/tree.ts";
import * as events from "./events.ts";
import type { ArchiveOptions } from "./options.ts";
import { COMPRESSED, type Facts, inArchive, listRecords, readFactsAt } from "./record.ts";
import { Rest, Stopped } from "./rest.ts";
import { type SealGround, sealInTurn } from "./seal-in-turn.ts";
import { REST, TrustedTime } from "./trusted-time.ts";

/** Names looked at in one go, and ms of rest behind them. */
const SLICE = 32;
const PAUSE = 5;
/** ms between two rounds: a tenth of the least age, within these. */
const SOONEST = 1_000;
const LATEST = 3_600_000;

/** Runs from its making until `stop`. */
export class Archive {
  readonly #options: ArchiveOptions;
  readonly #parts: SealGround;
  readonly #rest: Rest;
  readonly #time: TrustedTime;
  readonly #running: Promise<void>;

  constructor(options: ArchiveOptions, parts: SealGround) {
    this.#options = options;
    this.#parts = parts;
    this.#rest = new Rest(parts.clock);
    const told = (ms: number) => parts.emit(events.clockJumped(ms));
    this.#time = new TrustedTime(parts.clock, Math.min(REST, options.after), told);
    this.#running = this.#run().catch((error: unknown) => {
      if (!(error instanceof Stopped)) throw error;
    });
  }

  /** Resolves once nothing is being done; what was begun is undone. */
  async stop(): Promise<void> {
    this.#rest.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { after, deleteAfter } = this.#options;
    const every = Math.min(Math.max(Math.min(after, deleteAfter) / 10, SOONEST), LATEST);
    for (;;) {
      // Slept in pieces: the clock is to be looked at now and then.
      for (let slept = 0; slept < every; slept += 60_000) {
        await this.#rest.pause(Math.min(every - slept, 60_000));
        this.#time.now();
      }
      await this.#tried("", () => this.#sealOld());
      if (deleteAfter < Number.POSITIVE_INFINITY) await this.#tried("", () => this.#deleteOld());
    }
  }

  async #sealOld(): Promise<void> {
    const left: Bytes[] = [""];
    let looked = 0;
    for (let directory = left.pop(); directory !== undefined; directory = left.pop()) {
      const below = directory;
      for (const { name, kind } of this.#list(below)) {
        if (name.startsWith(".")) continue;
        if (++looked % SLICE === 0) await this.#rest.pause(PAUSE);
        const path = below === "" ? name : `${below}/${name}`;
        await this.#tried(path, async () => {
          const found = kind === "directory" ? undefined : look(this.#parts.root, path);
          if (kind === "directory" || (found?.kind === "obstructed" && this.#isDirectory(path))) left.push(path);
          else if (found?.kind === "file" && found.stat.size > 0 && this.#isOld(found.stat.mtimeMs)) {
            await this.#sealOne(path);
          }
        });
      }
    }
  }

  async #sealOne(path: Bytes): Promise<void> {
    const { sealed, emit } = this.#parts;
    if (sealed.isCopy(path)) return;
    const outcome = await sealInTurn(
      path,
      this.#parts,
      () => this.#rest.asLong(),
      ({ mtimeMs }) => this.#isOld(mtimeMs),
    );
    if (outcome.kind === "taken") emit(events.taken(path));
    else if (outcome.kind === "no-room") emit(events.noRoom(path, outcome.size));
  }

  async #deleteOld(): Promise<void> {
    const { root, newHash } = this.#parts;
    if (!this.#time.runsFor(Math.min(REST, this.#options.deleteAfter / 24))) return;
    for (let i = 0; i < 256; i++) {
      const directory = i.toString(16).padStart(2, "0");
      const names = listRecords(root, directory);
      for (const [j, name] of names.entries()) {
        if (j % SLICE === SLICE - 1) await this.#rest.pause(PAUSE);
        await this.#tried(`.archive/${directory}/${name}`, async () => {
          const facts = inArchive(root, directory, (at) => readFactsAt(at, name, newHash));
          if (facts !== undefined && this.#isOver(facts)) await this.#deleteOne(facts);
        });
      }
    }
  }

  /** Its record is durable: whether the copy is there or not, the same is told. */
  async #deleteOne({ path, size, copySize }: Facts): Promise<void> {
    const { root, emit, accounted } = this.#parts;
    const copy = look(root, path + COMPRESSED);
    // Another file under that name is somebody's.
    if (copy.kind !== "file" || copy.stat.size !== copySize || look(root, path).kind !== "absent") return;
    await withDirectory(root, parentOf(path), async (at) => {
      at.unlink(path.slice(path.lastIndexOf("/") + 1) + COMPRESSED);
      await at.sync();
    });
    emit(events.deleted(path, size));
    accounted(path, -1, -copySize);
  }

  #isOld(mtimeMs: number): boolean {
    const now = this.#time.now();
    return now !== undefined && now - mtimeMs >= this.#options.after;
  }

  /** By its own time, and by how long it was sealed: a clock that was wrong then does not shorten that. */
  #isOver({ mtimeMs, sealedAt }: Facts): boolean {
    const now = this.#time.now();
    const { after, deleteAfter } = this.#options;
    return now !== undefined && now - mtimeMs >= deleteAfter && now - sealedAt >= deleteAfter - after;
  }

  #list(path: Bytes): ReturnType<Directory["list"]> {
    try {
      return inDirectory(this.#parts.root, path, (at) => at.list());
    } catch (error) {
      if (!isGone(error)) this.#parts.emit(events.failed(path, error));
      return [];
    }
  }

  #isDirectory(path: Bytes): boolean {
    return inDirectory(this.#parts.root, parentOf(path), (at) => {
      return at.lstat(path.slice(path.lastIndexOf("/") + 1))?.kind === "directory";
    });
  }

  /** What fails for one file is told, and the others go on. */
  async #tried(path: Bytes, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof Stopped) throw error;
      if (isGone(error)) return; // somebody took it away meanwhile
      this.#parts.emit(events.failed(path, error));
    }
  }
}
