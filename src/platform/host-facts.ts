// The port for what a check asks of a host and `Files` does not tell: texts of the kernel, kinds of file systems, what
// this user may do, attributes of files. Nothing is changed by asking. Paths are byte strings.

import type { Bytes } from "../base/text.ts";

export interface FileSystem {
  /** The magic number of statfs(2). */
  readonly type: number;
  /** Bytes, for an ordinary user. */
  readonly free: number;
  readonly total: number;
}

export interface HostFacts {
  /** As whom files are accessed. */
  readonly uid: number;
  /** A small text file, links followed; undefined where it is not there or cannot be read. */
  text(path: Bytes): string | undefined;
  /** The names in a directory, sorted; undefined where it is none or cannot be read. */
  names(path: Bytes): readonly Bytes[] | undefined;
  /** Whether it is a directory; undefined where there is nothing. */
  isDirectory(path: Bytes): boolean | undefined;
  /** Undefined where there is nothing. */
  fileSystem(path: Bytes): FileSystem | undefined;
  /** access(2): whether this user may read (`r`), write (`w`), or search and run (`x`). */
  may(path: Bytes, what: "r" | "w" | "rw" | "wx"): boolean;
  /** The attribute letters of lsattr(1) by path; none for what it cannot tell. */
  attributes(paths: readonly Bytes[]): Promise<ReadonlyMap<Bytes, string>>;
  /** The target of a symbolic link. */
  link(path: Bytes): string | undefined;
}
