// Discovery and spool put together on real files, without destinations: what is held, under which names, and
// what the operator was told. `log` is where the patterns look, `spool` the data directory beside it.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import type { Event } from "../../src/base/events.ts";
import { bytesOf } from "../../src/base/text.ts";
import { createDiscovery, type Discovery } from "../../src/discovery/discover.ts";
import type { PatternOptions } from "../../src/discovery/options.ts";
import { type Clock, systemClock } from "../../src/platform/clock.ts";
import type { Directory } from "../../src/platform/files.ts";
import { nodeFiles } from "../../src/platform/node-files.ts";
import type { Entry, Generation } from "../../src/spool/entry.ts";
import type { SpoolsOptions } from "../../src/spool/options.ts";
import { openSpools, type Spools } from "../../src/spool/spools.ts";
import { tempDir } from "./temp-dir.ts";
import { until } from "./until.ts";

export interface Finding {
  readonly dir: string;
  readonly log: string;
  readonly spool: string;
  readonly spools: Spools;
  readonly discovery: Discovery;
  readonly events: Event[];
  /** By name, everything that is announced and not released. */
  readonly held: Map<string, Generation>;
  /** Names in the order in which they were announced. */
  readonly added: string[];
  readonly changed: Entry[];
  /** Resolves with the generation of the file that is seen at `path` now. */
  at(path: string): Promise<Generation>;
  stop(): Promise<void>;
}

export interface FindingOptions extends Partial<SpoolsOptions> {
  readonly dir?: string;
  readonly patterns?: (log: string) => readonly PatternOptions[];
  readonly clock?: Clock;
}

const open = new Set<Finding>();

// A test that failed has not stopped its own, and their timers would keep the process alive.
after(() => Promise.all([...open].map((found) => found.stop())));

/** A pattern with the configuration's defaults. */
export function pattern(glob: string, more: Partial<PatternOptions> = {}): PatternOptions {
  return { name: "log", pattern: glob, rename: "{name}.{mtime}", followSymlinks: false, ...more };
}

/** Opened, but neither watching nor scanned. */
export async function finding(options: FindingOptions = {}): Promise<Finding> {
  const { dir = tempDir(), clock = systemClock, scanInterval = 60_000 } = options;
  const log = join(dir, "log");
  const spool = join(dir, "spool");
  mkdirSync(log, { recursive: true });
  const events: Event[] = [];
  const held = new Map<string, Generation>();
  const added: string[] = [];
  const changed: Entry[] = [];
  const ports = { files: nodeFiles, clock, emit: (event: Event) => events.push(event) };
  const patterns = options.patterns?.(log) ?? [pattern(`${log}/*.log*`)];
  const spools = await openSpools(
    { ...ports, lock: () => ({ release() {} }) },
    { datadirs: [bytesOf(spool)], retention: Infinity, periodicTriggerInterval: 60_000, ...options, scanInterval },
  );
  spools.listen({
    added: (generation) => {
      held.set(generation.name, generation);
      added.push(generation.name);
    },
    changed: (entry) => changed.push(entry),
    released: (generation) => held.delete(generation.name),
  });
  const discovery = createDiscovery(ports, spools, { patterns, datadir: spool, scanInterval });
  const found: Finding = {
    dir,
    log,
    spool,
    spools,
    discovery,
    events,
    held,
    added,
    changed,
    at: (path) =>
      until(() => [...held.values()].find(({ entry }) => entry.source === bytesOf(path)), `${path} is adopted`),
    async stop() {
      open.delete(found);
      await discovery.stop();
      await spools.close();
    },
  };
  open.add(found);
  return found;
}

/** The same, watching and after its first scan. */
export async function started(options: FindingOptions = {}): Promise<Finding> {
  const found = await finding(options);
  found.spools.start();
  await found.discovery.start();
  return found;
}

/** Names of the events so far, debug left out. */
export function told({ events }: Finding): string[] {
  return events.filter(({ level }) => level !== "debug").map(({ name }) => name);
}

/** What a generation's bytes are, read through its link in the spool. */
export function contentOf(found: Finding, { name, start, end }: Generation): string {
  return readFileSync(Buffer.from(join(found.spool, name), "latin1")).toString("utf8", start, end);
}

export function write(path: string, content = "line\n"): string {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** The class behind every open directory, for planting faults into it. */
export function directoryMethods(): Directory {
  const top = nodeFiles.open("/", false);
  top.close();
  return Object.getPrototypeOf(top) as Directory;
}

export function errno(code: string): Error {
  return Object.assign(new Error(code), { code });
}
