// The part of a client's checks that is about this host and costs little: `shaftlog check` has it among others, and a
// running client looks at it once after its first scan, in slices, and logs what is not as it must be.

import { describe } from "../base/errors.ts";
import { debug, type Emit, error, info, warn } from "../base/events.ts";
import { type Bytes, bytesOf } from "../base/text.ts";
import { checkFileSystem } from "../check/file-systems.ts";
import type { Finding } from "../check/finding.ts";
import { checkInotify } from "../check/inotify.ts";
import { checkLogrotate } from "../check/logrotate.ts";
import type { ClientConfig } from "../config/options.ts";
import { delay, systemClock } from "../platform/clock.ts";
import { nodeHostFacts } from "../platform/node-host-facts.ts";
import type { Spools } from "../spool/spools.ts";
import { datadirsOf } from "./datadirs.ts";

/** Lets others of this process have their turn. */
export const pause = () => delay(systemClock, 0);

/** `paths`: the files that match. */
export async function checkHost(config: ClientConfig, paths: readonly Bytes[]): Promise<Finding[]> {
  const found = await checkLogrotate(nodeHostFacts, paths, pause);
  found.push(...checkInotify(nodeHostFacts, paths));
  for (const path of datadirsOf(config).map(bytesOf))
    found.push(...checkFileSystem(nodeHostFacts, path, "data directory"));
  return found;
}

/** Tells what is found for the files that the spools hold. Never rejects. */
export async function tellHost(config: ClientConfig, spools: Spools, emit: Emit): Promise<void> {
  try {
    const paths: Bytes[] = [];
    for (const { source } of spools.entries()) if (source !== undefined) paths.push(source);
    for (const finding of await checkHost(config, paths)) tell(finding, emit);
  } catch (cause) {
    emit(debug("check-failed", `Cannot look at this host: ${describe(cause)}; shaftlog check tells more`));
  }
}

function tell({ level, name, subject, text, remedy }: Finding, emit: Emit): void {
  const words = `${subject}: ${text}${remedy === undefined ? "" : `. Remedy: ${remedy}`}`;
  if (name === "logrotate-stops") emit(warn("logrotate-stops", words));
  else if (name === "logrotate" && !text.startsWith("no logrotate")) emit(info("logrotate-allows-links", words));
  else if (level === "warning") emit(warn("check-warning", `${name}: ${words}`));
  else if (level === "error") emit(error("check-error", `${name}: ${words}`));
}
