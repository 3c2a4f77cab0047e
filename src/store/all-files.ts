// Every file below the data directory that a request could name, one after the other, directories in the order of
// their names. Hidden names are the server's own; links and what is no file are passed over. What comes or goes meanwhile
// may be seen or not.

import { isGone } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Directory } from "../platform/files.ts";
import { inDirectory } from "./tree.ts";

export function* allFiles(root: Directory, below: Bytes = ""): Generator<Bytes> {
  const found = namesIn(root, below);
  for (const { name, kind } of found) {
    const path = below === "" ? name : `${below}/${name}`;
    if (kind === "directory") yield* allFiles(root, path);
    else yield path;
  }
}

function namesIn(root: Directory, path: Bytes): { readonly name: Bytes; readonly kind: "file" | "directory" }[] {
  try {
    return inDirectory(root, path, (directory) =>
      directory
        .list()
        .filter(({ name }) => !name.startsWith("."))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .flatMap(({ name }) => {
          const kind = directory.lstat(name)?.kind;
          return kind === "file" || kind === "directory" ? [{ name, kind }] : [];
        }),
    );
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}
