// One server and many clients: 1,000 clients with 10 files each, one append a second to each file, made by one process
// that speaks the protocol over as many connections. `--clients N`, `--seconds N`.

import { parseArgs } from "node:util";
import { configure } from "./lib/configure.ts";
import { short } from "./lib/figures.ts";
import { BINARY, freePort, inDirectory, start, stop } from "./lib/processes.ts";
import { publish } from "./lib/report.ts";
import { runLoad } from "./lib/run-load.ts";
import { cpuSeconds, memory } from "./lib/usage.ts";

const { values } = parseArgs({
  options: { clients: { type: "string", default: "1000" }, seconds: { type: "string", default: "15" } },
});
const FILES = 10;
const WARM_UP = 3;
const clients = Number(values.clients);
const seconds = Number(values.seconds);

await inDirectory(false, async (home) => {
  const port = await freePort();
  const more = "limits:\n  connections_per_identity: 4096\n";
  const config = configure(home, { port, pattern: "/nothing", server: more });
  const daemon = await start(BINARY, ["server", "-s", "-f", config.server], /server-started/);
  const { p50, p99, most, counted, requests, cpu: load } = await runLoad(port, clients, FILES, WARM_UP, seconds);
  const peak = memory(daemon.pid, "peak");
  const cpu = cpuSeconds(daemon.pid) / (WARM_UP + seconds);
  await stop(daemon);
  const what = `${short(clients)} clients × ${FILES} files × 1 append/s, tmpfs`;
  const row = { peers: "", ratio: "" };
  publish("clients", {
    rows: [
      {
        ...row,
        what: `${what}: acknowledged`,
        shaftlog: `p50 ${short(p50)}, p99 ${short(p99)} ms`,
        target: "p99 ≤ 50 ms",
        met: p99 <= 50,
        noise: `${short(counted)} lines, at most ${short(most)} ms; ${short(requests)} requests in all`,
      },
      {
        ...row,
        what: `${what}: memory of the server`,
        shaftlog: `${short(peak)} MB at the most`,
        target: "≤ 200 MB",
        met: peak <= 200,
        noise: `${short(cpu * 100)} % of a core, the clients ${short(load * 100)} %`,
      },
    ],
    charts: [],
  });
});
