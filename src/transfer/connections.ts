// The connections of one lane to one destination: at most so many, the one used last taken first, so that
// few stay open when little is sent.

import type { HttpClient, HttpConnection, HttpOptions } from "../platform/http.ts";

export class Connections {
  readonly #client: HttpClient;
  readonly #origin: string;
  readonly #most: number;
  #options: HttpOptions;
  #idle: HttpConnection[] = [];
  readonly #busy = new Set<HttpConnection>();

  constructor(client: HttpClient, origin: string, most: number, options: HttpOptions) {
    this.#client = client;
    this.#origin = origin;
    this.#most = most;
    this.#options = options;
  }

  get busy(): number {
    return this.#busy.size;
  }

  /** From now on connections are opened with `options`; idle ones are closed. */
  use(options: HttpOptions): void {
    this.#options = options;
    for (const connection of this.#idle) connection.destroy();
    this.#idle = [];
  }

  /** One to use, or undefined where all are in use. */
  take(): HttpConnection | undefined {
    if (this.#busy.size >= this.#most) return undefined;
    let connection = this.#idle.pop();
    while (connection !== undefined && !connection.usable) connection = this.#idle.pop();
    connection ??= this.#client.connect(this.#origin, this.#options);
    this.#busy.add(connection);
    return connection;
  }

  give(connection: HttpConnection): void {
    this.#busy.delete(connection);
    if (connection.usable) this.#idle.push(connection);
  }

  /** Ends all of them; requests in flight fail. */
  destroy(): void {
    for (const connection of [...this.#idle, ...this.#busy]) connection.destroy();
    this.#idle = [];
  }
}
