// Opens the file of an entry through one of its names below a data directory, and only if it is that very inode:
// what was read before must not be continued with the bytes of another file.

import type { Directory, OpenFile } from "../platform/files.ts";
import { below } from "./below.ts";
import type { Entry } from "./entry.ts";

/** Throws what opening throws, or ESTALE where the name is another file now. */
export function openHeld(root: Directory, entry: Entry): OpenFile {
  let failure: unknown;
  for (const { name } of entry.generations) {
    try {
      return verified(
        below(root, name, (directory, leaf) => directory.openRead(leaf)),
        entry,
      );
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** `file`, if it is the entry's; closes it and throws ESTALE if not. */
export function verified(file: OpenFile, entry: Entry): OpenFile {
  const { dev, ino } = file.stat();
  if (dev === entry.dev && ino === entry.ino) return file;
  file.close();
  throw Object.assign(new Error("another file has its name now"), { code: "ESTALE" });
}
