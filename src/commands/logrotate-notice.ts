// logrotate 3.19 and later silently stops rotating a file that has a second hard link, which every file in the
// spool has, unless `allowhardlink` is set. So the client looks at this host's configuration once at start and
// says what to do. Best effort: a configuration that cannot be read is passed over.

import { type Event, info, warn } from "../base/events.ts";
import { type Bytes, textOf } from "../base/text.ts";
import type { Directory, Files } from "../platform/files.ts";

const LARGEST = 256 * 1024;

/** What to tell of the configuration below /etc; undefined where there is no logrotate. */
export function logrotateNotice(files: Files): Event | undefined {
  const texts = [
    ...readDirectory(files, "/etc", (name) => name === "logrotate.conf"),
    ...readDirectory(files, "/etc/logrotate.d"),
  ];
  if (texts.length === 0) return undefined;
  if (texts.some(allowsHardLinks))
    return info("logrotate-allows-links", "logrotate is set to rotate files with hard links (allowhardlink)");
  return warn(
    "logrotate-stops",
    "logrotate 3.19 and later does not rotate files that the spool links: put the one line `allowhardlink` into " +
      "/etc/logrotate.d/00-shaftlog (etc/logrotate.d/00-shaftlog of the distribution)",
  );
}

/** True where `allowhardlink` stands outside every block, so that it holds for all files. */
export function allowsHardLinks(text: string): boolean {
  let depth = 0;
  for (const line of text.split("\n")) {
    const bare = line.replace(/#.*/, "").trim();
    if (depth === 0 && bare === "allowhardlink") return true;
    depth += bare.split("{").length - bare.split("}").length;
  }
  return false;
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
