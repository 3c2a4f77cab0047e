// The data directories of a client: its own, and those that patterns name for themselves. Each once, in the
// configuration's order.

import type { ClientConfig } from "../config/options.ts";

export function datadirsOf({ datadir, patterns }: ClientConfig): string[] {
  return [...new Set([datadir, ...patterns.flatMap((pattern) => pattern.datadir ?? [])])];
}
