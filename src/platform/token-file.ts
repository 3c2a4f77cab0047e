// A bearer token from a file, for a destination that knows us by one (RFC 6750). Promises: the file is nobody else's to
// read, the token is of a form that can stand in a field, and neither is ever part of a message. A new token is used
// from the next request on, over the same connections.

import { quoteText } from "../base/text.ts";
import { readSecret, stampOf, TlsFileError } from "./tls-files.ts";

const FORM = /^[A-Za-z0-9\-._~+/]{16,512}={0,2}$/;

export class TokenFile {
  readonly what = "token file";
  readonly #path: string;
  #stamp: string;
  #fields: readonly string[];

  /** Throws TlsFileError. */
  constructor(path: string) {
    this.#path = path;
    this.#stamp = this.stampNow();
    this.#fields = read(path);
  }

  /** What every request carries: name, value. */
  get fields(): readonly string[] {
    return this.#fields;
  }

  /** What the file in use was when it was read. */
  get stamp(): string {
    return this.#stamp;
  }

  /** What it is now. */
  stampNow(): string {
    return stampOf([this.#path]);
  }

  /** Reads the file anew. Throws TlsFileError and goes on with what it has. */
  renew(): void {
    const stamp = this.stampNow();
    this.#fields = read(this.#path);
    this.#stamp = stamp;
  }
}

function read(path: string): string[] {
  const token = readSecret(path, "token file").trim();
  if (FORM.test(token)) return ["authorization", `Bearer ${token}`];
  throw new TlsFileError(
    `${quoteText(path)} holds no token: one line of 16 to 512 letters, digits and any of - . _ ~ + / =, as ` +
      "`openssl rand -hex 32` makes them",
  );
}
