// rsyslog: imfile, woken by inotify, over RELP, which acknowledges each message, to a second rsyslog that writes all
// lines to one file. It makes nothing durable; a crash of the sender doubles lines, and lines are all that it carries.

import fs from "node:fs";
import path from "node:path";
import { LINE } from "../logs.ts";
import { type Pipeline, writeLines } from "../pipeline.ts";
import { freePort, launch, listening, stop, until } from "../processes.ts";
import type { Contender } from "../rounds.ts";
import type { Task } from "../task.ts";
import { watchDirectory } from "../visible.ts";

/** As a contender that carries lines in bulk; its start-up included, like ours. */
export function rsyslog({ home, logs, bytes }: Task): Contender {
  return {
    name: "rsyslog RELP",
    run: async () => {
      const base = makeBase(home);
      const port = await freePort();
      const receiver = daemon(base, "receiver", receiverConfig(base, port));
      await listening(port);
      const began = performance.now();
      const sender = daemon(base, "sender", senderConfig(base, logs, port));
      // The last line may have no end, and is not sent then.
      await until(() => arrivedIn(base) > bytes - LINE.length * 2, "rsyslog's lines");
      const seconds = (performance.now() - began) / 1000;
      await stop(sender);
      await stop(receiver);
      fs.rmSync(base, { recursive: true });
      return seconds;
    },
  };
}

/** Over `names` below `home`, all of them delivered. */
export async function rsyslogPipeline(home: string, names: readonly string[]): Promise<Pipeline> {
  const base = makeBase(home);
  const logs = path.join(base, "logs");
  writeLines(logs, names);
  const port = await freePort();
  const receiver = daemon(base, "receiver", receiverConfig(base, port));
  await listening(port);
  const startSender = () => daemon(base, "sender", senderConfig(base, logs, port));
  let sender = startSender();
  const arrived = () => arrivedIn(base);
  await until(() => arrived() >= names.length * LINE.length, "rsyslog's first lines");
  const watched = watchDirectory(path.join(base, "out"));
  return {
    name: "rsyslog RELP",
    append: async (name) => {
      const visible = watched.beyond("all.log", arrived());
      const began = performance.now();
      fs.appendFileSync(path.join(logs, name), LINE);
      return (await visible) - began;
    },
    restart: async () => {
      await stop(sender);
      sender = startSender();
    },
    end: async () => {
      watched.close();
      await stop(sender);
      await stop(receiver);
    },
  };
}

function makeBase(home: string): string {
  const base = path.join(home, "rsyslog");
  for (const name of ["sender", "receiver", "out"]) fs.mkdirSync(path.join(base, name), { recursive: true });
  return base;
}

function arrivedIn(base: string): number {
  return fs.statSync(path.join(base, "out", "all.log"), { throwIfNoEntry: false })?.size ?? 0;
}

function daemon(base: string, name: string, config: string): ReturnType<typeof launch> {
  const file = path.join(base, `${name}.conf`);
  fs.writeFileSync(file, config);
  // The receiver complains of every sender that ends.
  return launch("rsyslogd", ["-n", "-f", file, "-i", path.join(base, `${name}.pid`)], "ignore");
}

/** With the default window of 128 lines each waits for an acknowledgement that is delayed: 0.2 MB/s. */
function senderConfig(base: string, logs: string, port: number): string {
  return `global(workDirectory="${base}/sender")
module(load="imfile" mode="inotify")
module(load="omrelp")
input(type="imfile" File="${logs}/*.log" Tag="bench" freshStartTail="off")
action(type="omrelp" target="127.0.0.1" port="${port}" windowSize="5000")
`;
}

function receiverConfig(base: string, port: number): string {
  return `global(workDirectory="${base}/receiver")
module(load="imrelp")
input(type="imrelp" port="${port}" address="127.0.0.1")
template(name="line" type="string" string="%msg%\\n")
action(type="omfile" file="${base}/out/all.log" template="line" asyncWriting="off" flushOnTXEnd="on")
`;
}
