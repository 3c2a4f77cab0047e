// Who the host is whose files sync-once delivers, for `{hostname}` and `{machine}`: this one, or with --base the one
// whose file system it is. Nothing is written: a dry run makes no id that this host does not have yet.

import { describe, StartFailure } from "../base/errors.ts";
import { bytesOf, quoteText } from "../base/text.ts";
import type { ClientConfig } from "../config/options.ts";
import { readLineBelow } from "../discovery/in-place.ts";
import { hostName, MACHINE_ID_FILES } from "../platform/host.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { machineOf } from "./client.ts";
import type { HostNames } from "./destinations.ts";
import type { SyncOnceFlags } from "./flags.ts";

/** Stands in a plan for the id that the first run would make. */
const NEW_ID = "NEW-MACHINE-ID";

/** The absolute path of `--base`, proved to be a directory. Throws StartFailure. */
export function baseOf(base: string | undefined): string | undefined {
  if (base === undefined) return undefined;
  const path = base.startsWith("/") ? base : `${process.cwd()}/${base}`;
  try {
    nodeFiles.open(bytesOf(path), true).close();
    return path;
  } catch (error) {
    throw new StartFailure(`--base ${quoteText(base)}: ${describe(error)}; expected a directory`);
  }
}

/** `base`: as `baseOf` gives it. */
export function hostNames(
  config: ClientConfig,
  base: string | undefined,
  flags: Pick<SyncOnceFlags, "hostname" | "dryRun">,
): HostNames {
  const { hostname, dryRun } = flags;
  // An id of this machine that the client made lies in its data directory.
  const ids = [...MACHINE_ID_FILES, `${config.datadir}/.machine-id`];
  if (base === undefined) {
    const machine = () => (dryRun ? (lineOf("/", ids) ?? NEW_ID) : machineOf(config));
    return { hostname: () => hostname ?? hostName(), machine };
  }
  return {
    hostname: () => hostname ?? lineOf(base, ["/etc/hostname"]) ?? missing(base, "hostname", "/etc/hostname"),
    machine: () => lineOf(base, ids) ?? missing(base, "machine", ids.join(", ")),
  };
}

function lineOf(base: string, paths: readonly string[]): string | undefined {
  const lines = paths.map((path) => readLineBelow(nodeFiles, bytesOf(base), bytesOf(path)));
  // What systemd writes into an image that has not booted yet (machine-id(5)) is no id.
  return lines.find((line) => line !== undefined && line !== "uninitialized");
}

function missing(base: string, what: "hostname" | "machine", where: string): never {
  const remedy = what === "hostname" ? "give --hostname NAME" : "write the id into the URL";
  throw new StartFailure(`Cannot tell {${what}}: nothing in ${where} below ${quoteText(base)}; ${remedy}`);
}
