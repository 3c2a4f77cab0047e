// A chain from log files here to files there that runs while we append line by line and look when each arrives: ours,
// and rsyslog's.

import fs from "node:fs";
import path from "node:path";
import { configure } from "./configure.ts";
import { LINE } from "./logs.ts";
import { BINARY, freePort, inSync, start, stop } from "./processes.ts";
import { watchDirectory } from "./visible.ts";

export interface Pipeline {
  readonly name: string;
  /** Appends a line to a file, new or not; ms until the line is visible at the other end. */
  readonly append: (name: string) => Promise<number>;
  readonly restart: () => Promise<void>;
  readonly end: () => Promise<void>;
}

/** shaftlog over `names` below `home`, all of them delivered. */
export async function oursPipeline(home: string, names: readonly string[]): Promise<Pipeline> {
  const logs = path.join(home, "logs");
  writeLines(logs, names);
  const options = { port: await freePort(), pattern: `${logs}/*.log` };
  // Words in short intervals tell when all is delivered; what is measured runs without them.
  const config = configure(home, { ...options, client: "status_interval: 200ms\n" });
  const daemon = await start(BINARY, ["server", "-s", "-f", config.server], /server-started/);
  await stop(await start(BINARY, ["client", "-s", "-f", config.client], inSync(names.length), 60));
  configure(home, options);
  const startClient = () => start(BINARY, ["client", "-s", "-f", config.client], /client-started/);
  let shipper = await startClient();
  const store = watchDirectory(path.join(home, "store/bench"));
  return {
    name: "shaftlog",
    append: async (name) => {
      const arrived = store.beyond(name, store.size(name));
      const began = performance.now();
      fs.appendFileSync(path.join(logs, name), LINE);
      return (await arrived) - began;
    },
    restart: async () => {
      await stop(shipper);
      shipper = await startClient();
    },
    end: async () => {
      store.close();
      await stop(shipper);
      await stop(daemon);
    },
  };
}

/** A file with a line for each name. */
export function writeLines(directory: string, names: readonly string[]): void {
  fs.mkdirSync(directory, { recursive: true });
  for (const name of names) fs.writeFileSync(path.join(directory, name), LINE);
}
