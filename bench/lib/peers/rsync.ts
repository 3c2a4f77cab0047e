// rsync as a contender: `--append` over its own protocol to a daemon, without encryption. With `--fsync` on a disk.

import fs from "node:fs";
import path from "node:path";
import { bytesBelow } from "../logs.ts";
import { freePort, launch, listening, stop, timed } from "../processes.ts";
import type { Contender } from "../rounds.ts";
import { settled, type Task } from "../task.ts";

/** `more`: further options. */
export function rsync(
  task: Task,
  more: readonly string[] = task.onDisk ? ["--fsync"] : [],
  name = ["rsync --append", ...more].join(" "),
): Contender {
  return {
    name,
    run: async () => {
      const port = await freePort();
      const target = path.join(task.home, "rsync");
      fs.mkdirSync(target);
      const daemon = launch("rsync", ["--daemon", "--no-detach", `--port=${port}`, `--config=${daemonConfig(task)}`]);
      await listening(port);
      const via = await task.link?.(port);
      settled(task);
      const options = ["-r", "--append", ...more];
      const seconds = timed("rsync", [...options, `${task.logs}/`, `rsync://127.0.0.1:${via?.port ?? port}/bench/`]);
      await stop(daemon);
      if (via !== undefined) await stop(via.process);
      const delivered = bytesBelow(target);
      if (delivered !== task.bytes) throw new Error(`${delivered} bytes arrived instead of ${task.bytes}`);
      fs.rmSync(target, { recursive: true });
      return seconds;
    },
  };
}

function daemonConfig({ home }: Task): string {
  const file = path.join(home, "rsyncd.conf");
  const asRoot = process.getuid?.() === 0 ? "uid = root\ngid = root\n" : "";
  fs.writeFileSync(file, `use chroot = no\n${asRoot}[bench]\npath = ${home}/rsync\nread only = no\n`);
  return file;
}
