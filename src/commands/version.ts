// The version of this program, from package.json: put in by the build, read from the file when the
// sources run as they are.

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Defined by scripts/build.ts. */
declare const SHAFTLOG_VERSION: string | undefined;

export const version: string =
  typeof SHAFTLOG_VERSION === "string"
    ? SHAFTLOG_VERSION
    : (JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as { version: string })
        .version;
