// The archive of a running server, put together: what a crash left is recovered before anything is told, sealed files are
// answered for whether or not the configuration still has `archive`, and with it old files are sealed.

import { Archive } from "../archive/archive.ts";
import { archiveNow, type NowResult } from "../archive/archive-now.ts";
import { recover } from "../archive/recover.ts";
import { Rest, Stopped } from "../archive/rest.ts";
import type { SealGround } from "../archive/seal-in-turn.ts";
import { SealedFiles } from "../archive/sealed-files.ts";
import { Turns } from "../archive/turns.ts";
import { describe, StartFailure } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import type { ServerConfig } from "../config/options.ts";
import { systemClock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import type { LinePeer } from "../platform/local-socket.ts";
import { sha256 } from "../platform/node-hash.ts";
import { zstd } from "../platform/node-zstd.ts";
import type { Question } from "../status/questions.ts";
import type { Store } from "../store/store.ts";
import type { ArchiveAnswer } from "./archive-asked.ts";
import type { Asked } from "./status-socket.ts";
import { storePath } from "./store-path.ts";

/** The lock is held. Throws StartFailure. */
export async function openSealed(root: Directory, emit: Emit): Promise<SealedFiles> {
  try {
    await recover(root, sha256, emit);
  } catch (error) {
    throw new StartFailure(`Cannot finish what was being archived when the server ended: ${describe(error)}`);
  }
  return new SealedFiles({ root, newHash: sha256, codec: zstd, emit });
}

/** For all that seal in this process; `own`: what differs between a server and the command alone. */
export function sealGround(
  root: Directory,
  emit: Emit,
  sealed: SealedFiles,
  own: Pick<SealGround, "room" | "claim" | "fatal" | "accounted">,
): SealGround {
  return { root, clock: systemClock, emit, newHash: sha256, codec: zstd, sealed, turns: new Turns(), ...own };
}

interface Ground {
  readonly config: ServerConfig;
  readonly root: Directory;
  readonly store: Store;
  readonly sealed: SealedFiles;
  readonly emit: Emit;
  /** The process must end. */
  readonly fatal: () => void;
}

/** Runs from its making until `stop`; what is asked of it in between is sealed beside what is old, file by file in turn. */
export class ServerArchive {
  readonly #config: ServerConfig;
  readonly #seals: SealGround;
  readonly #old: Archive | undefined;
  readonly #asked = new Map<Rest, Promise<void>>();

  constructor({ config, root, store, sealed, emit, fatal }: Ground) {
    this.#config = config;
    this.#seals = sealGround(root, emit, sealed, {
      fatal,
      room: () => store.room(),
      claim: (path) => store.claim(path),
      accounted: (path, files, bytes) => store.accounted(path, files, bytes),
    });
    this.#old = config.archive === undefined ? undefined : new Archive(config.archive, this.#seals);
  }

  /** `archive --now` of somebody: what is told of each file, and how it ended, goes to `peer`. */
  now({ paths }: Extract<Question, { ask: "archive" }>, peer: LinePeer): Asked {
    const rest = new Rest(systemClock);
    const say = (answer: ArchiveAnswer) => peer.send(answer);
    const work = this.#archiveNow(paths, rest, (said) => say({ said }))
      .then(
        (result) => say({ result }),
        (error: unknown) => say({ cannot: error instanceof Stopped ? "the server ends" : describe(error) }),
      )
      .then(() => {
        this.#asked.delete(rest);
        peer.end();
      });
    this.#asked.set(rest, work);
    return { stop: () => rest.stop() };
  }

  /** Resolves once nothing is being done; what was begun is undone. */
  async stop(): Promise<void> {
    for (const rest of this.#asked.keys()) rest.stop();
    await Promise.all([this.#old?.stop(), ...this.#asked.values()]);
  }

  async #archiveNow(given: readonly string[], rest: Rest, say: (text: string) => void): Promise<NowResult> {
    const paths = given.map((path) => storePath(path, this.#config));
    return await archiveNow(paths, this.#seals, () => rest.asLong(), say);
  }
}
