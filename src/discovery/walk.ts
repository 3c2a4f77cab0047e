// Walks below open directories, never through a link unless a pattern asks for it. All patterns are served by one
// walk: a directory is read once however many patterns look into it, and leading directories that are spelled
// out are opened without being read. The walk is a generator that yields after each name, so that whoever runs
// it can make pauses; it holds one descriptor a level.

import { AssertionFailure } from "../base/assert.ts";
import { codeOf, describe, isGone, lacksDescriptors } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Directory, Listed, Stat } from "../platform/files.ts";
import { firstMatch, interestBelow, interestOf, isEmpty, matches, type Place } from "./interest.ts";
import type { Pattern } from "./pattern.ts";
import { resolve } from "./resolve.ts";

/** A regular file that was found. */
export interface Found {
  readonly directory: Directory;
  readonly name: Bytes;
  readonly stat: Stat;
  readonly path: Bytes;
  /** The real path of `directory`, below the top. */
  readonly real: Bytes;
  /** Where its path is looked up; not `directory` where a link leads out of it. */
  readonly place: Place;
  /** The first pattern that matches, in the order of the configuration. */
  readonly pattern: () => Pattern | undefined;
  /** Reached through a link in its place. */
  readonly linked: boolean;
}

/** `exhausted`: for want of descriptors, of which no single path is the cause. */
export type Trouble = "unreadable" | "exhausted" | "link-not-followed";

/** How a directory is to be walked. */
export interface Entered {
  /** What is to be looked at instead of all its names. */
  readonly instead?: readonly Listed[] | undefined;
  /** It was read, and looked at to its end; `rest`: what is not a file that is known or that nobody asks for. */
  readonly wasRead?: ((rest: readonly Listed[]) => void) | undefined;
  /** All that is to be looked at was looked at. */
  readonly ended?: (() => void) | undefined;
}

export interface Visitor {
  /** Before the directory is read; undefined: it is not to be entered. */
  enter(directory: Directory, place: Place): Entered | undefined;
  /** A spelled-out directory does not exist in this one (yet). */
  missing(directory: Directory, place: Place): void;
  /** True for a path that is known to match, which spares matching it again. */
  isKnown(path: Bytes): boolean;
  file(found: Found): void;
  /** There is no file of that path (any more). */
  absent(path: Bytes): void;
  trouble(kind: Trouble, path: Bytes, reason: string): void;
  /** A symbolic link at a matching name that is not followed. */
  skippedLink(path: Bytes): void;
}

export interface WalkRules {
  /** Nothing above it is ever reached. */
  readonly top: Directory;
  /** Whether a link in a spelled-out part may be followed without `follow_symlinks`. */
  readonly mayFollowLiteral: (link: Stat) => boolean;
}

/** Deeper than this nobody logs; it bounds descriptors. */
const DEEPEST = 100;

interface Frame {
  readonly directory: Directory;
  readonly place: Place;
  /** Of the directories on the way here, to end loops of followed links. */
  readonly ids: readonly string[];
  names: readonly Listed[];
  next: number;
  readonly wasRead: Entered["wasRead"];
  readonly ended: Entered["ended"];
}

/** Walks `place` and what is below it; closes `directory`. */
export function* walk(rules: WalkRules, visitor: Visitor, directory: Directory, place: Place): Generator<void, void> {
  const stack: Frame[] = [];
  const push = (next: Step, above: readonly string[]) => {
    const frame = enter(visitor, next.directory, next.place, above);
    if (frame === undefined) next.directory.close();
    else stack.push(frame);
  };
  try {
    push({ directory, place }, []);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const listed = frame.names[frame.next++];
      if (listed === undefined) {
        stack.pop();
        frame.wasRead?.(restOf(visitor, frame));
        frame.ended?.();
        frame.directory.close();
      } else {
        const step = look(rules, visitor, frame.directory, frame.place, listed);
        if (step !== undefined) push(step, frame.ids);
      }
      yield;
    }
  } finally {
    for (const frame of stack) frame.directory.close();
  }
}

/** A directory to go on with; whoever gets it closes it. */
export interface Step {
  readonly directory: Directory;
  readonly place: Place;
}

/** Looks at one name in an open directory; what it leads to where that is a directory of interest. */
export function look(
  rules: WalkRules,
  visitor: Visitor,
  directory: Directory,
  place: Place,
  listed: Listed,
): Step | undefined {
  const path = `${place.path}/${listed.name}`;
  try {
    return lookAt(rules, visitor, directory, place, listed, path);
  } catch (error) {
    if (error instanceof AssertionFailure) throw error;
    if (isGone(error)) visitor.absent(path);
    else visitor.trouble(kindOf(error), path, describe(error));
    return undefined;
  }
}

function lookAt(
  rules: WalkRules,
  visitor: Visitor,
  directory: Directory,
  place: Place,
  { name, kind }: Listed,
  path: Bytes,
): Step | undefined {
  const { rows, wild } = place.interest;
  const known = visitor.isKnown(path);
  const early = kind === "file" && !known ? firstMatch(place, name, path) : undefined;
  if (kind === "file" && !known && early === undefined) return undefined;
  if (kind === "other") return undefined;
  if (kind === "directory") return stepInto(directory, place, name, path);
  let stat = directory.lstat(name);
  if (stat === undefined && rows.some((row) => row.literals[place.depth] === name)) {
    visitor.missing(directory, place);
    stat = directory.lstat(name); // it may have been made before the watch was there
  }
  if (stat === undefined) {
    visitor.absent(path);
    return undefined;
  }
  switch (stat.kind) {
    case "directory":
      return stepInto(directory, place, name, path);
    case "file": {
      const pattern = () => early ?? firstMatch(place, name, path);
      if (known || pattern() !== undefined) {
        visitor.file({ directory, name, stat, path, real: place.real, place, pattern, linked: false });
      }
      return undefined;
    }
    case "link":
      if (rows.length === 0 && wild.every(({ options }) => !options.followSymlinks)) {
        if (firstMatch(place, name, path) !== undefined) visitor.skippedLink(path);
        return undefined;
      }
      return lookThrough(rules, visitor, directory, place, name, path, stat);
    default:
      visitor.absent(path);
      return undefined;
  }
}

