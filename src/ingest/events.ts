// What the listener has to say to the operator. docs/OPERATIONS.md lists each with what to do.
// What came from outside is quoted; requests are told at debug level only.

import { debug, type Event, info } from "../base/events.ts";
import { quoteText } from "../base/text.ts";
import type { Exchange } from "../platform/http-server.ts";

/** One request and what became of it; `status` undefined: its connection broke. */
export function carriedOut(exchange: Exchange, status: number | undefined): Event {
  const range = fieldOf(exchange.fields, "content-range");
  const what = `${exchange.method} ${quoteText(exchange.target)}${range === undefined ? "" : ` ${quoteText(range)}`}`;
  return debug("server-request", `${what} from ${exchange.peer}: ${status ?? "connection broken"}`);
}

export function listening(address: string, port: number, datadir: string, fsync: boolean, version: string): Event {
  const at = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  const durable = fsync ? "fsync on" : "fsync OFF: a power cut loses what was acknowledged";
  return info(
    "server-started",
    `Listening on ${at}, files in ${quoteText(datadir)}, ${durable}, pid ${process.pid}, shaftlog ${version}`,
  );
}

export function stopping(): Event {
  return info("server-stopping", "Stopping: finishing what is in flight");
}

export function stopped(): Event {
  return info("server-stopped", "Stopped");
}

function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i]?.toLowerCase() === name) return fields[i + 1];
  return undefined;
}
