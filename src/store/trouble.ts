// What the kernel refused, as an outcome and an event. One table: which errno passes by itself, which needs
// somebody, and which is no fault at all.

import { codeOf, isNoSpace, lacksDescriptors } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import { cannotStore, exhausted, noSpace } from "./events.ts";
import type { Trouble } from "./outcome.ts";

/** `error`: of opening, creating, looking at or writing to the file at `path`. */
export function troubleOf(error: unknown, path: Bytes, emit: Emit): Trouble {
  const code = codeOf(error);
  if (isNoSpace(error)) {
    emit(noSpace(path, error));
    return { kind: "no-space", size: undefined };
  }
  if (lacksDescriptors(error) || code === "ENOMEM") {
    emit(exhausted(path, error));
    return { kind: "exhausted" };
  }
  // Taken meanwhile, or no longer a directory: what a fresh look would have found at once.
  if (code === "EEXIST" || code === "ENOTDIR" || code === "ELOOP" || code === "EISDIR") return { kind: "obstructed" };
  emit(cannotStore(path, error));
  return { kind: "failed", size: undefined };
}
