// What logrotate would do to the files that match: pass over them, since they have a second hard link in the spool, or
// destroy what is not delivered yet by copytruncate or shred. A file belongs to the first block that names it.

import { type Bytes, quoteText } from "../base/text.ts";
import type { HostFacts } from "../platform/host-facts.ts";
import { counted, error, type Finding, ok, pathsInWords, shellWord, warning } from "./finding.ts";
import { type Block, type Directives, globToRegExp, MAIN, readLogrotate, type Written } from "./logrotate-config.ts";

export const DROP_IN = "/etc/logrotate.d/00-shaftlog";

/** Files looked at before others of this process get their turn. */
const AT_ONCE = 500;
/** Lets others have their turn. */
export type Pause = () => Promise<void>;

const HARM = {
  copytruncate: "copies the file and empties it: what is not delivered by then may be lost, and lines between are",
  shred: "overwrites old files before it deletes them: what is not delivered by then is lost",
  copy: "copies the file and leaves it as it is: a copy that matches a pattern is delivered a second time",
} as const;

/** `paths`: the files that match now. */
export async function checkLogrotate(
  host: HostFacts,
  paths: readonly Bytes[],
  pause: Pause,
  main = MAIN,
): Promise<Finding[]> {
  const blocks = readLogrotate(host, main);
  if (blocks === undefined) return [ok("logrotate", main, "no logrotate on this host")];
  const rotated = await byBlock(blocks, paths, pause);
  const count = rotated.reduce((sum, { files }) => sum + files.length, 0);
  const found = [...stops(blocks, rotated), ...(["copytruncate", "shred", "copy"] as const).flatMap(harmBy(rotated))];
  if (found.length > 0) return found;
  return [
    ok(
      "logrotate",
      main,
      `rotates ${count} of ${counted(paths.length, "file")} by renaming, and may rotate linked ones (allowhardlink)`,
    ),
  ];
}

interface Rotated {
  readonly block: Block;
  readonly files: readonly Bytes[];
}

/** The blocks that name any of `paths`, with those. */
async function byBlock(blocks: readonly Block[], paths: readonly Bytes[], pause: Pause): Promise<Rotated[]> {
  const compiled = blocks.map((block) => ({ block, globs: block.patterns.map(globToRegExp), files: [] as Bytes[] }));
  for (const [i, path] of paths.entries()) {
    compiled.find(({ globs }) => globs.some((glob) => glob.test(path)))?.files.push(path);
    if (i % AT_ONCE === AT_ONCE - 1) await pause();
  }
  return compiled.filter(({ files }) => files.length > 0);
}

function stops(blocks: readonly Block[], rotated: readonly Rotated[]): Finding[] {
  const remedy = `shaftlog setup logrotate   # writes ${DROP_IN}: allowhardlink`;
  const stopped = rotated.filter(({ block }) => block.allowhardlink === undefined);
  const stopsAt = (at: Written, what: string) =>
    `logrotate 3.19 and later does not rotate ${what}, since the spool holds a second hard link: allowhardlink does not hold at ${place(at)}`;
  if (stopped.length > 0) {
    return stopped.map(({ block, files }) =>
      error("logrotate-stops", pathsInWords(files), stopsAt(block.at, files.length === 1 ? "it" : "them"), remedy),
    );
  }
  const other = blocks.find(({ allowhardlink }) => allowhardlink === undefined);
  if (other === undefined || rotated.length > 0) return [];
  return [
    warning("logrotate-stops", place(other.at), stopsAt(other.at, "files of that block once they match"), remedy),
  ];
}

/** One finding for each place where the directive is written. */
function harmBy(rotated: readonly Rotated[]): (directive: keyof typeof HARM) => Finding[] {
  return (directive) => {
    const places = new Map<string, { at: Written; files: Bytes[] }>();
    for (const { block, files } of rotated) {
      const at = harmful(block, directive);
      if (at === undefined) continue;
      const known = places.get(place(at));
      if (known === undefined) places.set(place(at), { at, files: [...files] });
      else known.files.push(...files);
    }
    return [...places.values()].map(({ at, files }) => {
      const text = `${directive} at ${place(at)} ${HARM[directive]}`;
      const remedy = `sed -i '${at.line}s/${directive}/create/' ${shellWord(at.file)}`;
      const take = `sed -i '${at.line}s/${directive}/no${directive}/' ${shellWord(at.file)}`;
      if (directive === "copytruncate") return error("logrotate-copytruncate", pathsInWords(files), text, remedy);
      if (directive === "shred") return error("logrotate-shred", pathsInWords(files), text, take);
      return warning("logrotate-copy", pathsInWords(files), text, take);
    });
  };
}

/** `copy` is nothing of its own where `copytruncate` holds. */
function harmful(block: Directives, directive: keyof typeof HARM): Written | undefined {
  return directive === "copy" && block.copytruncate !== undefined ? undefined : block[directive];
}

function place({ file, line }: Written): string {
  return `${/^[\w./-]+$/.test(file) ? file : quoteText(file)}:${line}`;
}
