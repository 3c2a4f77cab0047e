// Whether a destination is reached, takes our names, how far its answers can be trusted, whether its clock is ours, and
// whether it would append. Nothing can be written by it: what is not a strict server gets only HEAD and OPTIONS, and a
// strict one a PUT beyond the end of a file that is not there, which it must refuse (docs/PROTOCOL.md, section 5).

import { describe } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { HttpConnection, HttpHeaders, HttpRequest } from "../platform/http.ts";
import { formatContentRange } from "../protocol/content-range.ts";
import { formatDigest, parseDigest, SHAFTLOG_DIGEST, WANT_DIGEST } from "../protocol/digest-field.ts";
import { CODING, SERVER_START } from "../protocol/fields.ts";
import { encodePath } from "../protocol/resource-path.ts";
import { error, type Finding, ok, shellWord, warning } from "./finding.ts";

export interface Reachable {
  readonly url: URL;
  /** A new connection: an answer to a refused PUT ends it. */
  readonly connect: () => HttpConnection;
  /** The name of a file that is delivered there; undefined where there is none yet. */
  readonly name: Bytes | undefined;
  /** It leaves this host without TLS. */
  readonly isPlain: boolean;
  /** What it is sent is to be compressed. */
  readonly isCompressed: boolean;
}

type Answer = { readonly status: number; readonly headers: HttpHeaders; readonly took: number };

/** Nobody's file is that long. */
const FAR = 2 ** 52;
/** What no file of ours is called. */
const NOBODYS = ".shaftlog-check";
/** Seconds by which a clock may differ; Date counts whole ones. */
const CLOCK = 10;

export async function checkDestination(reachable: Reachable, clock: Clock): Promise<Finding[]> {
  const { url, name, isPlain, isCompressed } = reachable;
  const path = url.pathname + encodePath(name ?? "shaftlog-check");
  const curl = `curl -sSI ${shellWord(`${url.origin}${path}`)}`;
  const found: Finding[] = [];
  if (isPlain) {
    const text = "plain HTTP: whoever is on the way can read the logs, change them, and pass for the server";
    found.push(
      warning(
        "destination-plain-http",
        url.href,
        text,
        "shaftlog pki init --dir /root/shaftlog-ca   # then an https URL",
      ),
    );
  }
  const ask = asking(reachable, clock);
  const head = await ask({ method: "HEAD", path, headers: [WANT_DIGEST, "0"] });
  if ("fault" in head) return [...found, error("destination-reached", url.href, `not reached: ${head.fault}`, curl)];
  const refusal = head.status === 400 && name === undefined ? undefined : refusalOf(head.status);
  if (refusal !== undefined) return [...found, error("destination-reached", url.href, refusal, curl)];
  found.push(ok("destination-reached", url.href, `answered ${head.status} in ${Math.round(head.took)} ms`));
  found.push(...checkClock(url.href, head, clock));
  if (isCompressed) found.push(compression(url, head));
  if (head.headers[SERVER_START] === undefined) return [...found, await lenient(url, ask)];
  return [...found, ...(await strict(url, path, head, ask, curl))];
}

function refusalOf(status: number): string | undefined {
  if (status === 200 || status === 404) return undefined;
  switch (status) {
    case 400:
      return "it does not take the names of these files (400): see validate_regex there";
    case 401:
      return "it does not know who we are (401): it wants a certificate or a token that it knows";
    case 403:
      return "the URL's path does not belong to us there (403): it must begin with our own name";
    case 409:
      return "a name of ours is a directory or a link there (409)";
  }
  if (status >= 300 && status < 400)
    return `it answers with a redirect (${status}), which is never followed: name the place it leads to`;
  return `it answers ${status}`;
}

