// Peak memory of both sides while a backlog is brought over by daemons: 1 GiB in one file and in 64, and 20,000 small
// files, from a client that started before its server. `--mib N`, `--files N`.

import path from "node:path";
import { parseArgs } from "node:util";
import { configure } from "./lib/configure.ts";
import { short } from "./lib/figures.ts";
import { writeLogs, writeSmallLogs } from "./lib/logs.ts";
import { BINARY, freePort, inDirectory, inSync, start, stop } from "./lib/processes.ts";
import { publish, type Row } from "./lib/report.ts";
import { memory } from "./lib/usage.ts";

const { values } = parseArgs({
  options: { mib: { type: "string", default: "1024" }, files: { type: "string", default: "20000" } },
});
const mib = Number(values.mib);
const files = Number(values.files);

const rows: Row[] = [
  await backlog(`${mib} MiB in one file`, 1, (logs) => writeLogs(logs, 1, mib)),
  await backlog(`${mib} MiB in 64 files`, 64, (logs) => writeLogs(logs, 64, mib)),
  await backlog(`${short(files)} files of 1 kB`, files, (logs) => writeSmallLogs(logs, files)),
];
publish("memory", { rows, charts: [] });

async function backlog(what: string, count: number, write: (logs: string) => void): Promise<Row> {
  return inDirectory(false, async (home) => {
    write(path.join(home, "logs"));
    const client = "status_interval: 1s\n";
    const config = configure(home, { port: await freePort(), pattern: `${home}/logs/**/*.log`, client });
    const delivered = start(BINARY, ["client", "-s", "-f", config.client], inSync(count), 200);
    const daemon = await start(BINARY, ["server", "-s", "-f", config.server], /server-started/);
    const shipper = await delivered;
    const [ours, theirs] = [memory(shipper.pid, "peak"), memory(daemon.pid, "peak")];
    await stop(shipper);
    await stop(daemon);
    return {
      what: `backlog of ${what}: peak memory, client and server`,
      shaftlog: `${short(ours)} and ${short(theirs)} MB`,
      peers: "",
      ratio: "",
      target: "≤ 200 MB",
      met: Math.max(ours, theirs) <= 200,
      noise: "1 round",
    };
  });
}
