// What a server has promised, as the recording proxy heard it: every size that it told, by 2xx, by HEAD or in a refusal,
// is durable there. Asked of its directory after it died. What it said while its disk was being shut down does not
// count: XFS may tell an fsync that was under way that all is well, and without power nobody would have heard of it.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { run } from "../support/processes.ts";
import type { WireProxy } from "../support/proxy.ts";
import type { Scene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";

export class Promises {
  readonly #proxy: WireProxy;
  /** By name, the most bytes that the server ever said it has. */
  readonly #most = new Map<string, number>();
  /** Exchanges before this one were with a server that is dead. */
  #from = 0;

  constructor(proxy: WireProxy) {
    this.#proxy = proxy;
  }

  /** How many files are promised something: right before a cut. */
  note(): number {
    for (const { target, told = 0 } of this.#proxy.exchanges.slice(this.#from)) {
      const name = decodeURIComponent(target.slice(1));
      if (told > (this.#most.get(name) ?? 0)) this.#most.set(name, told);
    }
    return this.#most.size;
  }

  /** The server is dead: each promise that was not kept, in words; bytes are gone, or not those in the client's `spool`. */
  broken(store: string, spool: string): string[] {
    this.#from = this.#proxy.exchanges.length;
    return [...this.#most].flatMap(([name, told]) => {
      const there = bytesOf(path.join(store, name));
      if (there.length < told) return [`${name} has ${there.length} bytes and had ${told}`];
      const same = there.subarray(0, told).equals(bytesOf(path.join(spool, name)).subarray(0, told));
      return same ? [] : [`of ${name} not all of ${told} bytes are the client's`];
    });
  }
}

/** What was not acknowledged may be NULs after a power cut (nul-tail.test.ts): cuts them off, as the manual says. */
export function cutNuls({ home, store, spool }: Scene): void {
  for (const name of filesBelow(store).keys()) {
    const there = bytesOf(path.join(store, name));
    const whole = bytesOf(path.join(spool, name));
    const size = there.findLastIndex((byte) => byte !== 0) + 1;
    if (size === there.length || there.equals(whole.subarray(0, there.length))) continue;
    const { status, stderr } = run(["repair", "-f", path.join(home, "server.yaml"), "--cut", name, "--to", `${size}`]);
    assert.equal(status, 0, stderr);
  }
}

function bytesOf(file: string): Buffer {
  return fs.existsSync(file) ? fs.readFileSync(file) : Buffer.alloc(0);
}