/** A strict server: docs/PROTOCOL.md holds. */
async function strict(
  url: URL,
  path: string,
  head: Answer,
  ask: ReturnType<typeof asking>,
  curl: string,
): Promise<Finding[]> {
  const range = formatContentRange({ start: FAR, end: FAR + 1, size: FAR + 1 });
  const request = { method: "PUT", path: `${path}${NOBODYS}`, body: Buffer.from("?") } as const;
  const put = await ask({ ...request, headers: ["content-range", range] });
  if ("fault" in put) return [error("destination-append", url.href, `an append was not answered: ${put.fault}`, curl)];
  const append = appendFinding(url.href, put.status, curl);
  if (parseDigest(head.headers[SHAFTLOG_DIGEST]) !== undefined) return [digests(url.href), append];
  // A digest of other bytes than those before the range: malformed to who knows digests, nothing to who does not.
  const digest = formatDigest({ size: 0, digest: new Uint8Array(32) });
  const second = await ask({ ...request, headers: ["content-range", range, SHAFTLOG_DIGEST, digest] });
  if (!("fault" in second) && second.status === 400 && put.status !== 400) return [digests(url.href), append];
  const text = "a strict server that tells no digests: its copies are compared by size alone";
  return [
    warning("destination-protocol", url.href, text, `ssh ${url.hostname} shaftlog --version   # upgrade it`),
    append,
  ];
}

function digests(subject: string): Finding {
  return ok("destination-protocol", subject, "shaftlog with digests: every append is verified end to end");
}

function compression(url: URL, { headers }: Answer): Finding {
  if (headers[SERVER_START] !== undefined && headers["accept-encoding"] === CODING) {
    return ok("destination-compression", url.href, "it takes compressed bytes");
  }
  const text = "it offers to take no compressed bytes, so they are sent as they are";
  const remedy = `ssh ${url.hostname} shaftlog --version   # upgrade it, or look for a proxy between`;
  return warning("destination-compression", url.href, text, remedy);
}

function appendFinding(subject: string, status: number, curl: string): Finding {
  if (status === 416)
    return ok("destination-append", subject, "an append is judged as it must be (tried with one that writes nothing)");
  if (status === 400)
    return ok("destination-append", subject, "not tried: its validate_regex takes no name that no file has");
  const text = `an append that must be answered 416 was answered ${status}`;
  return error("destination-append", subject, text, curl);
}

/** What is no strict server is asked what it is, and never to write. */
async function lenient(url: URL, ask: ReturnType<typeof asking>): Promise<Finding> {
  const remedy = `ssh ${url.hostname} shaftlog server   # a strict server refuses what would double or skip a byte`;
  const answer = await ask({ method: "OPTIONS", path: url.pathname, headers: [] });
  const fields = "fault" in answer ? {} : answer.headers;
  const allow = String(fields.allow ?? "")
    .replaceAll(/\s/g, "")
    .toUpperCase();
  if (fields.dav !== undefined) {
    const text =
      "a WebDAV server: it makes no directories, compares nothing, and writes wherever it is told to; an append was not tried";
    return warning("destination-protocol", url.href, text, remedy);
  }
  if (allow === "HEAD,PUT" || allow === "PUT,HEAD") {
    const text = "the original protocol: sizes only, nothing is compared by digest; an append was not tried";
    return warning("destination-protocol", url.href, text, remedy);
  }
  const text =
    "a server of an unknown kind: nothing is compared by digest, and it may not append at all; an append was not tried";
  return warning("destination-protocol", url.href, text, remedy);
}

function checkClock(subject: string, { headers, took }: Answer, clock: Clock): Finding[] {
  const date = Date.parse(String(headers.date ?? ""));
  if (Number.isNaN(date)) return [];
  // The field was made within the time that the answer took, and cuts a second off.
  const apart = Math.abs(date + 500 - (clock.now() - took / 2)) / 1000;
  if (apart <= CLOCK) return [ok("destination-clock", subject, "its clock is ours, within seconds")];
  const text = `its clock and ours differ by ${Math.round(apart)} s: certificates and times in names go by them`;
  return [warning("destination-clock", subject, text, "timedatectl timesync-status   # here and there")];
}

function asking({ connect }: Reachable, clock: Clock): (request: HttpRequest) => Promise<Answer | { fault: string }> {
  return async (request) => {
    const connection = connect();
    const began = clock.elapsed();
    const outcome = await connection.send(request);
    const took = clock.elapsed() - began;
    connection.destroy();
    if (outcome.kind === "failure") return { fault: describe(outcome.error) };
    return { status: outcome.status, headers: outcome.headers, took };
  };
}
