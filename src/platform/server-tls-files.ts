// The files of a TLS server → material that works as it stands. Promises: nothing is returned that the TLS library
// would not take as a whole; what is wrong is a TlsFileError with the path and the remedy.

import { createHash, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { describe } from "../base/errors.ts";
import { quoteText } from "../base/text.ts";
import type { TlsMaterial } from "./http-server.ts";
import { contextOptions } from "./node-tls.ts";
import { readCertificates, readIdentity, readText, TlsFileError } from "./tls-files.ts";

/** By absolute path. */
export interface ServerTlsPaths {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string | undefined;
  readonly crl: string | undefined;
}

export interface LoadedTls {
  readonly material: TlsMaterial;
  /** Changes with whom we trust: CAs and revocation list. */
  readonly trust: string;
  /** What ends when. */
  readonly expiries: readonly Expiry[];
}

/** When a certificate holds, in ms since 1970. */
export interface Expiry {
  readonly path: string;
  /** Subject of the certificate. */
  readonly subject: string;
  readonly from: number;
  readonly at: number;
}

/** Whether the server's own certificate holds at `now`. */
export function holds({ expiries: [leaf] }: LoadedTls, now: number): boolean {
  return leaf !== undefined && leaf.from <= now && now < leaf.at;
}

export function pathsOf({ cert, key, clientCa, crl }: ServerTlsPaths): string[] {
  return [cert, key, clientCa, crl].filter((path) => path !== undefined);
}

/** Throws TlsFileError. */
export function loadServerTls(paths: ServerTlsPaths): LoadedTls {
  const { cert, key } = readIdentity(paths.cert, paths.key);
  const clientCa = paths.clientCa === undefined ? undefined : readAuthorities(paths.clientCa);
  const crls = paths.crl === undefined ? [] : readRevocationLists(paths.crl);
  const material: TlsMaterial = { cert, key, clientCa: clientCa?.join("\n"), crls };
  tryOut(paths.cert, contextOptions({ ...material, clientCa: undefined, crls: [] }));
  if (paths.clientCa !== undefined) tryOut(paths.clientCa, contextOptions({ ...material, crls: [] }));
  if (paths.crl !== undefined) tryOut(paths.crl, contextOptions(material));
  const trust = createHash("sha256")
    .update(JSON.stringify([clientCa, crls]))
    .digest("hex");
  const expiries = [...readCertificates(paths.cert).map((pem) => expiryOf(paths.cert, pem))];
  if (paths.clientCa !== undefined) for (const pem of clientCa ?? []) expiries.push(expiryOf(paths.clientCa, pem));
  return { material, trust, expiries };
}

function readAuthorities(path: string): string[] {
  const all = readCertificates(path);
  for (const pem of all) {
    if (!new X509Certificate(pem).ca) {
      throw new TlsFileError(
        `${quoteText(path)} holds a certificate that is no CA, so no client certificate can be its`,
      );
    }
  }
  return all;
}

/** Each on its own: the TLS library reads only the first of a text. */
function readRevocationLists(path: string): string[] {
  const blocks = readText(path).match(/-----BEGIN X509 CRL-----[\s\S]*?-----END X509 CRL-----/g);
  if (blocks === null) throw new TlsFileError(`${quoteText(path)} holds no revocation list in PEM form`);
  return blocks;
}

function tryOut(path: string, options: SecureContextOptions): void {
  try {
    createSecureContext(options);
  } catch (error) {
    throw new TlsFileError(`${quoteText(path)} is not taken by the TLS library: ${describe(error)}`, { cause: error });
  }
}

function expiryOf(path: string, pem: string): Expiry {
  const { subject, validFrom, validTo } = new X509Certificate(pem);
  const name = (subject ?? "").replaceAll("\n", ", ");
  return { path, subject: name, from: Date.parse(validFrom), at: Date.parse(validTo) };
}
