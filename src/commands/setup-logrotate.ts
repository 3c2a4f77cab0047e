// `shaftlog setup logrotate`: the drop-in that has logrotate rotate files with a second link. It asks first where
// somebody can answer, and says what it did; a file that is there and says something else is replaced only when that was
// said and agreed to.

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { codeOf, describe, StartFailure } from "../base/errors.ts";
import { DROP_IN } from "../check/logrotate.ts";
import { EXIT, type SetupLogrotateFlags } from "./flags.ts";

/** The same as etc/logrotate.d/00-shaftlog; a test compares. */
export const TEXT = `# Installed as /etc/logrotate.d/00-shaftlog, for logrotate 3.19 and later.
#
# shaftlog keeps a hard link to every log file until its last byte has been
# delivered. Since 3.19 logrotate passes over a file that has a second hard
# link: it rotates nothing and says nothing. The directive below lets it rotate
# such files again. Standing outside all braces it holds for every file that is
# configured after it, hence the name that sorts before the others.
#
# Do not rotate with copytruncate or shred: both destroy what the link keeps.
allowhardlink
`;

export async function runSetupLogrotate({ yes }: SetupLogrotateFlags): Promise<number> {
  const there = readThere();
  if (there === TEXT) {
    process.stdout.write(`${DROP_IN} is there already: nothing to do\n`);
    return EXIT.OK;
  }
  const change =
    there === undefined ? `write ${DROP_IN} (allowhardlink)` : `replace ${DROP_IN}, which says something else`;
  if (there !== undefined && !yes) process.stdout.write(`It is now:\n\n${there.replaceAll(/^/gm, "  ")}\n\n`);
  if (!yes && !(await agreed(change))) {
    process.stdout.write("Nothing was changed\n");
    return EXIT.INCOMPLETE;
  }
  write();
  process.stdout.write(
    there === undefined
      ? `Wrote ${DROP_IN}: logrotate rotates linked files from its next run on\n`
      : `Replaced ${DROP_IN}, which said something else\n`,
  );
  return EXIT.OK;
}

function readThere(): string | undefined {
  try {
    return readFileSync(DROP_IN, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw new StartFailure(`Cannot read ${DROP_IN}: ${describe(error)}`);
  }
}

async function agreed(change: string): Promise<boolean> {
  if (process.stdin.isTTY !== true || process.stdout.isTTY !== true) {
    throw new StartFailure(`This would ${change}, and nobody can be asked: give --yes`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`May I ${change}? [y/N] `)).trim());
  } catch {
    return false; // the end of input, or interrupted
  } finally {
    terminal.close();
  }
}

/** In one step: logrotate may be reading. It passes over names with this end. */
function write(): void {
  const draft = path.join(path.dirname(DROP_IN), `00-shaftlog.${process.pid}.swp`);
  try {
    writeFileSync(draft, TEXT, { flag: "wx", mode: 0o644 });
    renameSync(draft, DROP_IN);
  } catch (error) {
    rmSync(draft, { force: true });
    const remedies: Readonly<Record<string, string | undefined>> = {
      EACCES: ": run it as root",
      ENOENT: ": is logrotate installed here?",
    };
    throw new StartFailure(`Cannot write ${DROP_IN}: ${describe(error)}${remedies[codeOf(error)] ?? ""}`);
  }
}