/** A symbolic link: followed for the patterns that ask for it, and told where one that does not is cut off by it. */
function lookThrough(
  rules: WalkRules,
  visitor: Visitor,
  directory: Directory,
  place: Place,
  name: Bytes,
  path: Bytes,
  link: Stat,
): Step | undefined {
  const depth = place.depth + 1;
  const follows = ({ options }: Pattern) => options.followSymlinks;
  // Judged before a spelled-out part that ends here turns into a pattern to read for: the link is in that part.
  const spelled = place.interest.rows.filter((row) => row.literals[place.depth] === name);
  const rows = spelled.filter((row) => follows(row.pattern) || rules.mayFollowLiteral(link));
  const wild = place.interest.wild.filter((one) => follows(one) && one.mayContain(path, depth));
  const open = interestOf(rows, wild, depth);
  if (spelled.length > rows.length) {
    const reason = "it is a symbolic link: write the path that it leads to into the pattern, or set follow_symlinks";
    visitor.trouble("link-not-followed", path, reason);
  }
  const matching = matches(place, name, path);
  const pattern = matching.find(follows);
  if (pattern === undefined && matching.length > 0) visitor.skippedLink(path);
  if (pattern === undefined && isEmpty(open)) return undefined;
  const always = pattern !== undefined || wild.length > 0 || rows.some((row) => follows(row.pattern));
  const target = directory.readlink(name);
  const end = resolve(rules.top, place.real, target, always ? () => true : rules.mayFollowLiteral);
  if (end.kind === "directory") {
    if (!isEmpty(open)) {
      return { directory: end.directory, place: { path, real: end.real, depth, interest: open } };
    }
    end.directory.close();
  }
  if (end.kind === "file") {
    const { directory: parent, name: leaf, stat, real } = end;
    try {
      if (pattern !== undefined) {
        visitor.file({ directory: parent, name: leaf, stat, path, real, place, pattern: () => pattern, linked: true });
      }
    } finally {
      parent.close();
    }
  } else visitor.absent(path);
  return undefined;
}

function stepInto(directory: Directory, place: Place, name: Bytes, path: Bytes): Step | undefined {
  const interest = interestBelow(place, name, path);
  if (isEmpty(interest) || place.depth >= DEEPEST) return undefined;
  const real = place.real === "" ? name : `${place.real}/${name}`;
  return { directory: directory.directory(name), place: { path, real, depth: place.depth + 1, interest } };
}

function enter(visitor: Visitor, directory: Directory, place: Place, above: readonly string[]): Frame | undefined {
  try {
    const id = `${directory.stat.dev}:${directory.stat.ino}`;
    const entered = above.includes(id) ? undefined : visitor.enter(directory, place);
    if (entered === undefined) return undefined;
    const frame = { directory, place, ids: [...above, id], next: 0, ended: entered.ended };
    if (entered.instead !== undefined) return { ...frame, names: entered.instead, wasRead: undefined };
    const { names, isWhole } = namesIn(visitor, directory, place);
    return { ...frame, names, wasRead: isWhole ? entered.wasRead : undefined };
  } catch (error) {
    if (error instanceof AssertionFailure) throw error;
    if (!isGone(error)) visitor.trouble(kindOf(error), place.path, describe(error));
    return undefined;
  }
}

/** What is left to look at of a directory that was read just now, while its names stay as they are. */
function restOf(visitor: Visitor, { names, place }: Frame): readonly Listed[] {
  return names.filter(({ name, kind }) => {
    const path = `${place.path}/${name}`;
    if (kind === "file") return !visitor.isKnown(path) && firstMatch(place, name, path) !== undefined;
    return kind !== "other" && (kind !== "directory" || !isEmpty(interestBelow(place, name, path)));
  });
}

/** `isWhole`: what is looked for is all in the list of its names, and that was read. */
function namesIn(
  visitor: Visitor,
  directory: Directory,
  place: Place,
): { readonly names: readonly Listed[]; readonly isWhole: boolean } {
  const { rows, wild } = place.interest;
  const spelled = [...new Set(rows.map((row) => row.literals[place.depth] ?? row.file))].filter(
    (name) => name !== undefined,
  );
  const wanted: Listed[] = spelled.map((name) => ({ name, kind: "unknown" }));
  if (wild.length === 0) return { names: wanted, isWhole: false };
  try {
    // What is spelled out is looked up in any case: the list does not say that it is missing.
    const names = [...wanted, ...directory.list().filter(({ name }) => !spelled.includes(name))];
    return { names, isWhole: wanted.length === 0 };
  } catch (error) {
    if (!isGone(error)) visitor.trouble(kindOf(error), place.path, describeReading(error));
    return { names: wanted, isWhole: false };
  }
}

function kindOf(error: unknown): Trouble {
  return lacksDescriptors(error) ? "exhausted" : "unreadable";
}

function describeReading(error: unknown): string {
  const remedy = codeOf(error) === "EACCES" ? ": let the client's user read it, or run the client as root" : "";
  return `${describe(error)}${remedy}`;
}
