// What discovery has to say to the operator, one function for each event.
// Each name is listed in docs/OPERATIONS.md with its level and what to do.

import { debug, type Event, error, info, warn } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import { quote, quoteText } from "../base/text.ts";
import type { Generation } from "../spool/entry.ts";
import type { PatternOptions } from "./options.ts";

export function adopted(path: Bytes, generation: Generation): Event {
  return debug("file-found", `Found ${quote(path)}, delivered as ${quote(generation.name)}`);
}

export function foundMany(count: number): Event {
  return info("files-found", `Found ${count} new log ${count === 1 ? "file" : "files"}`);
}

export function suffixed(path: Bytes, wanted: Bytes, name: Bytes): Event {
  return info(
    "name-suffixed",
    `Found ${quote(path)}, delivered as ${quote(name)}: another file has or had the name ${quote(wanted)}`,
  );
}

export function unlinkable(path: Bytes, reason: string): Event {
  return error("file-not-linked", `Cannot adopt ${quote(path)}: ${reason}; tried again at each scan`);
}

export function linksNotGuarded(): Event {
  return warn(
    "hardlinks-not-guarded",
    "sysctl fs.protected_hardlinks is not 1: users of this host can link files of others into log directories. Files " +
      "with several names in directories that others may write are not delivered; set it to 1",
  );
}

export function refusedName(path: Bytes, name: Bytes, reason: string, options: PatternOptions): Event {
  return error(
    "name-refused",
    `Cannot adopt ${quote(path)}: pattern ${quoteText(options.pattern)} names it ${quote(name)}, and ${reason}; change rename, or regex_from and regex_to, of that pattern`,
  );
}

export function unreadable(path: Bytes, reason: string): Event {
  return error("path-not-readable", `Cannot look into ${quote(path === "" ? "/" : path)}: ${reason}`);
}

export function exhausted(reason: string): Event {
  return error(
    "path-not-readable",
    `Cannot look into all directories: ${reason}; raise the limit of open files (ulimit -n, LimitNOFILE=); tried again at each scan`,
  );
}

export function linkNotFollowed(path: Bytes, reason: string): Event {
  return warn("link-not-followed", `Cannot look into ${quote(path)}: ${reason}`);
}

export function linkSkipped(path: Bytes): Event {
  return info("link-skipped", `Not delivered: ${quote(path)} is a symbolic link; set follow_symlinks to follow it`);
}
