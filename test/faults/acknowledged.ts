// What a server has promised, as the recording proxy heard it: every size that it told, by 2xx, by HEAD or in a refusal,
// is durable there. Asked of its directory after it died.

import fs from "node:fs";
import path from "node:path";
import type { WireProxy } from "../support/proxy.ts";

/** By name, the most bytes that the server ever said it has. */
export function acknowledged(proxy: WireProxy): Map<string, number> {
  const most = new Map<string, number>();
  for (const { target, told = 0 } of proxy.exchanges) {
    const name = decodeURIComponent(target.slice(1));
    if (told > (most.get(name) ?? 0)) most.set(name, told);
  }
  return most;
}

/** Each promise that was not kept, in words: bytes that are gone, or not those in the client's `spool`. */
export function broken(proxy: WireProxy, store: string, spool: string): string[] {
  return [...acknowledged(proxy)].flatMap(([name, told]) => {
    const file = path.join(store, name);
    const there = fs.existsSync(file) ? fs.readFileSync(file) : Buffer.alloc(0);
    const whole = fs.readFileSync(path.join(spool, name));
    if (there.length < told) return [`${name} has ${there.length} bytes and had ${told}`];
    return there.equals(whole.subarray(0, there.length)) ? [] : [`${name} is no beginning of the client's`];
  });
}
