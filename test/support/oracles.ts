// What must hold in every scenario, whatever it is about: the server's files are prefixes of the client's at any
// moment and never shrink or change, at rest they are equal, every numbered line is there exactly once, and
// nothing lies about that nobody asked for.

import assert from "node:assert/strict";
import { createHash, type Hash } from "node:crypto";
import fs from "node:fs";
import { at, filesBelow } from "./trees.ts";

/** The offset in the client's file at which a name's bytes begin: `NAME.g2-from-0`. */
export function startOf(name: string): number {
  return Number(/\.g[0-9]+-from-([0-9]+)$/.exec(name)?.[1] ?? 0);
}

/** Which of one file's names it is: 1 for the one it was given first. */
function numberOf(name: string): number {
  return Number(/\.g([0-9]+)-from-[0-9]+$/.exec(name)?.[1] ?? 1);
}

interface Seen {
  size: number;
  readonly hash: Hash;
}

/** Watches the store while a scenario runs. */
export class Witness {
  readonly #spool: string;
  readonly #store: string;
  readonly #prefix: boolean;
  readonly #seen = new Map<string, Seen>();
  readonly #faults: string[] = [];
  readonly #timer: NodeJS.Timeout;

  /** `prefix`: false where the scenario itself changes the client's bytes. */
  constructor(spool: string, store: string, prefix: boolean) {
    this.#spool = spool;
    this.#store = store;
    this.#prefix = prefix;
    this.#timer = setInterval(() => this.look(), 100);
  }

  look(): void {
    for (const [name, { size }] of filesBelow(this.#store)) {
      const seen = this.#seen.get(name) ?? { size: 0, hash: createHash("sha256") };
      this.#seen.set(name, seen);
      if (size < seen.size) this.#faults.push(`${name} shrank from ${seen.size} to ${size} bytes`);
      if (size <= seen.size) continue;
      const there = readRange(this.#store, name, seen.size, size) ?? Buffer.alloc(0);
      const here = readRange(this.#spool, name, startOf(name) + seen.size, startOf(name) + size);
      if (this.#prefix && here !== undefined && !here.equals(there)) {
        this.#faults.push(`${name}: bytes ${seen.size} to ${size} at the server are not the client's`);
      }
      seen.hash.update(there);
      seen.size = size;
    }
  }

  /** Looks a last time, and whether what was seen first is still there. */
  finish(): void {
    clearInterval(this.#timer);
    this.look();
    for (const [name, { size, hash }] of this.#seen) {
      const now = readRange(this.#store, name, 0, size);
      const digest = createHash("sha256")
        .update(now ?? "")
        .digest("hex");
      if (digest !== hash.digest("hex")) this.#faults.push(`${name} was changed at the server after it was written`);
    }
    assert.deepEqual(this.#faults, []);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function readRange(directory: string, name: string, from: number, to: number): Buffer | undefined {
  try {
    const fd = fs.openSync(at(directory, name), "r");
    try {
      const buffer = Buffer.alloc(to - from);
      return buffer.subarray(0, fs.readSync(fd, buffer, 0, to - from, from));
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/** Which bytes of a file in the spool its name carries; `end` where a later name of the same file goes on. */
interface Carried {
  readonly start: number;
  readonly end: number | undefined;
  readonly length: number;
}

function carriedBy(spool: string): Map<string, Carried> {
  const files = [...filesBelow(spool)];
  const names = Map.groupBy(files, ([, { ino }]) => ino);
  return new Map(
    files.map(([name, { size, ino }]) => {
      const later = names.get(ino)?.filter(([other]) => numberOf(other) > numberOf(name)) ?? [];
      const end = later.length === 0 ? undefined : Math.min(...later.map(([other]) => startOf(other)));
      const length = Math.max(0, Math.min(size, end ?? size) - startOf(name));
      return [name, { start: startOf(name), end, length }];
    }),
  );
}

/** Names in the spool whose bytes are not all at the server; empty files need not be there. */
export function behind(spool: string, store: string): string[] {
  const there = filesBelow(store);
  const isBehind = (name: string, { end, length }: Carried) => {
    const size = there.get(name)?.size ?? 0;
    return end === undefined ? size !== length : size < length;
  };
  return [...carriedBy(spool)].filter(([name, carried]) => isBehind(name, carried)).map(([name]) => name);
}

/**
 * Equal at rest: byte for byte, and nothing at the server that is neither held nor known to be `gone`. The server may
 * have more of a name that ended here, and less of those that are `growing`.
 */
export function assertEqual(
  spool: string,
  store: string,
  gone: (name: string) => boolean,
  growing: readonly string[] = [],
): void {
  const here = carriedBy(spool);
  const there = filesBelow(store);
  for (const [name, { start, end, length }] of here) {
    if (length === 0) continue;
    assert.ok(there.has(name), `${name} is missing at the server`);
    const ours = fs.readFileSync(at(spool, name)).subarray(start, start + length);
    const theirs = fs.readFileSync(at(store, name));
    const expected = growing.includes(name) ? ours.subarray(0, theirs.length) : ours;
    const told = end === undefined ? theirs : theirs.subarray(0, length);
    assert.ok(expected.equals(told), `${name} differs at the server`);
  }
  const surplus = [...there.keys()].filter((name) => !here.has(name) && !gone(name));
  assert.deepEqual(surplus, [], "at the server, but not in the spool");
}

/** Nothing but what is documented begins with a dot. */
export function assertTidy(directory: string, own: readonly string[]): void {
  const odd = fs.readdirSync(directory).filter((name) => name.startsWith(".") && !own.includes(name));
  assert.deepEqual(odd, [], `left in ${directory}`);
}

/** A writer of numbered lines; one count over all files of a rotation chain. */
export class Lines {
  count = 0;

  /** One write, one line. */
  write(fd: number): void {
    fs.writeSync(fd, this.#next());
  }

  /** One write, so that nobody sees a part of it. */
  append(file: string, count = 1): void {
    fs.appendFileSync(file, Array.from({ length: count }, () => this.#next()).join(""));
  }

  #next(): string {
    return `line ${++this.count} ${"x".repeat(this.count % 60)}\n`;
  }
}

/** Every line from 1 to `count` once over all files, in each file in order, and none is cut. */
export function assertExactlyOnce(texts: Iterable<readonly [name: string, text: string]>, count: number): void {
  const times = new Map<number, number>();
  const odd: string[] = [];
  for (const [name, text] of texts) {
    let before = 0;
    if (text !== "" && !text.endsWith("\n")) odd.push(`${name} ends within a line`);
    for (const line of text.split("\n").slice(0, -1)) {
      const match = /^line ([0-9]+) (x*)$/.exec(line);
      const number = Number(match?.[1]);
      if (match === null || match[2]?.length !== number % 60) odd.push(`${name}: ${line.slice(0, 80)}`);
      else if (number <= before) odd.push(`${name}: line ${number} after line ${before}`);
      before = number;
      times.set(number, (times.get(number) ?? 0) + 1);
    }
  }
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  const lost = numbers.filter((number) => !times.has(number));
  const doubled = [...times].filter(([, n]) => n > 1).map(([number]) => number);
  const strange = [...times.keys()].filter((number) => !(number <= count));
  const few = (list: readonly number[]) => `${list.length} (${list.slice(0, 10).join(" ")})`;
  assert.ok(
    odd.length + lost.length + doubled.length + strange.length === 0,
    `lost ${few(lost)}, doubled ${few(doubled)}, never written ${few(strange)}; ${odd.slice(0, 5).join("; ")}`,
  );
}
