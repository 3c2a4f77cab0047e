// rsyslog: imfile, woken by inotify, over RELP, which acknowledges each message, to a second rsyslog that writes all
// lines to one file. It makes nothing durable; a crash of the sender doubles lines, and lines are all that it carries.

import fs from "node:fs";
import path from "node:path";
import { LINE } from "../logs.ts";
import { type Pipeline, writeLines } from "../pipeline.ts";
import { freePort, launch, listening, stop, until } from "../processes.ts";
import { watchDirectory } from "../visible.ts";

/** Over `names` below `home`, all of them delivered. */
export async function rsyslogPipeline(home: string, names: readonly string[]): Promise<Pipeline> {
  const base = path.join(home, "rsyslog");
  const logs = path.join(base, "logs");
  for (const name of ["sender", "receiver", "out"]) fs.mkdirSync(path.join(base, name), { recursive: true });
  writeLines(logs, names);
  const port = await freePort();
  const receiver = daemon(base, "receiver", receiverConfig(base, port));
  await listening(port);
  const startSender = () => daemon(base, "sender", senderConfig(base, port));
  let sender = startSender();
  const out = path.join(base, "out", "all.log");
  const arrived = () => fs.statSync(out, { throwIfNoEntry: false })?.size ?? 0;
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

function daemon(base: string, name: string, config: string): ReturnType<typeof launch> {
  const file = path.join(base, `${name}.conf`);
  fs.writeFileSync(file, config);
  // The receiver complains of every sender that ends.
  return launch("rsyslogd", ["-n", "-f", file, "-i", path.join(base, `${name}.pid`)], "ignore");
}

function senderConfig(base: string, port: number): string {
  return `global(workDirectory="${base}/sender")
module(load="imfile" mode="inotify")
module(load="omrelp")
input(type="imfile" File="${base}/logs/*.log" Tag="bench" freshStartTail="off")
action(type="omrelp" target="127.0.0.1" port="${port}")
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
