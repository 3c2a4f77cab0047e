// `shaftlog repair` at the server: shows files whose end is not what was acknowledged, above all the NULs that a crash
// leaves, and, told so by name and size, cuts exactly that end off. Showing changes nothing and runs beside the
// server; cutting takes the data directory's lock, so the server must be stopped. Bytes that were acknowledged are
// not cut. The recipe is in docs/OPERATIONS.md, "repair".

import { readFacts } from "../archive/record.ts";
import { SealedFiles } from "../archive/sealed-files.ts";
import { describe, StartFailure } from "../base/errors.ts";
import { info } from "../base/events.ts";
import { type Bytes, bytesOf, escapeText, quote, quoteText } from "../base/text.ts";
import { loadServerConfig } from "../config/load.ts";
import type { ServerConfig } from "../config/options.ts";
import type { Directory } from "../platform/files.ts";
import { lockDirectory } from "../platform/lock.ts";
import { openLog } from "../platform/log.ts";
import { sha256 } from "../platform/node-hash.ts";
import { zstd } from "../platform/node-zstd.ts";
import { parseSize } from "../protocol/content-range.ts";
import { type LastAcknowledged, readAcknowledged } from "../store/acknowledged.ts";
import { allFiles } from "../store/all-files.ts";
import { cutTail, lookAtTail, readPart, type Tail } from "../store/tail.ts";
import { EXIT, type RepairFlags } from "./flags.ts";
import { storePath } from "./store-path.ts";
import { openStore } from "./verify-server.ts";

/** So many bytes of what is cut are shown. */
const SHOWN = 64;

interface Run {
  readonly config: ServerConfig;
  readonly root: Directory;
  readonly known: ReadonlyMap<Bytes, LastAcknowledged>;
}

export async function runRepair(flags: RepairFlags): Promise<number> {
  const { cut, to, paths } = flags;
  if ((cut === undefined) !== (to === undefined)) throw new StartFailure("--cut PATH and --to SIZE go together");
  if (cut !== undefined && paths.length > 0)
    throw new StartFailure("one file at a time is cut: give --cut no PATH beside");
  const config = loadServerConfig(flags.config);
  const root = openStore(config.datadir, config.path);
  // Before anything is read: what is shown must be what is cut.
  const lock = cut === undefined ? undefined : lockDirectory(bytesOf(config.datadir));
  try {
    const known = readAcknowledged(root, sha256);
    if (known === "newer") throw new StartFailure("Cannot read .acknowledged: it was written by a newer version");
    const run: Run = { config, root, known };
    if (cut !== undefined) return await cutOff(run, storePath(cut, config), sizeOf(to));
    return await show(run, paths);
  } finally {
    lock?.release();
    root.close();
  }
}

async function show({ config, root, known }: Run, paths: readonly string[]): Promise<number> {
  let [looked, found, unreadable] = [0, 0, 0];
  const named = paths.map((path) => storePath(path, config));
  for (const path of named.length > 0 ? named : allFiles(root)) {
    if (named.length === 0 && isCopy(root, path)) continue; // looked at by verify
    const tail = await lookAtTail(root, path, known.get(path), sha256, named.length > 0);
    looked++;
    if ("kind" in tail) {
      if (tail.kind === "absent" && named.length === 0) continue; // removed meanwhile
      unreadable++;
      say(`${quote(path)}: ${tail.kind === "absent" ? absence(root, path) : tail.cause}`);
      continue;
    }
    const odd = oddity(tail);
    if (odd !== undefined) found++;
    if (odd === undefined && named.length === 0) continue;
    say(`${quote(path)}: ${tail.size} bytes; ${knowledge(tail)}; ${odd ?? "its end is nothing odd"}`);
    if (odd !== undefined && tail.nulsFrom < tail.size) {
      const at = Math.max(tail.nulsFrom, tail.beginning === "changed" ? 0 : tail.known);
      if (at < tail.size) say(`  to cut them off, with the server stopped: --cut ${quote(path)} --to ${at}`);
    }
  }
  if (named.length === 0) say(`${looked} files looked at, ${found} with an odd end`);
  return found > 0 ? EXIT.REFUSED : unreadable > 0 ? EXIT.INCOMPLETE : EXIT.OK;
}

