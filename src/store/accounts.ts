// What each identity has below its prefix, held against the quota. Promises: counted once from disk, at the first
// append, and kept up from then on, so no request costs a walk; a quota that is reached is counted again at most once
// a minute, so what an operator deleted is room again; bytes under way count as written.

import { isGone } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import { overQuota } from "./events.ts";
import type { Quota } from "./options.ts";
import { withDirectory } from "./tree.ts";
import { troubleOf } from "./trouble.ts";

/** ms between two counts of one account. */
const COUNT_EVERY = 60_000;
/** Files looked at in one go while others wait. */
const AT_ONCE = 256;

/** What one identity has. */
export class Account {
  /** Ends with a slash. */
  readonly prefix: Bytes;
  files = 0;
  bytes = 0;
  /** Bytes of ranges that were admitted and have not ended. */
  underWay = 0;
  countedAt = Number.NEGATIVE_INFINITY;
  counting = false;
  /** Called once it is counted. */
  readonly waiting: (() => void)[] = [];

  constructor(prefix: Bytes) {
    this.prefix = prefix;
  }

  get counted(): boolean {
    return this.countedAt > Number.NEGATIVE_INFINITY;
  }
}

export class Accounts {
  readonly #root: Directory;
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #quota: Quota;
  readonly #all = new Map<Bytes, Account>();

  constructor(root: Directory, clock: Clock, emit: Emit, quota: Quota) {
    this.#root = root;
    this.#clock = clock;
    this.#emit = emit;
    this.#quota = quota;
  }

  /** The account of who writes below `prefix`; undefined where nothing is counted. */
  of(prefix: Bytes | undefined): Account | undefined {
    if (prefix === undefined || (this.#quota.files === Infinity && this.#quota.bytes === Infinity)) return undefined;
    let account = this.#all.get(prefix);
    if (account === undefined) {
      account = new Account(prefix);
      this.#all.set(prefix, account);
      this.#count(account);
    }
    return account;
  }

  /** The account of `prefix`, where it was counted. */
  counted(prefix: Bytes): Readonly<Account> | undefined {
    const account = this.#all.get(prefix);
    return account?.counted === true ? account : undefined;
  }

  /** Calls `then` once the account is counted for the first time. */
  whenCounted(account: Account, then: () => void): void {
    if (account.counted) then();
    else account.waiting.push(then);
  }

  /** Whether a range of `length` bytes may be appended; it counts as under way then. The account was counted. */
  take(account: Account, length: number, newFile: boolean): boolean {
    const files = account.files + (newFile ? 1 : 0);
    const bytes = account.bytes + account.underWay + length;
    if (files > this.#quota.files || bytes > this.#quota.bytes) {
      this.#emit(overQuota(account.prefix, files > this.#quota.files ? "files" : "bytes", this.#quota));
      if (this.#clock.elapsed() - account.countedAt >= COUNT_EVERY) this.#count(account);
      return false;
    }
    account.files = files;
    account.underWay += length;
    return true;
  }

  /** At `path` there are so many more files and bytes than before, by our own hand. */
  moved(path: Bytes, files: number, bytes: number): void {
    for (const account of this.#all.values()) {
      if (!account.counted || !path.startsWith(account.prefix)) continue;
      account.files += files;
      account.bytes += bytes;
    }
  }

  #count(account: Account): void {
    if (account.counting) return;
    account.counting = true;
    const done = () => {
      account.countedAt = this.#clock.elapsed();
      account.counting = false;
      for (const then of account.waiting.splice(0)) then();
    };
    this.#walk(account).then(done, (error: unknown) => {
      // It goes on with what was counted before: no reason to keep a client out.
      troubleOf(error, account.prefix, this.#emit);
      done();
    });
  }

  async #walk(account: Account): Promise<void> {
    let files = 0;
    let bytes = 0;
    const left = [account.prefix.slice(0, -1)];
    for (let directory = left.pop(); directory !== undefined; directory = left.pop()) {
      const path = directory;
      try {
        await withDirectory(this.#root, path, async (at) => {
          for (const [i, { name, kind }] of at.list().entries()) {
            if (i % AT_ONCE === AT_ONCE - 1) await new Promise<void>((go) => this.#clock.after(0, go));
            if (name.startsWith(".")) continue;
            if (kind === "directory") left.push(`${path}/${name}`);
            else {
              const stat = at.lstat(name);
              if (stat?.kind === "directory") left.push(`${path}/${name}`);
              if (stat?.kind !== "file") continue;
              files++;
              bytes += stat.size;
            }
          }
        });
      } catch (error) {
        // Not there yet, or taken away meanwhile.
        if (!isGone(error)) throw error;
      }
    }
    // What was appended while this walk went on may be counted twice, which the next count mends.
    account.files = files;
    account.bytes = bytes;
  }
}
