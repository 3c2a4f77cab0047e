// What is open below a directory and may be wanted again in the same turn of the event loop: many requests and links of
// one turn go through the same directories, and opening one costs more than most of what is done in it. Nothing is
// kept beyond the turn, so that a tree that others change is seen as it is.

import { lacksDescriptors } from "../base/errors.ts";

/** Descriptors kept by one directory. */
const MOST = 8;

/** Has a directory kept open: a user more, who closes it. */
interface Shared {
  /** One user more. */
  share(): void;
  /** One less; the last one closes it. */
  close(): void;
}

/** Kept by one directory, by name. */
export class KeptOpen<T extends Shared> {
  readonly #kept = new Map<string, T>();

  /** What is open under `name` already; the caller is one user more. */
  take(name: string): T | undefined {
    const kept = this.#kept.get(name);
    kept?.share();
    return kept;
  }

  /** Keeps `opened`, of which the caller is a user, until the turn ends. */
  keep(name: string, opened: T): void {
    if (keeping.size === 0) setImmediate(endTurn);
    keeping.add(this);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size < MOST) break;
      this.drop(oldest);
    }
    opened.share();
    this.#kept.set(name, opened);
  }

  /** The name leads elsewhere from now on. */
  drop(name: string): void {
    const kept = this.#kept.get(name);
    this.#kept.delete(name);
    kept?.close();
  }

  dropAll(): void {
    for (const name of [...this.#kept.keys()]) this.drop(name);
  }
}

const keeping = new Set<KeptOpen<Shared>>();

function endTurn(): void {
  const all = [...keeping];
  keeping.clear();
  for (const kept of all) kept.dropAll();
}

/**
 * Calls `open`, once more without what is kept where there is no descriptor left: what is kept for speed must not be what
 * another open fails for.
 */
export function orWithoutKept<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!lacksDescriptors(error)) throw error;
    endTurn();
    return open();
  }
}
