// inotify watches against what the client watches: one for each directory with files that match, and one for a file only
// where it is written under no name there. Without a watch a change is found at the next scan. Watches of other programs
// of this user count too, and nobody can see them, so a quarter of the limit is left to those.

import type { Bytes } from "../base/text.ts";
import type { HostFacts } from "../platform/host-facts.ts";
import { counted, type Finding, ok, warning } from "./finding.ts";

const LIMIT = "/proc/sys/fs/inotify/max_user_watches";
const INSTANCES = "/proc/sys/fs/inotify/max_user_instances";
const OURS = 0.75;

/** `paths`: the files that match now. */
export function checkInotify(host: HostFacts, paths: readonly Bytes[]): Finding[] {
  const limit = Number(host.text(LIMIT) ?? Number.NaN);
  const instances = Number(host.text(INSTANCES) ?? Number.NaN);
  if (Number.isNaN(limit))
    return [warning("inotify", LIMIT, "this kernel has no inotify: changes are found at each scan", `cat ${LIMIT}`)];
  if (instances < 1) {
    const text = "no inotify instance may be opened: changes are found at each scan";
    return [warning("inotify", INSTANCES, text, "sysctl -w fs.inotify.max_user_instances=128")];
  }
  const directories = new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/")))).size;
  const needs = `${counted(directories, "directory")} with ${counted(paths.length, "file")} to watch, of ${counted(limit, "watch")}`;
  if (directories <= limit * OURS) return [ok("inotify", LIMIT, needs)];
  const text = `${needs}: beyond that changes are found at each scan only`;
  const remedy = `sysctl -w fs.inotify.max_user_watches=${2 ** Math.ceil(Math.log2(directories * 2))}`;
  return [warning("inotify", LIMIT, text, remedy)];
}
