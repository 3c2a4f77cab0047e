// The program openssl, which makes certificates for `shaftlog pki`: no code of ours encodes ASN.1, and the directory
// it works in is one that openssl alone can go on with. Promises: what fails is a StartFailure that says which step.

import { spawnSync } from "node:child_process";
import { codeOf, describe, StartFailure } from "../base/errors.ts";
import { escapeText } from "../base/text.ts";

/** `shaftlog pki` writes this as openssl.cnf; `openssl ca` and `openssl req` read it. Paths are relative to it. */
export const OPENSSL_CONFIG = `# Made by shaftlog pki. \`openssl ca -config openssl.cnf\` in this directory works too.
[ca]
default_ca = shaftlog
[shaftlog]
database = index.txt
new_certs_dir = issued
certificate = ca.crt
private_key = ca.key
rand_serial = yes
default_md = sha256
default_crl_days = 3650
crl_extensions = crl
policy = names
unique_subject = no
copy_extensions = none
[names]
commonName = supplied
[req]
prompt = no
distinguished_name = nothing
[nothing]
[crl]
authorityKeyIdentifier = keyid
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = \${ENV::SHAFTLOG_SAN}
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = \${ENV::SHAFTLOG_SAN}
`;

/** Before anything is made. */
export function requireOpenssl(): void {
  const { error } = spawnSync("openssl", ["version"], { stdio: "ignore", timeout: 60_000 });
  if (error === undefined) return;
  const remedy = codeOf(error) === "ENOENT" ? "install the package openssl, or use a PKI of yours" : describe(error);
  throw new StartFailure(`Cannot run the program openssl: ${remedy}`);
}

/** Runs openssl in `directory`. `san`: what \`subjectAltName\` is to be. */
export function openssl(directory: string, san: string, step: string, ...args: readonly string[]): void {
  const [command = "", ...rest] = args;
  const { status, stderr, error } = spawnSync("openssl", [command, "-config", "openssl.cnf", ...rest], {
    cwd: directory,
    encoding: "utf8",
    timeout: 60_000,
    env: { PATH: process.env.PATH, LC_ALL: "C", OPENSSL_CONF: "openssl.cnf", SHAFTLOG_SAN: san },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (error !== undefined) throw new StartFailure(`Cannot ${step}: openssl: ${describe(error)}`);
  if (status === 0) return;
  const said = stderr.trim().split("\n").slice(-2).map(escapeText).join("; ");
  throw new StartFailure(`Cannot ${step}: openssl ${command} ended with ${status}: ${said}`);
}
