// socat as the raw limit: the bytes from a file into a socket and from a socket into a file, and nothing else.

import fs from "node:fs";
import path from "node:path";
import { ended, freePort, launch, pause } from "../processes.ts";
import type { Contender } from "../rounds.ts";
import { settled, type Task } from "../task.ts";

/** For one file. */
export function socat(task: Task): Contender {
  return {
    name: "socat",
    run: async () => {
      const port = await freePort();
      const target = path.join(task.home, "socat");
      const block = ["-u", "-b", "1048576"];
      const receiver = launch("socat", [...block, `TCP-LISTEN:${port},bind=127.0.0.1`, `CREATE:${target}`]);
      // It takes one connection, so nobody can knock to see whether it is there.
      while (
        !fs.readFileSync("/proc/net/tcp", "utf8").includes(`:${port.toString(16).toUpperCase()} 00000000:0000 0A`)
      ) {
        await pause(5);
      }
      const via = await task.link?.(port);
      settled(task);
      const began = performance.now();
      const sender = launch("socat", [...block, `OPEN:${task.files[0]},rdonly`, `TCP:127.0.0.1:${via?.port ?? port}`]);
      await Promise.all([ended(sender), ended(receiver)]);
      const seconds = (performance.now() - began) / 1000;
      via?.process.kill();
      if (fs.statSync(target).size !== task.bytes) throw new Error("socat lost bytes");
      fs.rmSync(target);
      return seconds;
    },
  };
}
