// A file or directory of the server's clients as it is given on a command line: as in the URL, below the data directory,
// or absolute in it.

import { StartFailure } from "../base/errors.ts";
import { type Bytes, bytesOf, quoteText } from "../base/text.ts";
import type { ServerConfig } from "../config/options.ts";

export function storePath(given: string, { datadir }: ServerConfig): Bytes {
  const below = given.startsWith(`${datadir}/`) ? given.slice(datadir.length) : given;
  const parts = below.split("/").filter((part) => part !== "");
  const isHidden = parts.some((part) => part.startsWith("."));
  if (parts.length === 0 || isHidden) throw new StartFailure(`${quoteText(given)} is no file of the server's clients`);
  return bytesOf(parts.join("/"));
}
