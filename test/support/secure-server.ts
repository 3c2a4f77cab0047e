// A server of the built binary with TLS and client certificates, its files where a test can replace them, and the
// connections of clients with this or that certificate.

import fs from "node:fs";
import path from "node:path";
import type { ConnectionOptions } from "node:tls";
import { Authority, type Issued } from "./certificates.ts";
import { type Server, type ServerOptions, startServer } from "./command.ts";
import { type Answer, Connection, head, putHead } from "./raw-http.ts";
import { tempDir } from "./temp-dir.ts";

export interface SecureOptions extends ServerOptions {
  /** Whether the server has a revocation list. */
  readonly crl?: boolean;
}

export class SecureServer {
  readonly server: Server;
  readonly authority: Authority;
  /** Where the server's files lie: cert.pem, key.pem, ca.pem and perhaps crl.pem. */
  readonly files: string;

  private constructor(server: Server, authority: Authority, files: string) {
    this.server = server;
    this.authority = authority;
    this.files = files;
  }

  static async start({ crl = false, config, ...options }: SecureOptions = {}): Promise<SecureServer> {
    const files = tempDir();
    const authority = new Authority(files);
    const at = (name: string) => path.join(files, name);
    install(files, authority.issue("server", { san: "IP:127.0.0.1" }));
    fs.copyFileSync(authority.cert, at("ca.pem"));
    if (crl) fs.copyFileSync(authority.crl(), at("crl.pem"));
    const revocation = crl ? { crl: at("crl.pem") } : {};
    const tls = { cert: at("cert.pem"), key: at("key.pem"), client_ca: at("ca.pem"), ...revocation };
    return new SecureServer(
      await startServer({ debug: true, ...options, config: { tls, ...config } }),
      authority,
      files,
    );
  }

  /** A certificate for a client of this name. */
  client(name: string): Issued {
    return this.authority.issue(name, { usage: "clientAuth" });
  }

  /** What a client needs to connect. */
  options(client: Issued | undefined, more: ConnectionOptions = {}): ConnectionOptions {
    const own = client === undefined ? {} : { cert: fs.readFileSync(client.cert), key: fs.readFileSync(client.key) };
    return { ca: fs.readFileSync(this.authority.cert), ...own, ...more };
  }

  async connect(client: Issued | undefined, more: ConnectionOptions = {}): Promise<Connection> {
    return await Connection.secure(this.server.port, this.options(client, more));
  }

  /** One request on a connection of its own. */
  async ask(client: Issued | undefined, bytes: string, more: ConnectionOptions = {}): Promise<Answer | undefined> {
    const connection = await this.connect(client, more);
    await connection.send(bytes);
    const answer = await connection.answer(bytes.startsWith("HEAD "));
    connection.close();
    return answer;
  }

  /** The status of an append; 0 where there was no answer. */
  async put(client: Issued | undefined, target: string, start: number, body: string): Promise<number> {
    return (await this.ask(client, putHead(target, start, body.length) + body))?.status ?? 0;
  }

  /** The status of a HEAD; 0 where there was no answer. */
  async head(client: Issued | undefined, target: string): Promise<number> {
    return (await this.ask(client, head("HEAD", target)))?.status ?? 0;
  }

  /** Replaces one of the server's files by another, in one step. */
  replace(name: "cert.pem" | "key.pem" | "ca.pem" | "crl.pem", by: string): void {
    fs.copyFileSync(by, path.join(this.files, `${name}.new`));
    fs.renameSync(path.join(this.files, `${name}.new`), path.join(this.files, name));
  }
}

/** Puts a certificate and its key where the server finds them. */
export function install(files: string, { cert, key }: Issued): void {
  fs.copyFileSync(key, path.join(files, "key.pem"));
  fs.chmodSync(path.join(files, "key.pem"), 0o600);
  fs.copyFileSync(cert, path.join(files, "cert.pem"));
}
