// Words to systemd, by the program systemd-notify: Node has no datagram sockets of the file system, which sd_notify(3)
// needs. The unit has `NotifyAccess=all`, since it is a child of ours that speaks.

import { spawn } from "node:child_process";

/** Hands `words` such as `READY=1` over in the background. `failed` is told why where that did not work. */
export function notifySystemd(words: readonly string[], failed: (cause: Error) => void): void {
  const child = spawn("systemd-notify", words, { stdio: "ignore" });
  child.once("error", failed);
  child.once("exit", (code, signal) => {
    if (code !== 0) failed(new Error(`systemd-notify ended with ${signal ?? code}`));
  });
}
