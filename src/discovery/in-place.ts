// Files that are only read where they are: `sync-once --base DIR` and `--dry-run`. The spool found there keeps
// its names, other matching files get names as adoption would give them, suffixes coming from the inode so that
// they are the same each time. Nothing is written and nothing is locked.

import { codeOf, describe, StartFailure } from "../base/errors.ts";
import { type Bytes, bytesOf, quote } from "../base/text.ts";
import type { Directory, Files, OpenFile, Stat } from "../platform/files.ts";
import type { Entry, Generation } from "../spool/entry.ts";
import { addGeneration, type HeldEntry, newEntry, newestOf } from "../spool/held.ts";
import { takeInventory } from "../spool/inventory.ts";
import { readMemory } from "../spool/memory.ts";
import { openHeld, verified } from "../spool/open-held.ts";
import { Registry } from "../spool/registry.ts";
import { Released } from "../spool/released.ts";
import { inSlices } from "../spool/slices.ts";
import { Spools } from "../spool/spools.ts";
import type { DiscoveryOptions, DiscoveryPorts, ScanReport } from "./discover.ts";
import { type Gathered, Gatherer } from "./gather.ts";
import { topPlace } from "./interest.ts";
import { nameOf, withInode } from "./naming.ts";
import { compilePattern } from "./pattern.ts";
import { openReal, resolve } from "./resolve.ts";
import { type WalkRules, walk } from "./walk.ts";

export { isUnstable } from "./naming.ts";

export interface InPlaceOptions extends DiscoveryOptions {
  /** `--base`: symbolic links of the literal parts resolve below it. undefined: this host itself (dry run). */
  readonly base: Bytes | undefined;
}

export interface InPlace {
  /** Answers as the real ones do, in memory only; `start`, `sweep` and `retain` have nothing to do. */
  readonly spools: Spools;
  readonly report: ScanReport;
  /** Of files that were found truncated or rewritten: the names, known to nobody yet, under which they go on. */
  readonly made: readonly Generation[];
}

export async function openInPlace(ports: DiscoveryPorts, options: InPlaceOptions): Promise<InPlace> {
  const { files, clock, emit } = ports;
  const rules = rulesBelow(files, options.base);
  const registry = new Registry();
  // Where a dry run looks at this host, its own data directories are the administrator's paths as ever.
  const mayFollow = options.base === undefined ? () => true : rules.mayFollowLiteral;
  const found = datadirsOf(options).map((path) => openDatadir(rules.top, path, mayFollow));
  const datadirs = found.filter((datadir) => datadir !== undefined);
  const close = () => {
    for (const { root } of datadirs) root.close();
    rules.top.close();
  };
  try {
    for (const { root, path } of datadirs) reading(path, () => readSpool(root, path, registry, clock.elapsed()));
    const isOwn = (stat: Stat) => datadirs.some(({ root }) => root.stat.dev === stat.dev && root.stat.ino === stat.ino);
    const gatherer = new Gatherer(clock, emit, isOwn);
    const patterns = options.patterns.map(compilePattern);
    await inSlices(clock, walk(rules, gatherer, rules.top.again(), topPlace(patterns)), () => false);
    const released = datadirs.map(({ root, path }) => reading(path, () => new Released(root, path)));
    const isReleased = (name: Bytes) => released.some((names) => names.has(name));
    const adopted = nameAll(ports, rules.top, gatherer, registry, isReleased);
    gatherer.complaints.endScan();
    const never = Number.POSITIVE_INFINITY;
    const spoolsOptions = { datadirs: [], retention: never, scanInterval: never, periodicTriggerInterval: never };
    const before = new Set(registry.generations());
    const spools = new Spools(ports, spoolsOptions, registry, [], close);
    const made = [...registry.generations()].filter((generation) => !before.has(generation));
    return { spools, report: { matched: gatherer.matched, adopted, problems: gatherer.problems, moved: false }, made };
  } catch (error) {
    close();
    throw error;
  }
}

/** The first line of a small file below `base` that is neither empty nor a comment, as in hostname(5); undefined: none. */
export function readLineBelow(files: Files, base: Bytes, path: Bytes): string | undefined {
  const { top, mayFollowLiteral } = rulesBelow(files, base);
  try {
    const end = resolve(top, "", path, mayFollowLiteral);
    if (end.kind === "directory") end.directory.close();
    if (end.kind !== "file") return undefined;
    try {
      return firstLine(end.directory.openRead(end.name));
    } finally {
      end.directory.close();
    }
  } catch {
    return undefined; // unreadable is as good as none: the caller says what is missing
  } finally {
    top.close();
  }
}

