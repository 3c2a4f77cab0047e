// Append to visible at the server: how long a line takes from write(2) here to write(2) there, with 200 files
// watched, in the steady state and right after a restart of the client. `--files N`, `--samples N`.

import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { percentile, table } from "./lib/figures.ts";
import { BINARY, configure, freePort, inDirectory, start, stop } from "./lib/processes.ts";

const { values } = parseArgs({
  options: { files: { type: "string", default: "200" }, samples: { type: "string", default: "2000" } },
});
const files = Number(values.files);
const samples = Number(values.samples);
const LINE = "2026-01-01T00:00:00 host app[1]: one line of an ordinary log that is not very long\n";

await inDirectory(false, async (home) => {
  fs.mkdirSync(path.join(home, "logs"));
  const names = Array.from({ length: files }, (_, i) => `app-${i}.log`);
  for (const name of names) fs.writeFileSync(path.join(home, "logs", name), LINE);
  const port = await freePort();
  const { server, client } = configure(home, { port, pattern: `${home}/logs/*.log` });
  const daemon = await start(BINARY, ["server", "-s", "-f", server], /server-started/);
  let shipper = await start(BINARY, ["client", "-s", "-f", client], /client-started/);
  const store = path.join(home, "store/bench");
  const sizes = new Map(names.map((name) => [name, LINE.length]));
  for (const name of names) await until(() => sizeOf(store, name) === LINE.length, name);

  const visible = watchStore(store);
  const measure = async (name: string): Promise<number> => {
    const size = (sizes.get(name) ?? 0) + LINE.length;
    sizes.set(name, size);
    const arrived = visible(name, size);
    const began = performance.now();
    fs.appendFileSync(path.join(home, "logs", name), LINE);
    return (await arrived) - began;
  };

  const steady: number[] = [];
  for (let i = 0; i < samples; i++) {
    steady.push(await measure(names[(i * 7919) % files] as string));
    await pause(2);
  }
  await stop(shipper);
  shipper = await start(BINARY, ["client", "-s", "-f", client], /client-started/);
  const restarted: number[] = [];
  for (const name of names) restarted.push(await measure(name));
  await stop(shipper);
  await stop(daemon);

  const row = (what: string, ms: readonly number[]) => [
    what,
    `${ms.length}`,
    ...[50, 90, 99, 100].map((percent) => `${percentile(ms, percent).toFixed(2)} ms`),
  ];
  process.stdout.write(
    table(
      [`append to visible, ${files} files`, "samples", "p50", "p90", "p99", "most"],
      [row("steady", steady), row("each file once, right after a client restart", restarted)],
    ),
  );
  process.exit(0);
});

/** Resolves with the time at which a file of the store is seen to have a size. */
function watchStore(store: string): (name: string, size: number) => Promise<number> {
  const waiting = new Map<string, { size: number; resolve: (at: number) => void }>();
  fs.watch(store, (_, name) => {
    const one = waiting.get(name ?? "");
    if (one === undefined || sizeOf(store, name as string) < one.size) return;
    waiting.delete(name as string);
    one.resolve(performance.now());
  });
  return (name, size) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${name} did not arrive within 30 s`)), 30_000);
      waiting.set(name, {
        size,
        resolve: (at) => {
          clearTimeout(timer);
          resolve(at);
        },
      });
    });
}

function sizeOf(store: string, name: string): number {
  return fs.statSync(path.join(store, name), { throwIfNoEntry: false })?.size ?? -1;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 3000; i++) {
    if (condition()) return;
    await pause(10);
  }
  throw new Error(`waited in vain for ${what}`);
}
