// One file of 1 GiB on memory to one destination over loopback: ours (`sync-once`, its start-up included) and
// `rsync --append` to an rsync daemon, in turn in one run. `--mib N` for another size, `--rounds N`.

import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { median, table } from "./lib/figures.ts";
import { BINARY, configure, freePort, inDirectory, listening, start, stop, timed } from "./lib/processes.ts";

const { values } = parseArgs({
  options: { mib: { type: "string", default: "1024" }, rounds: { type: "string", default: "3" } },
});
const mib = Number(values.mib);
const rounds = Number(values.rounds);

await inDirectory(false, async (home) => {
  fs.mkdirSync(path.join(home, "logs"));
  const file = path.join(home, "logs", "big.log");
  writeLog(file, mib);
  const ours: number[] = [];
  const rsync: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await runOurs(home));
    rsync.push(await runRsync(home, file));
  }
  const rate = (seconds: number) => `${Math.round(mib / seconds)} MiB/s`;
  const ratio = median(rsync) / median(ours);
  process.stdout.write(
    table(
      [`${mib} MiB, one file, memory, ${rounds} rounds`, "median", "each (s)", "× rsync"],
      [
        ["rsync --append, daemon", rate(median(rsync)), rsync.map((s) => s.toFixed(2)).join(" "), "1"],
        ["shaftlog sync-once", rate(median(ours)), ours.map((s) => s.toFixed(2)).join(" "), ratio.toFixed(2)],
      ],
    ),
  );
});

async function runOurs(home: string): Promise<number> {
  const port = await freePort();
  const { server, client } = configure(home, port, `${home}/logs/*.log`);
  const daemon = await start(BINARY, ["server", "-s", "-f", server], /server-started/);
  await listening(port);
  const seconds = timed(BINARY, ["sync-once", "-q", "-f", client]);
  await stop(daemon);
  const delivered = fs.statSync(path.join(home, "store/bench/big.log")).size;
  if (delivered !== mib * 1024 * 1024) throw new Error(`${delivered} bytes arrived`);
  for (const name of ["store", "spool"]) fs.rmSync(path.join(home, name), { recursive: true });
  return seconds;
}

async function runRsync(home: string, file: string): Promise<number> {
  const port = await freePort();
  const target = path.join(home, "rsync");
  fs.mkdirSync(target);
  fs.writeFileSync(
    path.join(home, "rsyncd.conf"),
    `use chroot = no\n${process.getuid?.() === 0 ? "uid = root\ngid = root\n" : ""}[bench]\npath = ${target}\nread only = no\n`,
  );
  const { spawn } = await import("node:child_process");
  const daemon = spawn("rsync", ["--daemon", "--no-detach", `--port=${port}`, `--config=${home}/rsyncd.conf`], {
    stdio: "ignore",
  });
  await listening(port);
  const seconds = timed("rsync", ["--append", file, `rsync://127.0.0.1:${port}/bench/`]);
  await stop(daemon);
  fs.rmSync(target, { recursive: true });
  return seconds;
}

function writeLog(file: string, size: number): void {
  const block = Buffer.alloc(1024 * 1024);
  let at = 0;
  for (let line = 0; at < block.length; line++) {
    at += block.write(`2026-01-01T00:00:00.${line} host app[${line}]: a line of an ordinary log, number ${line}\n`, at);
  }
  const out = fs.openSync(file, "w");
  for (let i = 0; i < size; i++) fs.writeSync(out, block);
  fs.closeSync(out);
}