function firstLine(file: OpenFile): string | undefined {
  try {
    const bytes = Buffer.alloc(MOST_TEXT);
    const text = bytes.toString("utf8", 0, file.readNow(bytes, 0, bytes.length, 0));
    const lines = text.split("\n").map((line) => line.trim());
    return lines.find((line) => line !== "" && !line.startsWith("#"));
  } finally {
    file.close();
  }
}

const MOST_TEXT = 4096;

/** Below a base a link is the dead host's own if root made it, or ours; anybody else's could lead elsewhere. */
function rulesBelow(files: Files, base: Bytes | undefined): WalkRules {
  const top = files.open(base ?? "/", true);
  const own = files.uid();
  return { top, mayFollowLiteral: ({ uid }) => base !== undefined && (uid === 0 || uid === own) };
}

function datadirsOf({ datadir, patterns }: DiscoveryOptions): Bytes[] {
  return [...new Set([datadir, ...patterns.flatMap((pattern) => pattern.datadir ?? [])])].map(bytesOf);
}

/** The spool at `path`, if there is one. */
function openDatadir(
  top: Directory,
  path: Bytes,
  mayFollow: (link: Stat) => boolean,
): { readonly root: Directory; readonly path: Bytes } | undefined {
  const end = reading(path, () => resolve(top, "", path, mayFollow));
  // Without its names everything would be sent once more.
  if (end.kind === "forbidden") {
    throw new StartFailure(`${cannotRead(path)}: a symbolic link on the way to it is another user's: chown it to root`);
  }
  if (end.kind === "directory") return { root: end.directory, path };
  if (end.kind === "file") end.directory.close();
  return undefined;
}

/** What `read` returns; a data directory that cannot be read is no reason to send its files under other names. */
function reading<T>(path: Bytes, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof StartFailure || codeOf(error) === "") throw error;
    const remedy = codeOf(error) === "EACCES" ? ": run it as root or as the client's user" : "";
    throw new StartFailure(`${cannotRead(path)}: ${describe(error)}${remedy}`, { cause: error });
  }
}

function cannotRead(path: Bytes): string {
  return `Cannot read data directory ${quote(path)}`;
}

/** Makes what the spool holds known under its names. */
function readSpool(root: Directory, path: Bytes, registry: Registry, now: number): void {
  const memory = readMemory(root, path);
  const holder = { open: (entry: Entry) => openHeld(root, entry) };
  for (const { stat, names } of takeInventory(root, (name) => memory.has(name)).files) {
    const free = names.filter(({ name }) => registry.named(name) === undefined);
    if (free.length === 0 || registry.find(stat.dev, stat.ino) !== undefined) continue;
    const entry = newEntry(holder, stat, undefined, now);
    for (const { name, number, start } of free) addGeneration(entry, name, number, start);
    const remembered = memory.get(newestOf(entry).name);
    entry.source = remembered?.source;
    entry.acknowledged = remembered?.mark;
    entry.mark = remembered?.mark;
    entry.head = remembered?.head ?? "";
    hold(registry, entry);
  }
}

/** Gives a name to every file that was gathered and that the spool does not know. */
function nameAll(
  { clock }: DiscoveryPorts,
  top: Directory,
  gatherer: Gatherer,
  registry: Registry,
  isReleased: (name: Bytes) => boolean,
): ScanReport["adopted"] {
  const adopted: ScanReport["adopted"] = [];
  for (const gathered of gatherer.sorted()) {
    const { path, pattern, stat } = gathered;
    const known = registry.find(stat.dev, stat.ino);
    if (known !== undefined) {
      known.source = path;
      continue;
    }
    const naming = nameOf(path, stat, pattern.options, clock.now());
    if (naming.kind === "refused") {
      gatherer.refused(path, naming.name, naming.reason, pattern);
      continue;
    }
    let { name } = naming;
    for (let i = 1; registry.named(name) !== undefined || isReleased(name); i++)
      name = withInode(naming.name, stat.ino, i);
    const entry = newEntry(holderOf(top, gathered), stat, path, clock.elapsed());
    adopted.push(addGeneration(entry, name, 1, 0));
    hold(registry, entry);
  }
  return adopted;
}

function holderOf(top: Directory, { real, name }: Gathered): HeldEntry["holder"] {
  return {
    open(entry) {
      const directory = openReal(top, real);
      try {
        return verified(directory.openRead(name), entry);
      } finally {
        directory.close();
      }
    },
  };
}

function hold(registry: Registry, entry: HeldEntry): void {
  registry.enter(entry);
  for (const generation of entry.generations) {
    registry.reserve(generation);
    registry.announce(generation);
  }
}
