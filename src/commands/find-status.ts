// How what runs with a configuration is: asked over the socket in its data directory; or, where nobody answers, what
// is known of who was there last. And how that looks to people.

import fs from "node:fs";
import { codeOf, describe, StartFailure } from "../base/errors.ts";
import { bytesOf, quoteText } from "../base/text.ts";
import type { AnyConfig } from "../config/load-any.ts";
import { connectLocal } from "../platform/local-socket.ts";
import { holderOf } from "../platform/lock.ts";
import type { ClientStatus } from "../status/client-document.ts";
import { clientScreen } from "../status/client-screen.ts";
import { STATUS_SOCKET } from "../status/questions.ts";
import { coloured, type Paint, plain } from "../status/screen.ts";
import type { ServerStatusDocument } from "../status/server-document.ts";
import { serverScreen } from "../status/server-screen.ts";

/** ms that an answer may take. */
const PATIENCE = 10_000;

export type Status = ClientStatus | ServerStatusDocument;

/** What was found out; `document` undefined: nobody answers, and `text` says what is known. */
export interface Finding {
  readonly document: Status | undefined;
  readonly text: string;
}

export function linesOf(document: Status, paint: Paint): string[] {
  return document.role === "client" ? clientScreen(document, paint) : serverScreen(document, paint);
}

/** Colours are for terminals, and for those who want them. */
export function paintFor({ isTTY }: { readonly isTTY?: boolean }): Paint {
  const { NO_COLOR, TERM } = process.env;
  return isTTY === true && (NO_COLOR ?? "") === "" && TERM !== "dumb" ? coloured : plain;
}

/** Throws StartFailure where the directory is closed to us. */
export async function findStatus({ half, config }: AnyConfig): Promise<Finding> {
  const { datadir } = config;
  try {
    return { document: await ask(datadir), text: "" };
  } catch (error) {
    const code = codeOf(error);
    if (code === "EACCES" || code === "EPERM") {
      throw new StartFailure(
        `Cannot ask in ${quoteText(datadir)}: ${describe(error)}; ask as root or as the user of the ${half}`,
      );
    }
    return { document: undefined, text: `shaftlog: ${absence(half, datadir, error)}` };
  }
}

/** Rejects with an errno error, or one in words. */
async function ask(datadir: string): Promise<Status> {
  const answered = Promise.withResolvers<Status>();
  const peer = await connectLocal(bytesOf(datadir), STATUS_SOCKET, {
    line: (value) => answered.resolve(value as Status),
    closed: () => answered.reject(new Error("it ended without an answer")),
  });
  const patience = setTimeout(() => answered.reject(new Error("it gave no answer for 10 s")), PATIENCE);
  try {
    peer.send({ ask: "status" });
    return await answered.promise;
  } finally {
    clearTimeout(patience);
    peer.end();
  }
}

/** What is known where nobody answers. */
function absence(half: AnyConfig["half"], datadir: string, error: unknown): string {
  const pid = holderOf(bytesOf(datadir));
  const where = `in ${quoteText(datadir)}`;
  if (pid !== undefined) {
    return `process ${pid} has the data directory ${quoteText(datadir)} and tells no status (${describe(error)}): it starts, stops, is sync-once, or is older`;
  }
  if (codeOf(error) === "ENOENT" && !fs.existsSync(datadir)) return `no ${half} runs ${where}, which does not exist`;
  return `no ${half} runs ${where}; ${lastLife(half, datadir)}`;
}

function lastLife(half: AnyConfig["half"], datadir: string): string {
  const mtime = (name: string) => fs.statSync(`${datadir}/${name}`, { throwIfNoEntry: false })?.mtime.toISOString();
  try {
    const clean = mtime(".clean");
    if (half === "client" && clean !== undefined) return `the last one stopped in order at ${clean}`;
    const written = mtime(half === "client" ? ".memory" : ".acknowledged");
    if (written === undefined) return "there has been none";
    return half === "client"
      ? `the last one did not stop in order; something was acknowledged last about ${written}`
      : `something was acknowledged last about ${written}`;
  } catch (error) {
    return `what was there last cannot be told: ${describe(error)}`;
  }
}
