// Certificates for tests, made by openssl: an authority, and what it issues, good or bad in every way that a test
// asks for. Everything lies in the directory that is handed in and goes with it.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

/** Why tests with certificates are skipped, or false. */
export const noOpenssl: string | false =
  spawnSync("openssl", ["version"]).status === 0 ? false : "openssl is not installed";

export interface Issue {
  /** As OpenSSL writes it: `DNS:localhost,IP:127.0.0.1`. */
  readonly san?: string;
  readonly usage?: "serverAuth" | "clientAuth";
  /** Days from now; negative for the past. */
  readonly from?: number;
  readonly to?: number;
}

/** Paths of PEM files. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

const DAY = 86_400_000;
const CONFIG = `[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
default_crl_days = 30
[any]
commonName = supplied
[req]
distinguished_name = dn
[dn]
`;

let count = 0;

export class Authority {
  /** Its certificate, PEM. */
  readonly cert: string;
  readonly #home: string;

  constructor(directory: string, name = "test authority") {
    this.#home = path.join(directory, `authority-${++count}`);
    fs.mkdirSync(this.#home);
    fs.writeFileSync(path.join(this.#home, "config"), CONFIG);
    fs.writeFileSync(path.join(this.#home, "index.txt"), "");
    this.cert = path.join(this.#home, "authority.pem");
    const extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"];
    this.#selfSigned("authority", `/CN=${name}`, extensions);
  }

  /** A certificate and its key; 10 days from now unless asked for otherwise. */
  issue(name: string, { san, usage = "serverAuth", from = -1, to = 10 }: Issue = {}): Issued {
    const id = `issued-${++count}`;
    this.#openssl("req", "-new", ...this.#newKey(id), "-subj", `/CN=${name}`, "-out", `${id}.csr`);
    const extensions = [`extendedKeyUsage=${usage}`, ...(san === undefined ? [] : [`subjectAltName=${san}`])];
    fs.writeFileSync(path.join(this.#home, `${id}.ext`), extensions.join("\n"));
    const dates = ["-startdate", dateOf(from), "-enddate", dateOf(to)];
    const files = ["-in", `${id}.csr`, "-out", `${id}.pem`, "-extfile", `${id}.ext`];
    const signer = ["-cert", this.cert, "-keyfile", "authority.key"];
    this.#openssl("ca", "-batch", "-notext", ...signer, ...dates, ...files);
    return this.#paths(id);
  }

  /** A certificate that nobody else vouches for. */
  selfSigned(name: string, san: string): Issued {
    const id = `self-${++count}`;
    this.#selfSigned(id, `/CN=${name}`, [`subjectAltName=${san}`]);
    return this.#paths(id);
  }

  /** Revokes what was issued. */
  revoke({ cert }: Issued): void {
    this.#openssl("ca", "-cert", this.cert, "-keyfile", "authority.key", "-revoke", cert);
  }

  /** The path of a fresh revocation list. */
  crl(): string {
    const file = path.join(this.#home, `crl-${++count}.pem`);
    this.#openssl("ca", "-gencrl", "-cert", this.cert, "-keyfile", "authority.key", "-out", file);
    return file;
  }

  #selfSigned(id: string, subject: string, extensions: readonly string[]): void {
    const added = extensions.flatMap((extension) => ["-addext", extension]);
    this.#openssl("req", "-x509", ...this.#newKey(id), "-subj", subject, "-days", "30", ...added, "-out", `${id}.pem`);
  }

  #newKey(id: string): string[] {
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${id}.key`];
  }

  #paths(id: string): Issued {
    const key = path.join(this.#home, `${id}.key`);
    fs.chmodSync(key, 0o600);
    return { cert: path.join(this.#home, `${id}.pem`), key };
  }

  #openssl(command: string, ...args: readonly string[]): void {
    const all = [command, "-config", "config", ...args];
    const { status, stderr } = spawnSync("openssl", all, { cwd: this.#home, encoding: "utf8", timeout: 30_000 });
    if (status !== 0) throw new Error(`openssl ${all.join(" ")}: ${stderr}`);
  }
}

/** As ASN.1 has it. */
function dateOf(days: number): string {
  return `${new Date(Date.now() + days * DAY).toISOString().replace(/[-:T]|\.\d+/g, "")}`;
}
