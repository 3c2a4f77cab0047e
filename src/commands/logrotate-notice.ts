// logrotate 3.19 and later silently stops rotating a file that has a second hard link, which every file in the
// spool has, unless `allowhardlink` is set. So the client looks at this host's configuration once at start and
// says what to do. Best effort: a configuration that cannot be read is passed over.

import { type Event, info, warn } from "../base/events.ts";
import { type Bytes, textOf } from "../base/text.ts";
import type { Directory, Files } from "../platform/files.ts";

const LARGEST = 256 * 1024;

/** Names in a directory that logrotate passes over (its `tabooext`). */
const TABOO = /(?:,v|~|\.(?:bak|cfsaved|disabled|dpkg-\w+|rpm(?:new|orig|save)|swp|ucf-\w+))$/;

/** What to tell of the configuration below /etc; undefined where there is no logrotate. */
export function logrotateNotice(files: Files): Event | undefined {
  const [main] = readDirectory(files, "/etc", (name) => name === "logrotate.conf");
  const dropIns = readDirectory(files, "/etc/logrotate.d", (name) => !TABOO.test(name));
  if (main === undefined && dropIns.length === 0) return undefined;
  if (allowsHardLinks(main === undefined ? dropIns : including(main, dropIns)))
    return info("logrotate-allows-links", "logrotate is set to rotate files with hard links (allowhardlink)");
  return warn(
    "logrotate-stops",
    "logrotate 3.19 and later does not rotate files that the spool links: put the one line `allowhardlink` into " +
      "/etc/logrotate.d/00-shaftlog (etc/logrotate.d/00-shaftlog of the distribution)",
  );
}

/** The texts in the order in which logrotate reads them: `dropIns` stand where `main` includes a directory. */
export function including(main: string, dropIns: readonly string[]): string[] {
  const parts = main.split(/^\s*include\s+\S+.*$/m);
  const [before = "", ...after] = parts;
  return after.length === 0 ? [main] : [before, ...dropIns, ...after];
}

/** True where `allowhardlink` holds for every rule: it stands in the rule, or outside and before it. */
export function allowsHardLinks(texts: readonly string[]): boolean {
  let depth = 0;
  let everywhere = false;
  let inRule = false;
  for (const line of texts.flatMap((text) => text.split("\n"))) {
    const bare = line.replace(/#.*/, "").trim();
    const opened = depth > 0;
    depth += bare.split("{").length - bare.split("}").length;
    if (bare === "allowhardlink" || bare === "noallowhardlink") {
      if (opened) inRule = bare === "allowhardlink";
      else everywhere = bare === "allowhardlink";
    } else if (!opened && bare.includes("{")) inRule = everywhere;
    if (bare.includes("}") && depth <= 0 && !inRule) return false;
  }
  return everywhere || inRule;
}

function readDirectory(files: Files, path: Bytes, wanted: (name: Bytes) => boolean = () => true): string[] {
  let directory: Directory;
  try {
    directory = files.open(path, true);
  } catch {
    return [];
  }
  try {
    return directory
      .list()
      .filter(({ name }) => wanted(name))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap(({ name }) => readText(directory, name));
  } finally {
    directory.close();
  }
}

function readText(directory: Directory, name: Bytes): string[] {
  try {
    const file = directory.openRead(name);
    try {
      const { kind, size } = file.stat();
      if (kind !== "file" || size > LARGEST) return [];
      const buffer = Buffer.alloc(size);
      return [textOf(buffer.toString("latin1", 0, file.readNow(buffer, 0, size, 0))) ?? ""];
    } finally {
      file.close();
    }
  } catch {
    return [];
  }
}
