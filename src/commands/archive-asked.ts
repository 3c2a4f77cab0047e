// `archive --now` where a server has the data directory: that server is asked to do it, and what it tells of each file is
// shown. Where nobody answers, or it cannot be done there, that is told and nothing happens. What it was at when whoever
// asked is interrupted is undone.

import { NOW_RESULTS, type NowResult, worstOf } from "../archive/archive-now.ts";
import { codeOf, StartFailure } from "../base/errors.ts";
import { bytesOf } from "../base/text.ts";
import type { ServerConfig } from "../config/options.ts";
import { connectLocal } from "../platform/local-socket.ts";
import type { LockedError } from "../platform/lock.ts";
import { type Question, STATUS_SOCKET } from "../status/questions.ts";

/** One line of the server's answer: as many of the first as there is to say, then one of the others. */
export type ArchiveAnswer = { readonly said: string } | { readonly result: NowResult } | { readonly cannot: string };

/** Characters of paths in one question (platform/local-socket.ts has a bound for it); at least one path is in each. */
const A_QUESTION = 3_000;

/** `given`: paths as on the command line. Throws StartFailure where the server cannot be asked. */
export async function askServer(
  given: readonly string[],
  { datadir }: ServerConfig,
  taken: LockedError,
  say: (text: string) => void,
): Promise<NowResult> {
  const results: NowResult[] = [];
  for (const paths of inQuestions(given)) {
    const answer = await ask(datadir, paths, say);
    if (typeof answer === "object") {
      throw new StartFailure(`${taken.message}, and ${answer.cannot}: stop it first, or leave it to it`);
    }
    results.push(answer);
  }
  return worstOf(results);
}

async function ask(
  datadir: string,
  paths: readonly string[],
  say: (text: string) => void,
): Promise<NowResult | { readonly cannot: string }> {
  const answered = Promise.withResolvers<NowResult | "ended" | { readonly cannot: string }>();
  const line = (value: unknown) => {
    const answer = value as Partial<Record<"said" | "result" | "cannot", unknown>>;
    const result = NOW_RESULTS.find((one) => one === answer?.result);
    if (typeof answer?.said === "string") say(answer.said);
    else if (result !== undefined) answered.resolve(result);
    else answered.resolve({ cannot: String(answer?.cannot ?? "it gave an answer that is none") });
  };
  let peer: Awaited<ReturnType<typeof connectLocal>>;
  try {
    peer = await connectLocal(bytesOf(datadir), STATUS_SOCKET, { line, closed: () => answered.resolve("ended") });
  } catch (error) {
    return { cannot: `it does not answer (${codeOf(error)})` };
  }
  peer.send({ ask: "archive", paths } satisfies Question);
  const answer = await answered.promise;
  peer.end();
  if (answer !== "ended") return answer;
  say("The server ended before all was done; what it was at is as it was");
  return "incomplete";
}

function inQuestions(given: readonly string[]): string[][] {
  const questions: string[][] = [];
  let room = 0;
  for (const path of given) {
    const length = JSON.stringify(path).length + 1;
    if (length > room) {
      questions.push([]);
      room = Math.max(length, A_QUESTION);
    }
    questions.at(-1)?.push(path);
    room -= length;
  }
  return questions;
}
