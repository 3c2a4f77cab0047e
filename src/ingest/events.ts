// What the listener has to say to the operator: requests, and who was kept out and why.
// docs/OPERATIONS.md lists each with what to do.

import { debug, type Event, error, info, warn } from "../base/events.ts";
import { escapeText, quote, quoteText } from "../base/text.ts";
import type { Exchange, Notice } from "../platform/http-server.ts";
import type { Caller } from "./identity.ts";

/** One request and what became of it; `status` undefined: its connection broke. */
export function carriedOut(exchange: Exchange, caller: Caller, status: number | undefined): Event {
  const range = fieldOf(exchange.fields, "content-range");
  const what = `${exchange.method} ${quoteText(exchange.target)}${range === undefined ? "" : ` ${quoteText(range)}`}`;
  return debug("server-request", `${what} from ${whoIs(exchange, caller)}: ${status ?? "connection broken"}`);
}

/** Somebody who is not known. */
export function refused(address: string, reason: string): Event {
  return warn("client-refused", `Refused a client at ${escapeText(address)}: ${reason}`);
}

/** A known client outside of its own part of the tree. */
export function denied(exchange: Exchange, caller: Caller): Event {
  const own = caller.kind === "known" ? quote(`/${caller.identity.prefix}`) : "nothing";
  const what = `${exchange.method} ${quoteText(exchange.target)}`;
  return error("client-denied", `Denied ${what} to ${whoIs(exchange, caller)}: it may touch ${own} and nothing else`);
}

export function noticed(notice: Notice): Event {
  const at = escapeText(notice.address);
  switch (notice.kind) {
    case "handshake-failed":
      return warn("client-handshake-failed", `No connection with ${at}: ${notice.reason}`);
    case "turned-away":
      return warn(
        "client-turned-away",
        notice.key === undefined
          ? `Turned ${at} away: all connections are busy; raise limits.connections if this is honest load`
          : `Turned ${at} away: all connections of ${quoteText(notice.key)} are busy; raise limits.connections_per_identity if this is honest load`,
      );
    case "unread":
      return warn(
        "client-too-slow",
        `Cut off ${quoteText(notice.key)} at ${at}: it read none of its answers for limits.idle_timeout`,
      );
    case "too-slow":
      return warn(
        "client-too-slow",
        `Cut off ${quoteText(notice.key)} at ${at}: its bytes came more slowly than limits.min_body_rate; those that came are kept`,
      );
  }
}

/** At each start, where bytes go over a network that anybody on it can read and change. */
export function plainHttp(address: string): Event {
  return error(
    "plain-http",
    `Listening on ${address} without TLS: whoever is on the network can read and forge logs; set tls with client_ca (shaftlog pki makes the certificates), or bind_address: 127.0.0.1`,
  );
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

function whoIs({ peer }: Exchange, caller: Caller): string {
  const at = escapeText(peer.address);
  return caller.kind === "known" ? `${quoteText(caller.identity.name)} at ${at}` : at;
}

function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i]?.toLowerCase() === name) return fields[i + 1];
  return undefined;
}
