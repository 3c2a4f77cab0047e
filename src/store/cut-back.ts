// The one case in which the server itself makes a file shorter: bytes that it wrote, that nobody was told of, and that
// the file system then had no room for. Another case does not exist (docs/OPERATIONS.md, "repair").

import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { OpenFile } from "../platform/files.ts";
import { cutBack, syncFailed } from "./events.ts";

export interface CutBackParts {
  readonly emit: Emit;
  /** The process must end. */
  readonly fatal: () => void;
}

/** Cuts `file` back to `size`; it had `written` bytes as far as we know. */
export function cutBackTo(
  size: number,
  file: OpenFile,
  path: Bytes,
  written: number,
  { emit, fatal }: CutBackParts,
): void {
  if (file.stat().size <= size) return;
  try {
    file.truncate(size);
    emit(cutBack(path, size, written));
  } catch (error) {
    emit(syncFailed(path, error));
    fatal();
  }
}
