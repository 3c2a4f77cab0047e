// Where a daemon's admin listener is, as its log says.

import type { Daemon } from "../support/processes.ts";

/** Such as `http://127.0.0.1:41234/`. */
export async function adminOf(daemon: Daemon): Promise<string> {
  const { text } = await daemon.logged("admin-listening");
  const url = /http:\S+/.exec(text)?.[0];
  if (url === undefined) throw new Error(`no URL: ${text}`);
  return url;
}
