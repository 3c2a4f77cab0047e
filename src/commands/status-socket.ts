// The socket in the data directory at which a running client or server is asked how it is, or to do something now. It is
// a convenience: where it cannot be had, that is told and everything else goes on.

import { describe } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import { bytesOf } from "../base/text.ts";
import { type LinePeer, type LocalListener, listenLocal } from "../platform/local-socket.ts";
import { statusNotTold } from "../status/events.ts";
import { type Question, questionOf, STATUS_SOCKET } from "../status/questions.ts";

/** Work that somebody asked for. */
export interface Asked {
  stop(reason: string): void;
}

export interface Answers {
  /** The document. */
  status(): object | Promise<object>;
  /** Begins a sync whose progress and report go to `peer`; undefined where there is no such thing. */
  sync?(question: Extract<Question, { ask: "sync" }>, peer: LinePeer): Asked;
  /** Begins to archive; what is said of each file and the result go to `peer`. */
  archive?(question: Extract<Question, { ask: "archive" }>, peer: LinePeer): Asked;
}

/** Resolves with what to close at the end; undefined where there is no socket, which was told. */
export async function openStatusSocket(
  datadir: string,
  emit: Emit,
  answers: Answers,
): Promise<LocalListener | undefined> {
  try {
    return await listenLocal(bytesOf(datadir), STATUS_SOCKET, (peer) => readerFor(peer, answers));
  } catch (error) {
    emit(statusNotTold(bytesOf(datadir), describe(error)));
    return undefined;
  }
}

/** One question a connection. */
function readerFor(peer: LinePeer, answers: Answers) {
  let work: Asked | undefined;
  let asked = false;
  const cannot = (reason: string) => {
    peer.send({ cannot: reason });
    peer.end();
  };
  return {
    line(value: unknown): void {
      const question = questionOf(value);
      if (question?.ask === "stop") work?.stop(question.reason);
      else if (asked) return;
      else if (question === undefined) cannot("this version does not know that question");
      else if (question.ask === "status") void answer(peer, answers);
      else if (question.ask === "archive") {
        if (answers.archive === undefined) cannot("a client has nothing to archive");
        else work = answers.archive(question, peer);
      } else if (answers.sync === undefined) cannot("a server has nothing to deliver");
      else work = answers.sync(question, peer);
      asked = true;
    },
    ended(): void {
      work?.stop("whoever asked has gone");
    },
    closed(): void {
      work?.stop("whoever asked has gone");
    },
  };
}

async function answer(peer: LinePeer, answers: Answers): Promise<void> {
  peer.send(await answers.status());
  peer.end();
}
