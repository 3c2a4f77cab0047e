// What `shaftlog check` looks at for a client: the part of this host, which a running client looks at too, and its
// destinations, all at a time. Nothing is written, locked or sent but what src/check/destination.ts says.

import { codeOf, StartFailure } from "../base/errors.ts";
import { type Bytes, bytesOf } from "../base/text.ts";
import { checkCertificates, checkServerCertificate } from "../check/certificates.ts";
import type { CheckedFile } from "../check/checked-file.ts";
import { checkDestination } from "../check/destination.ts";
import { error, type Finding } from "../check/finding.ts";
import { checkLinks } from "../check/links.ts";
import { checkHindrances, checkMatches, type Matched } from "../check/matches.ts";
import { checkSpace } from "../check/space.ts";
import { checkDatadir } from "../check/spool.ts";
import { isLoopback } from "../config/destination-url.ts";
import type { ClientConfig } from "../config/options.ts";
import { type InPlace, openInPlace } from "../discovery/in-place.ts";
import { compilePattern } from "../discovery/pattern.ts";
import { systemClock } from "../platform/clock.ts";
import { holderOf } from "../platform/lock.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { nodeHostFacts } from "../platform/node-host-facts.ts";
import { newestOf } from "../spool/held.ts";
import { checkAdmin } from "./check-admin.ts";
import { checkHost } from "./check-host.ts";
import { tlsOfDestination } from "./check-tls.ts";
import { datadirsOf } from "./datadirs.ts";
import { destinationUrls } from "./destinations.ts";
import { hostNames } from "./sync-host.ts";
import { openTransport } from "./transports.ts";

export interface ClientChecks {
  readonly findings: readonly Finding[];
  readonly files: readonly CheckedFile[];
}

export async function checkClient(config: ClientConfig): Promise<ClientChecks> {
  const found: Finding[] = [];
  const datadirs = datadirsOf(config).map(bytesOf);
  for (const path of datadirs) found.push(...(await checkDatadir(nodeFiles, nodeHostFacts, path, "spool")));
  const scanned = await scan(config);
  if (!("matched" in scanned)) found.push(scanned);
  const { matched, hindrances, onlyHere } = "matched" in scanned ? scanned : NOTHING;
  const files = matched.flatMap((one) => one.files);
  found.push(...checkMatches(matched), ...checkHindrances(hindrances));
  found.push(...(await checkLinks(nodeFiles, nodeHostFacts, files)));
  found.push(
    ...(await checkHost(
      config,
      files.map(({ path }) => path),
    )),
  );
  for (const path of datadirs) found.push(...checkSpace(nodeHostFacts, path, onlyHere(path)));
  found.push(...checkAdmin("client", config.admin, holderOf(bytesOf(config.datadir))));
  found.push(...(await checkDestinations(config, files[0]?.name)));
  return { findings: found, files };
}

interface Scanned {
  readonly matched: readonly Matched[];
  readonly hindrances: InPlace["report"]["problems"];
  /** Bytes that only the spool at this path holds. */
  readonly onlyHere: (datadir: Bytes) => number;
}

const NOTHING: Scanned = { matched: [], hindrances: [], onlyHere: () => 0 };

async function scan(config: ClientConfig): Promise<Scanned | Finding> {
  const { patterns, datadir, scanInterval } = config;
  const ports = { files: nodeFiles, clock: systemClock, emit: () => {} };
  let opened: InPlace;
  try {
    opened = await openInPlace(ports, { patterns, datadir, scanInterval, base: undefined });
  } catch (cause) {
    if (!(cause instanceof StartFailure)) throw cause;
    return error("spool-not-readable", datadir, cause.message, "sudo shaftlog check");
  }
  const { spools, report } = opened;
  const isNew = new Set(report.adopted.map(({ entry }) => entry));
  const compiled = patterns.map(compilePattern);
  const files: CheckedFile[][] = patterns.map(() => []);
  const only = new Map<bigint, number>();
  for (const entry of spools.entries()) {
    const { source, dev, ino, size, nlink, generations } = entry;
    const isHeld = !isNew.has(entry);
    if (isHeld && nlink <= generations.length) only.set(dev, (only.get(dev) ?? 0) + size);
    const pattern = source === undefined ? undefined : compiled.find((one) => one.matches(source));
    // What the spool remembers may have been renamed or deleted since.
    if (source === undefined || pattern === undefined || (isHeld && !isThere(source, ino))) continue;
    const spool = bytesOf(pattern.options.datadir ?? datadir);
    files[pattern.index]?.push({ path: source, name: newestOf(entry).name, size, dev, isHeld, datadir: spool });
  }
  const matched = patterns.map((pattern, i) => ({ pattern, files: (files[i] ?? []).sort(byPath) }));
  await spools.close();
  const onlyHere = (path: Bytes) => only.get(deviceOf(path)) ?? 0;
  return { matched, hindrances: report.problems, onlyHere };
}

async function checkDestinations(config: ClientConfig, name: Bytes | undefined): Promise<Finding[]> {
  const names = hostNames(config, undefined, { hostname: undefined, dryRun: true });
  const urls = destinationUrls(config.destinations, names);
  const each = config.destinations.map(async (options, i): Promise<Finding[]> => {
    const url = urls[i] as URL;
    const tls = await tlsOfDestination(options, url);
    const found = tls.paths.length === 0 ? [] : checkCertificates(tls, systemClock.now());
    if (tls.fault !== undefined) return found;
    const { http, tls: secure } = await openTransport(options);
    const connect = () => http.connect(url.origin, { pipelining: 1 });
    const isPlain = url.protocol === "http:" && !isLoopback(url);
    const isCompressed = options.compression === "zstd";
    found.push(...(await checkDestination({ url, connect, name, isPlain, isCompressed }, systemClock)));
    found.push(...checkServerCertificate(url, secure?.serverNotAfter, systemClock.now()));
    return found;
  });
  return (await Promise.all(each)).flat();
}

function byPath(a: CheckedFile, b: CheckedFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function isThere(path: Bytes, ino: bigint): boolean {
  const end = path.lastIndexOf("/");
  return lookInto(path.slice(0, end) || "/", (directory) => directory.lstat(path.slice(end + 1))?.ino === ino) ?? false;
}

function deviceOf(path: Bytes): bigint {
  return lookInto(path, (directory) => directory.stat.dev) ?? -1n;
}

function lookInto<T>(path: Bytes, look: (directory: ReturnType<typeof nodeFiles.open>) => T): T | undefined {
  try {
    const directory = nodeFiles.open(path, true);
    try {
      return look(directory);
    } finally {
      directory.close();
    }
  } catch (cause) {
    if (codeOf(cause) === "") throw cause;
    return undefined;
  }
}
