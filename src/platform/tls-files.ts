// Certificates, private keys and CAs from PEM files. Promises: what is returned was looked at in full, so that it
// works as soon as it is used, and what is wrong is said with the path and the remedy (TlsFileError); a private key
// that others can read is refused. Links are followed: that is how certificates are renewed in one step. No byte of
// a key ever gets into a message. `stampOf` tells cheaply whether files are still those that were read.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import fs from "node:fs";
import { describe } from "../base/errors.ts";
import { escapeText, quoteText } from "../base/text.ts";

/** What a `tls` section names, by absolute path. */
export interface TlsPaths {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** A certificate with its key, and the chain behind it. */
export interface TlsIdentity {
  /** PEM, the leaf first. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  readonly leaf: X509Certificate;
}

/** A file that cannot be used; the message names it and what to do. */
export class TlsFileError extends Error {
  override readonly name = "TlsFileError";
}

/** A larger file is none of ours; a bundle of all public CAs has a quarter of it. */
const LARGEST = 1024 * 1024;

/** The certificates of a PEM file, as they stand there. Throws TlsFileError. */
export function readCertificates(path: string): string[] {
  const blocks = readText(path).match(
    /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END [A-Z0-9 ]+-----/g,
  );
  if (blocks === null) throw new TlsFileError(`${quoteText(path)} holds no certificate in PEM form`);
  for (const block of blocks) parse(path, block);
  return blocks;
}

/** A certificate and its private key. Throws TlsFileError, also where they do not belong together. */
export function readIdentity(certPath: string, keyPath: string): TlsIdentity {
  const chain = readCertificates(certPath);
  const leaf = parse(certPath, chain[0] as string);
  const key = readSecret(keyPath, "private key");
  if (!leaf.checkPrivateKey(privateKey(keyPath, key))) {
    throw new TlsFileError(`${quoteText(keyPath)} is not the private key of the certificate in ${quoteText(certPath)}`);
  }
  return { cert: chain.join("\n"), key, leaf };
}

/** Changes whenever one of the files is written, replaced, or reached by another link. Never throws. */
export function stampOf(paths: readonly string[]): string {
  return paths.map(stampOfOne).join(" ");
}

function stampOfOne(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = fs.statSync(path, { bigint: true });
    return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
  } catch (error) {
    return describe(error);
  }
}

/** A regular file as latin1. Throws TlsFileError. `check` sees what was opened, not what has its name by then. */
export function readText(path: string, check?: (path: string, stat: fs.Stats) => void): string {
  let fd: number | undefined;
  try {
    fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) throw new TlsFileError(`${quoteText(path)} is no regular file`);
    if (stat.size > LARGEST) throw new TlsFileError(`${quoteText(path)} is larger than 1 MiB`);
    check?.(path, stat);
    return fs.readFileSync(fd, "latin1");
  } catch (error) {
    if (error instanceof TlsFileError) throw error;
    throw new TlsFileError(`Cannot read ${quoteText(path)}: ${describe(error)}`, { cause: error });
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** A file that nobody else may read. `what` it is, for the message. Throws TlsFileError. */
export function readSecret(path: string, what: string): string {
  return readText(path, (_, stat) => refuseReadable(path, what, stat));
}

/** As PostgreSQL has it: nobody but the owner, or root's group where root lends the key to a service. */
function refuseReadable(path: string, what: string, { mode, uid }: fs.Stats): void {
  const user = process.geteuid?.();
  if (uid !== 0 && uid !== user) {
    const owner = `belongs to user ${uid}, who can read it`;
    throw new TlsFileError(`The ${what} ${quoteText(path)} ${owner}: chown ${user} ${escapeText(path)}`);
  }
  const lent = uid === 0 && user !== 0;
  if ((mode & (lent ? 0o027 : 0o077)) === 0) return;
  const bits = (mode & 0o7777).toString(8).padStart(4, "0");
  throw new TlsFileError(
    `The ${what} ${quoteText(path)} can be read or changed by others (mode ${bits}): chmod 600 ${escapeText(path)}`,
  );
}

function parse(path: string, block: string): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (error) {
    throw new TlsFileError(`A certificate in ${quoteText(path)} is damaged`, { cause: error });
  }
}

function privateKey(path: string, pem: string): KeyObject {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw new TlsFileError(
      `The private key ${quoteText(path)} is encrypted; it must be without a passphrase, mode 0600`,
    );
  }
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new TlsFileError(`${quoteText(path)} holds no private key in PEM form`, { cause: error });
  }
}