async function cutOff({ config, root, known }: Run, path: Bytes, to: number): Promise<number> {
  if (isCopy(root, path)) {
    say(`Not cut: ${quote(path)} is the compressed copy of a sealed file`);
    return EXIT.REFUSED;
  }
  const tail = await lookAtTail(root, path, known.get(path), sha256, true);
  if ("kind" in tail) {
    say(`Cannot cut ${quote(path)}: ${tail.kind === "absent" ? "there is no such file" : tail.cause}`);
    return EXIT.INCOMPLETE;
  }
  const reason = refusal(tail, to);
  if (reason !== undefined) {
    say(`Not cut: ${quote(path)} has ${tail.size} bytes; ${knowledge(tail)}; ${reason}`);
    return EXIT.REFUSED;
  }
  const bytes = tail.size - to;
  const content = tail.nulsFrom <= to ? "NULs" : await sample(root, path, to, bytes);
  say(`Cutting ${quote(path)} from ${tail.size} to ${to} bytes; ${knowledge(tail)}; the ${bytes} bytes are ${content}`);
  const log = openLog({ path: config.logfile, debug: false });
  try {
    await cutTail(root, path, to);
    log.emit(
      info("store-repaired", `Cut ${quote(path)} from ${tail.size} to ${to} bytes by shaftlog repair: ${content}`),
    );
  } catch (error) {
    say(`Cannot cut ${quote(path)}: ${describe(error)}`);
    return EXIT.INCOMPLETE;
  } finally {
    log.close();
  }
  return EXIT.OK;
}

function isCopy(root: Directory, path: Bytes): boolean {
  return new SealedFiles({ root, newHash: sha256, codec: zstd, emit: () => {} }).isCopy(path);
}

/** A sealed file was compared when it was sealed: `shaftlog verify` tells what became of its copy. */
function absence(root: Directory, path: Bytes): string {
  const facts = readFacts(root, path, sha256);
  return facts === undefined ? "there is no such file" : `sealed with ${facts.size} bytes: it has no tail to repair`;
}

/** What is odd about the end of a file, or undefined. */
function oddity({ size, known, nulsFrom, beginning, segment }: Tail): string | undefined {
  if (beginning === "changed") {
    const where = segment === undefined ? "" : `: segment ${segment} is the first that differs`;
    return `what was acknowledged is not what is there${where}${nulsFrom < size ? `; it ends with NULs from byte ${nulsFrom}` : ""}`;
  }
  if (size < known)
    return `${known - size} bytes that were acknowledged are missing; its client sends them again if it still has them`;
  const nuls = Math.max(nulsFrom, known);
  if (nuls < size)
    return `it ends with ${size - nuls} NULs from byte ${nuls} on that nobody is known to have acknowledged`;
  if (known > 0 && size > known && beginning !== undefined) return `of its last ${size - known} bytes nothing is known`;
  return undefined;
}

function knowledge({ known, beginning }: Tail): string {
  if (known === 0) return "nothing is known of what was acknowledged";
  const compared = beginning === "as acknowledged" ? ", and they are what they were" : "";
  return `the first ${known} are known to have been acknowledged${compared}`;
}

/** Why the file is not cut to `to`, or undefined. */
function refusal({ size, known, nulsFrom, beginning }: Tail, to: number): string | undefined {
  if (to >= size) return `there is nothing behind byte ${to}`;
  const provenBad = beginning === "changed" && nulsFrom <= to;
  if (to < known && !provenBad) {
    return `bytes behind ${to} were acknowledged. Where all of the file is wrong, move it away by hand: its client sends it again`;
  }
  if (known === 0 && nulsFrom > to) {
    return `too little is known of it, and what is behind byte ${to} is more than NULs. Where all of the file is wrong, move it away by hand`;
  }
  return undefined;
}

async function sample(root: Directory, path: Bytes, from: number, length: number): Promise<string> {
  const bytes = await readPart(root, path, from, Math.min(SHOWN, length));
  return `"${escapeText(Buffer.from(bytes).toString("latin1"))}"${length > SHOWN ? " …" : ""}`;
}

function sizeOf(given: string | undefined): number {
  const size = parseSize(given);
  if (size === undefined) throw new StartFailure(`--to ${quoteText(given ?? "")}: expected a number of bytes`);
  return size;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
