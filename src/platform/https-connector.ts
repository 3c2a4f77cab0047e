// Opens TLS connections for the client's HTTP. Promises: 1.2 or 1.3; CA and host name are always checked, whatever
// the environment says (NODE_TLS_REJECT_UNAUTHORIZED); TCP and TLS together take at most `CONNECT_TIMEOUT`; there is
// no way from here to a connection without TLS. Sessions are resumed, but no longer than an hour after the
// certificate was really looked at, and never under other certificates or CAs than those they were made with.

import { constants, type X509Certificate } from "node:crypto";
import tls, { type PeerCertificate, type SecureContext, type TLSSocket } from "node:tls";
import type { buildConnector } from "undici";
import { codeOf } from "../base/errors.ts";
import { quoteText } from "../base/text.ts";
import { readCertificates, readIdentity, TlsFileError, type TlsPaths } from "./tls-files.ts";

/** What the connections of one destination are made with. */
export interface TlsTerms {
  readonly context: SecureContext;
  /** Instead of the URL's host, for what is sent and what is checked. */
  readonly serverName: string | undefined;
  /** When our certificate expires, ms since 1970; undefined where there is none. */
  readonly notAfter: number | undefined;
}

const CONNECT_TIMEOUT = 10_000;
/**
 * ms that the server's verdict on our certificate is waited for where it closed the connection before. In TLS 1.3 it
 * comes after our half of the handshake is done: a request sent meanwhile would turn the alert, which says why, into
 * a reset. A session ticket is the good verdict.
 */
const VERDICT = 1_000;
/** ms that the last full look at the server's certificate may be ago. */
const LONGEST_SESSION = 3_600_000;

interface Resumable {
  readonly session: Buffer;
  readonly context: SecureContext;
  readonly until: number;
}

/** Reads the files; `validAt`: our certificate has to be valid then. Throws TlsFileError. */
export function readTerms(paths: TlsPaths, serverName: string | undefined, validAt?: number): TlsTerms {
  const { ca, cert, key } = paths;
  const identity = cert === undefined || key === undefined ? undefined : readIdentity(cert, key);
  if (identity !== undefined && validAt !== undefined) refuseInvalid(cert ?? "", identity.leaf, validAt);
  const context = tls.createSecureContext({
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.3",
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
    // Without `ca` it is the CAs that are built into Node.
    ...(ca === undefined ? {} : { ca: readCertificates(ca) }),
    ...(identity === undefined ? {} : { cert: identity.cert, key: identity.key }),
  });
  return { context, serverName, notAfter: identity?.leaf.validToDate.getTime() };
}

function refuseInvalid(path: string, { validFromDate, validToDate }: X509Certificate, now: number): void {
  const fault = validFromDate.getTime() > now ? "is not valid yet" : validToDate.getTime() < now ? "has expired" : "";
  if (fault !== "") throw new TlsFileError(`The certificate in ${quoteText(path)} ${fault}`);
}

export interface ConnectorParts {
  /** Asked for at each connection. */
  readonly terms: () => TlsTerms;
  /** Whether to wait for the server's verdict on us before anything is sent. */
  readonly careful: () => boolean;
  /** The server's certificate was found good; it ends at `until`, ms since 1970. */
  readonly seen: (until: number) => void;
}

export function tlsConnector({ terms, careful, seen }: ConnectorParts): buildConnector.connector {
  let resumable: Resumable | undefined;
  return ({ hostname, port }, callback) => {
    const { context, serverName } = terms();
    const name = serverName ?? hostname;
    if (resumable !== undefined && (resumable.context !== context || resumable.until < Date.now())) {
      resumable = undefined;
    }
    const resumed = resumable;
    const socket = tls.connect({
      host: hostname,
      port: port === "" ? 443 : Number(port),
      // An address is checked, but not sent (RFC 6066).
      servername: isAddress(name) ? "" : name,
      secureContext: context,
      session: resumed?.session,
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: true,
      checkServerIdentity: (_, certificate) => checkName(name, certificate),
    });
    socket.setNoDelay(true).setKeepAlive(true, 60_000);
    const settle = once((error?: Error) => {
      clearTimeout(timer);
      if (error === undefined && !socket.destroyed) callback(null, socket);
      else callback(error ?? closed(), null);
    });
    const timer = setTimeout(() => socket.destroy(timedOut(socket)), CONNECT_TIMEOUT);
    // A resumed session passes on the time that it was good for. While OpenSSL hands out a session the certificate
    // cannot be asked for, so that is done before.
    let until = 0;
    socket.once("secureConnect", () => {
      until = resumed !== undefined && socket.isSessionReused() ? resumed.until : endOfTrust(socket, seen);
      if (!careful() || socket.getProtocol() !== "TLSv1.3") return settle();
      socket.once("session", () => settle());
      setTimeout(settle, VERDICT);
    });
    socket.on("session", (session) => {
      resumable = { session, context, until };
    });
    socket.on("error", settle);
    socket.once("close", () => settle(closed()));
  };
}

function once(run: (error?: Error) => void): (error?: Error) => void {
  let done = false;
  return (error) => {
    if (done) return;
    done = true;
    run(error);
  };
}

function closed(): Error {
  return Object.assign(new Error("closed"), { code: "ECONNRESET" });
}

function timedOut(socket: TLSSocket): Error {
  const what = socket.connecting ? "connection timed out" : "the TLS handshake timed out";
  return Object.assign(new Error(what), { code: socket.connecting ? "UND_ERR_CONNECT_TIMEOUT" : "TLS_TIMEOUT" });
}

/** Resuming skips the look at the certificate, so it ends with what that look was good for. */
function endOfTrust(socket: TLSSocket, seen: ConnectorParts["seen"]): number {
  const expires = socket.getPeerX509Certificate()?.validToDate.getTime() ?? 0;
  seen(expires);
  return Math.min(Date.now() + LONGEST_SESSION, expires);
}

/** Called only once the chain was found good. */
function checkName(name: string, certificate: PeerCertificate): Error | undefined {
  const error = tls.checkServerIdentity(name, certificate);
  if (error === undefined) return undefined;
  const names = (certificate.subjectaltname ?? certificate.subject?.CN ?? "nobody").toString();
  const shown = names.length > 200 ? `${names.slice(0, 200)}…` : names;
  const text =
    `the server's certificate is for ${shown}, not for ${name}: ` +
    "deliver to a name that it has, or put the one it has into tls.server_name";
  return Object.assign(new Error(text), { code: codeOf(error) });
}

function isAddress(name: string): boolean {
  return /^[0-9.]+$/.test(name) || name.includes(":");
}
