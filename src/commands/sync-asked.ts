// sync-once where a client has the data directory: that client is asked to do it (client-sync.ts), and this shows its
// progress and hands back its report. Promises that it is asked for what this configuration says and nothing else; where
// nobody answers, or it cannot be done there, that is told and nothing happens.

import { createHash } from "node:crypto";
import { codeOf } from "../base/errors.ts";
import { bytesOf } from "../base/text.ts";
import type { ClientConfig } from "../config/options.ts";
import { connectLocal } from "../platform/local-socket.ts";
import { STATUS_SOCKET } from "../status/questions.ts";
import type { Totals } from "./sync-goals.ts";
import type { FileReport, SyncReport } from "./sync-report.ts";

/** One line of the client's answer: as many of the first two as there is to tell, then one of the others. */
export type SyncAnswer =
  | { readonly progress: Totals }
  | { readonly files: readonly FileReport[] }
  | { readonly report: Omit<SyncReport, "files"> }
  | { readonly cannot: string };

export interface SyncAsked {
  readonly config: ClientConfig;
  /** Destinations, with the host's names filled in. */
  readonly urls: readonly string[];
  /** ms */
  readonly timeout: number;
  /** Resolves with the signal that ends this. */
  readonly stopped: Promise<string>;
  /** There is one that can be asked. */
  readonly begun: () => void;
  readonly progress: (totals: Totals) => void;
}

/** ms that a client gets for its report when it is not waited for any more. */
const GRACE = 800;

/** What a client must have been started with to deliver what this configuration says. */
export function configKey({ datadir, patterns }: ClientConfig, urls: readonly string[]): string {
  const text = JSON.stringify([datadir, patterns, urls], (_, value) =>
    value instanceof RegExp ? String(value) : value,
  );
  return createHash("sha256").update(text).digest("hex");
}

/** The report, `ended` where the client ended or fell silent before it was made, or why it was not asked, in words. */
export async function askClient(asked: SyncAsked): Promise<SyncReport | "ended" | { readonly cannot: string }> {
  const { config, urls, timeout, stopped, begun, progress } = asked;
  const answered = Promise.withResolvers<SyncReport | "ended" | { readonly cannot: string }>();
  const files: FileReport[] = [];
  const line = (value: unknown) => {
    const answer = value as Partial<Record<"progress" | "files" | "report" | "cannot", unknown>>;
    if (answer?.progress !== undefined) progress(answer.progress as Totals);
    else if (answer?.files !== undefined) files.push(...(answer.files as FileReport[]));
    else if (answer?.report !== undefined) answered.resolve({ ...(answer.report as SyncReport), files });
    else answered.resolve({ cannot: String(answer?.cannot ?? "it gave an answer that is none") });
  };
  let peer: Awaited<ReturnType<typeof connectLocal>>;
  try {
    peer = await connectLocal(bytesOf(config.datadir), STATUS_SOCKET, {
      line,
      closed: () => answered.resolve("ended"),
    });
  } catch (error) {
    return { cannot: `it does not answer (${codeOf(error)})` };
  }
  begun();
  peer.send({ ask: "sync", config: configKey(config, urls), timeout_ms: timeout });
  void stopped.then((signal) => {
    peer.send({ ask: "stop", reason: `stopped by ${signal}` });
    setTimeout(() => answered.resolve("ended"), GRACE);
  });
  const answer = await answered.promise;
  peer.end();
  return answer;
}
