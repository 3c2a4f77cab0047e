// A certificate authority in a directory, for people who have no PKI: EC P-256 throughout, certificates for servers or
// for clients and never for both, a revocation list from the start. Promises: the directory is 0700 and private keys
// are 0600; nothing is ever overwritten; a name is taken only if it can stand for itself in a path and in a URL.

import { X509Certificate } from "node:crypto";
import fs from "node:fs";
import { isIP } from "node:net";
import path from "node:path";
import { codeOf, describe, StartFailure } from "../base/errors.ts";
import { bytesOf, quoteText } from "../base/text.ts";
import { lockDirectory } from "./lock.ts";
import { OPENSSL_CONFIG, openssl, requireOpenssl } from "./openssl.ts";

const DAY = 86_400_000;
/** Certificates hold from a little earlier, for hosts whose clock is behind. ms. */
const BACKDATE = 3_600_000;

export type Usage = "server" | "client";

/** Absolute paths of PEM files. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** Makes an authority in `directory`, which must be new or empty. */
export function initAuthority(directory: string, name: string, days: number): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/.test(name)) {
    throw new StartFailure(`The name ${quoteText(name)} has other characters than letters, digits, blanks, ._-`);
  }
  requireOpenssl();
  makePrivateDirectory(directory);
  locked(directory, () => {
    fs.mkdirSync(path.join(directory, "issued"), { mode: 0o700 });
    write(directory, "openssl.cnf", OPENSSL_CONFIG);
    write(directory, "index.txt", "");
    const request = ["-new", ...newKey("ca.key"), "-subj", `/CN=${name}`, "-out", "ca.csr"];
    openssl(directory, "", "make the key of the authority", "req", ...request);
    const signing = ["-batch", "-notext", "-selfsign", "-in", "ca.csr", "-out", "ca.crt", "-extensions", "authority"];
    openssl(directory, "", "sign the authority", "ca", ...signing, ...dates(Date.now() + days * DAY));
    fs.unlinkSync(path.join(directory, "ca.csr"));
    fs.chmodSync(path.join(directory, "ca.crt"), 0o644);
    renewRevocations(directory);
  });
}

/** Issues a certificate for `names`; the first is its common name and names its files. */
export function issue(directory: string, usage: Usage, names: readonly string[], days: number): Issued {
  for (const name of names) checkName(usage, name);
  const [first = ""] = names;
  const files = filesOf(directory, usage, first);
  return locked(directory, () => {
    for (const file of Object.values(files)) {
      if (fs.existsSync(file)) throw new StartFailure(`${quoteText(file)} exists already: move it away, or revoke it`);
    }
    const work = fs.mkdtempSync(path.join(directory, ".new-"));
    try {
      const inWork = (file: string) => path.join(path.basename(work), file);
      const san = names.map((name) => (isIP(name) !== 0 ? `IP:${name}` : `DNS:${name}`)).join(",");
      const request = ["-new", ...newKey(inWork("key")), "-subj", `/CN=${first}`, "-out", inWork("csr")];
      openssl(directory, san, "make a key", "req", ...request);
      const ends = Math.min(Date.now() + days * DAY, Date.parse(read(directory, "ca.crt").validTo));
      const signing = ["-batch", "-notext", "-in", inWork("csr"), "-out", inWork("crt"), "-extensions", usage];
      openssl(directory, san, "sign the certificate", "ca", ...signing, ...dates(ends));
      fs.chmodSync(path.join(work, "crt"), 0o644);
      // A link fails where a rename would replace.
      fs.linkSync(path.join(work, "key"), files.key);
      fs.linkSync(path.join(work, "crt"), files.cert);
    } finally {
      fs.rmSync(work, { recursive: true, force: true });
    }
    return files;
  });
}

/** Revokes what was issued last for `name`, and puts its files aside so that it can be issued anew. */
export function revoke(directory: string, usage: Usage, name: string): void {
  checkName(usage, name);
  const files = filesOf(directory, usage, name);
  locked(directory, () => {
    const { serialNumber } = read(directory, path.basename(files.cert));
    openssl(directory, "", "revoke the certificate", "ca", "-batch", "-revoke", path.basename(files.cert));
    renewRevocations(directory);
    for (const file of Object.values(files)) fs.renameSync(file, `${file}.revoked-${serialNumber}`);
  });
}

function renewRevocations(directory: string): void {
  openssl(directory, "", "sign the revocation list", "ca", "-gencrl", "-out", "ca.crl.new");
  // In one step: a server may be reading it.
  fs.chmodSync(path.join(directory, "ca.crl.new"), 0o644);
  fs.renameSync(path.join(directory, "ca.crl.new"), path.join(directory, "ca.crl"));
}

function filesOf(directory: string, usage: Usage, name: string): Issued {
  const base = path.join(directory, `${usage}-${name.replaceAll(":", "_")}`);
  return { cert: `${base}.crt`, key: `${base}.key` };
}

/** A client's name becomes a directory and part of a URL; a server's is a host name or an address. */
function checkName(usage: Usage, name: string): void {
  const host = /^(?=.{1,64}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/;
  if (host.test(name) || (usage === "server" && isIP(name) !== 0)) return;
  const expected = usage === "server" ? "host name or IP address" : "host name";
  throw new StartFailure(
    `${quoteText(name)} is no ${expected} of at most 64 letters, digits, hyphens, underscores, dots`,
  );
}

function newKey(file: string): string[] {
  return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", file];
}

function dates(end: number): string[] {
  const asn1 = (ms: number) => new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "");
  return ["-startdate", asn1(Date.now() - BACKDATE), "-enddate", asn1(end)];
}

function makePrivateDirectory(directory: string): void {
  try {
    fs.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw new StartFailure(`Cannot make ${quoteText(directory)}: ${describe(error)}`);
    if (fs.readdirSync(directory).length > 0) {
      throw new StartFailure(`${quoteText(directory)} is not empty: nothing in it is touched; name a new directory`);
    }
    fs.chmodSync(directory, 0o700);
  }
}

function write(directory: string, file: string, text: string): void {
  fs.writeFileSync(path.join(directory, file), text, { flag: "wx", mode: 0o600 });
}

function read(directory: string, file: string): X509Certificate {
  try {
    return new X509Certificate(fs.readFileSync(path.join(directory, file)));
  } catch (error) {
    throw new StartFailure(`Cannot read ${quoteText(path.join(directory, file))}: ${describe(error)}`);
  }
}

/** One at a time, and no file that anybody else may read but certificates. */
function locked<T>(directory: string, run: () => T): T {
  if (!fs.existsSync(directory)) throw new StartFailure(`${quoteText(directory)} is not there: shaftlog pki init`);
  const umask = process.umask(0o077);
  const lock = lockDirectory(bytesOf(directory));
  try {
    return run();
  } finally {
    lock.release();
    process.umask(umask);
  }
}
