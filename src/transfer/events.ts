// What transfer has to say to the operator: one function for each event. docs/OPERATIONS.md lists them with
// what to do.

import { debug, type Event, error, info, warn } from "../base/events.ts";
import { type Bytes, quote } from "../base/text.ts";
import { shortDigest } from "../protocol/digest-field.ts";
import { LEAF } from "../protocol/tree-hash.ts";
import type { Generation } from "../spool/entry.ts";
import { nameGeneration } from "../spool/generations.ts";
import type { Parted } from "./desk.ts";
import type { Fault } from "./progress.ts";

export const destinationUnreachable = (url: string, cause: string): Event =>
  error(
    "destination-unreachable",
    `Cannot deliver to ${url}: ${cause}. Tried again by itself; nothing is lost meanwhile`,
  );

export const destinationUnavailable = (url: string, cause: string): Event =>
  error(
    "destination-unavailable",
    `${url} takes nothing now: ${cause}. Tried again by itself; nothing is lost meanwhile`,
  );

export const destinationRecovered = (url: string): Event => info("destination-recovered", `${url} takes data again`);

export const destinationUnverified = (url: string): Event =>
  warn(
    "destination-unverified",
    `${url} is not a shaftlog server: it is trusted to append and to keep what it has; directories must exist there`,
  );

export const destinationRestarted = (url: string): Event =>
  debug("destination-restarted", `${url} was restarted: asking again how long each file is`);

export const withoutCompression = (url: string, cause: string): Event =>
  warn("destination-without-compression", `${url} takes no compressed bytes: ${cause}. They are sent as they are`);

export const destinationInconsistent = (url: string): Event =>
  warn(
    "destination-inconsistent",
    `${url} answers as another server again and again: are there several behind that URL? Its copies are asked about ` +
      "once in 10 s",
  );

export const destinationRestored = (url: string, name: Bytes, had: number, has: number): Event =>
  info(
    "destination-restored",
    `${url} has ${has} bytes of ${quote(name)} and had ${had}: it was restored from an older copy; the rest is sent again`,
  );

export const fileDenied = (url: string, generation: Generation, text: string): Event =>
  error("file-denied", `Cannot deliver ${nameOf(generation)} to ${url}: ${text}. Other files go on`);

export const fileUnreadable = (url: string, generation: Generation, cause: string): Event =>
  error("file-unreadable", `Cannot read ${nameOf(generation)} for ${url}: ${cause}. Other files go on`);

export const fileRecovered = (url: string, generation: Generation): Event =>
  info("file-recovered", `${nameOf(generation)} is delivered to ${url} again`);

export const fileSealed = (url: string, generation: Generation, size: number): Event => {
  const next = nameGeneration(generation.name, generation.number + 1, generation.start + size);
  return info(
    "file-sealed",
    `${url} has sealed ${nameOf(generation)} with ${size} bytes: it goes on there as ${quote(next)}`,
  );
};

export const remoteAhead = (url: string, generation: Generation, has: number, length: number): Event =>
  warn(
    "remote-ahead",
    `${url} has ${has} bytes of ${nameOf(generation)}, which is ${length} bytes long here. Nothing is sent until it is longer; ` +
      `normal after a power cut of this host`,
  );

export const fileDiverged = (url: string, generation: Generation, text: string): Event =>
  error(
    "file-diverged",
    `${nameOf(generation)} and its copy at ${url} are different files: ${text}. Nothing is sent and nothing was changed; ` +
      `the others go on. Is another host writing under that name, or was the copy changed? See "file-diverged" in the manual`,
  );

export const destinationWithoutDigests = (url: string): Event =>
  warn("destination-without-digests", `${url} tells no digests: what it has is compared by size alone`);

/** The words for where two files part. */
export function diverged({ at, size, ours, theirs }: Parted): string {
  const segment = Math.floor(at / LEAF);
  return (
    `they part at byte ${at} (segment ${segment}) of the ${size} bytes that both have; ` +
    `digest here ${shortDigest(ours)}, there ${shortDigest(theirs)}`
  );
}

export const appended = (url: string, generation: Generation, start: number, end: number): Event =>
  debug("appended", `${nameOf(generation)} at ${url}: bytes ${start} to ${end}`);

/** Entry name and, where it is known, the source: how an operator looks for the file at either end. */
function nameOf(generation: Generation): string {
  const source = generation.entry.source;
  return source === undefined ? quote(generation.name) : `${quote(generation.name)} (${quote(source)})`;
}

/** The words for a status that a destination answered with. */
export function denial(status: number): string {
  const words = DENIALS[status];
  if (words !== undefined) return `${status}, ${words}`;
  if (status >= 300 && status < 400) return `${status}, a redirect, which is never followed: configure the final URL`;
  return `unexpected answer ${status}`;
}

const DENIALS: Readonly<Record<number, string | undefined>> = {
  200: "but without a valid Content-Length",
  400: "the server refuses the name or the range: see its validate_regex, and rename or regex_to here",
  401: "the server wants an identity, or does not take ours (tls.cert, authorization): its log says why",
  403: "this identity may not write there",
  404: "nothing takes a PUT at that URL: is the destination's path right?",
  405: "not a server that can be appended to",
  410: "sealed there: the path takes no more bytes",
  411: "the server wants a Content-Length, which was sent: a proxy between?",
  412: "its copy does not begin with our bytes",
  413: "the server takes no range, however small",
  414: "the name is too long for that server",
  415: "the server does not take the coding",
  431: "the server finds the header too large",
  500: "it failed there: see that server's log",
  501: "the server cannot append",
};

/** What is told of a file that does not get on. */
export function faultOf(url: string, generation: Generation, fault: Pick<Fault, "kind" | "text">): Event {
  switch (fault.kind) {
    case "local":
      return fileUnreadable(url, generation, fault.text);
    case "diverged":
      return fileDiverged(url, generation, fault.text);
    default:
      return fileDenied(url, generation, fault.text);
  }
}
