// Certificates as they lie in files: what cannot be used, what has expired or soon will, what does not lead to the next
// in its chain. Reading them is the caller's business; whether the other side takes them is seen when it is asked.
// Pure.

import { counted, error, type Finding, ok, shellWord, warning } from "./finding.ts";

export interface CertificateFacts {
  readonly path: string;
  /** Of the certificate, on one line. */
  readonly subject: string;
  /** ms since 1970. */
  readonly from: number;
  readonly until: number;
  /** It has another one behind it in its file, and that did not issue it. */
  readonly isBroken: boolean;
}

/** What was read for one destination or server: the certificates, or why that cannot be used (which tells what to do). */
export interface TlsFacts {
  /** A URL, or the configuration's path. */
  readonly subject: string;
  readonly certificates: readonly CertificateFacts[];
  readonly fault: string | undefined;
  /** The files looked at. */
  readonly paths: readonly string[];
}

const DAY = 86_400_000;
const SOON = 30;

/** `now`: ms since 1970. */
export function checkCertificates({ subject, certificates, fault, paths }: TlsFacts, now: number): Finding[] {
  if (fault !== undefined) {
    return [error("certificate", subject, fault, `ls -lL ${paths.map(shellWord).join(" ")}`)];
  }
  const found = certificates.flatMap((one) => checkOne(subject, one, now));
  if (found.length > 0 || certificates.length === 0) return found;
  const first = certificates.reduce((a, b) => (a.until < b.until ? a : b));
  const text = `${counted(certificates.length, "certificate")} in order; the first ends in ${daysFrom(now, first.until)} days (${first.subject})`;
  return [ok("certificate", subject, text)];
}

/** A server's own certificate as it was shown; `until`: ms since 1970, undefined where none was seen. */
export function checkServerCertificate(url: URL, until: number | undefined, now: number): Finding[] {
  if (until === undefined) return [];
  const days = daysFrom(now, until);
  const text = `the server's certificate is trusted, has its name, and ends in ${days} days`;
  if (days >= SOON) return [ok("destination-certificate", url.href, text)];
  const at = `${url.hostname}:${url.port === "" ? "443" : url.port}`;
  const remedy = `openssl s_client -connect ${at} </dev/null | openssl x509 -noout -subject -dates   # renew it there`;
  return [warning("destination-certificate", url.href, text, remedy)];
}

function checkOne(subject: string, one: CertificateFacts, now: number): Finding[] {
  const what = `the certificate of ${one.subject} in ${one.path}`;
  const look = `openssl x509 -noout -subject -issuer -dates -in ${shellWord(one.path)}`;
  const days = daysFrom(now, one.until);
  if (one.isBroken) {
    const text = `${what} is followed by one that did not issue it: the other side may find no way to its CA`;
    return [error("certificate-chain", subject, text, `${look}   # its own first, then the one that issued it`)];
  }
  if (one.from > now)
    return [error("certificate-expires", subject, `${what} is not valid yet: is the clock right?`, look)];
  if (days < 0) return [error("certificate-expires", subject, `${what} has expired`, `${look}   # renew it`)];
  if (days < SOON)
    return [warning("certificate-expires", subject, `${what} expires in ${days} days`, `${look}   # renew it`)];
  return [];
}

function daysFrom(now: number, until: number): number {
  return Math.floor((until - now) / DAY);
}
