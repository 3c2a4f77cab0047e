// `shaftlog verify` with a server's configuration: its files are read anew and compared with the hashes of their full
// leaves that it kept when they became durable. Needs no lock, changes nothing, and runs beside the server. What is in
// no full leaf, or has none kept, is counted as not covered: for that its client's verify is there.

import { type AuditedCopy, auditSealed } from "../archive/audit-sealed.ts";
import { SealedFiles } from "../archive/sealed-files.ts";
import { describe, StartFailure } from "../base/errors.ts";
import { type Bytes, bytesOf, quote, quoteText, readable } from "../base/text.ts";
import type { ServerConfig } from "../config/options.ts";
import { systemClock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { sha256 } from "../platform/node-hash.ts";
import { zstd } from "../platform/node-zstd.ts";
import { LEAF } from "../protocol/tree-hash.ts";
import { allFiles } from "../store/all-files.ts";
import { audit, type Finding } from "../store/audit.ts";
import { EXIT } from "./flags.ts";

/** The document of `--json`; its keys are documented in docs/OPERATIONS.md. */
export interface AuditReport {
  readonly result: "sound" | "incomplete" | "rot";
  readonly elapsed_ms: number;
  /** Files of which full leaves were compared, and their bytes. */
  readonly covered: number;
  readonly bytes: number;
  readonly not_covered: number;
  /** Sealed files whose compressed copy is not there any more. */
  readonly deleted: number;
  /** Those in which something was found. */
  readonly files: readonly AuditedFile[];
}

export interface AuditedFile {
  readonly name: string;
  readonly size: number;
  readonly state: Finding["kind"];
  /** The first 1 MiB segment that differs, from 0. */
  readonly segment: number | null;
  readonly error: string;
}

export interface Words {
  readonly json: boolean;
  readonly quiet: boolean;
}

export async function verifyServer({ datadir, path }: ServerConfig, { json, quiet }: Words): Promise<number> {
  const began = systemClock.elapsed();
  const root = openStore(datadir, path);
  const files: AuditedFile[] = [];
  let [covered, bytes, notCovered, deleted] = [0, 0, 0, 0];
  const note = (name: Bytes, audited: AuditedCopy["audited"]) => {
    if (audited.kind === "sound") {
      covered++;
      bytes += audited.bytes;
    } else if (audited.kind === "not-covered") notCovered++;
    else if (audited.kind === "deleted") deleted++;
    else if (audited.kind !== "gone") {
      const found = told(name, audited);
      files.push(found);
      if (!json) process.stderr.write(`${found.error}\n`);
    }
  };
  const emit = () => {}; // what cannot be read is found below
  const sealed = new SealedFiles({ root, newHash: sha256, codec: zstd, emit });
  const buffer = Buffer.allocUnsafe(LEAF);
  for (const name of allFiles(root)) {
    if (!sealed.isCopy(name)) note(name, await audit(root, name, sha256, buffer));
  }
  const means = { newHash: sha256, codec: zstd, rest: async () => {} };
  for await (const { name, audited } of auditSealed(root, means)) note(name, audited);
  root.close();
  const result = resultOf(files);
  const elapsed_ms = Math.round(systemClock.elapsed() - began);
  const report: AuditReport = { result, elapsed_ms, covered, bytes, not_covered: notCovered, deleted, files };
  if (json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  if (!quiet || result !== "sound") process.stderr.write(`${describeAudit(report)}\n`);
  return result === "sound" ? EXIT.OK : result === "rot" ? EXIT.REFUSED : EXIT.INCOMPLETE;
}

/** The data directory of a server, which must be there. Throws StartFailure. */
export function openStore(datadir: string, config: string): Directory {
  try {
    return nodeFiles.open(bytesOf(datadir), true);
  } catch (error) {
    throw new StartFailure(`Cannot read the data directory ${quoteText(datadir)} (${config}): ${describe(error)}`);
  }
}

function resultOf(files: readonly AuditedFile[]): AuditReport["result"] {
  if (files.some(({ state }) => state !== "unreadable")) return "rot";
  return files.length > 0 ? "incomplete" : "sound";
}

function told(name: Bytes, found: Finding): AuditedFile {
  const segment = found.kind === "rot" ? found.segment : null;
  return { name: readable(name), size: found.size, state: found.kind, segment, error: wordsFor(name, found) };
}

function wordsFor(name: Bytes, found: Finding): string {
  switch (found.kind) {
    case "rot":
      return `${quote(name)} changed on disk: segment ${found.segment} (from byte ${found.segment * LEAF}) is not what was written; restore it from a backup or from its client, and check the disk`;
    case "shorter":
      return `${quote(name)} was cut: it has ${found.size} bytes and had at least ${found.had} that were durable; its client sends the rest again if it still has it`;
    case "unreadable":
      return `Cannot read ${quote(name)}: ${found.cause}`;
  }
}

function describeAudit({ result, covered, bytes, not_covered, deleted, files, elapsed_ms }: AuditReport): string {
  const gone = deleted === 0 ? "" : `; of ${deleted} sealed files only size and digest are left`;
  const seconds = (elapsed_ms / 1000).toFixed(1);
  const counted = `${covered} files, ${bytes} bytes compared in ${seconds} s; ${not_covered} files not covered (no full MiB that was kept)${gone}`;
  return result === "sound"
    ? `Everything is as it was written: ${counted}`
    : `${result}: ${files.length} files; ${counted}`;
}
