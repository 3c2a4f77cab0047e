// Connections on which many short questions are on the wire at once: so many files can be asked about that the
// round trip does not count. Few, filled one after the other.

import type { HttpClient, HttpConnection } from "../platform/http.ts";

export class SharedConnections {
  readonly #client: HttpClient;
  readonly #origin: string;
  readonly #most: number;
  readonly #depth: number;
  /** How many use each. */
  readonly #users = new Map<HttpConnection, number>();

  /** At most `most` connections with `depth` requests each. */
  constructor(client: HttpClient, origin: string, most: number, depth: number) {
    this.#client = client;
    this.#origin = origin;
    this.#most = most;
    this.#depth = depth;
  }

  /** How many requests are on the wire. */
  get busy(): number {
    let busy = 0;
    for (const users of this.#users.values()) busy += users;
    return busy;
  }

  /** One with room for a request more, or undefined. */
  take(): HttpConnection | undefined {
    for (const [connection, users] of this.#users) {
      if (!connection.usable || users >= this.#depth) continue;
      this.#users.set(connection, users + 1);
      return connection;
    }
    if (this.#users.size >= this.#most) return undefined;
    const connection = this.#client.connect(this.#origin, { pipelining: this.#depth });
    this.#users.set(connection, 1);
    return connection;
  }

  give(connection: HttpConnection): void {
    const users = (this.#users.get(connection) ?? 1) - 1;
    if (users === 0 && !connection.usable) this.#users.delete(connection);
    else this.#users.set(connection, users);
  }

  destroy(): void {
    for (const connection of this.#users.keys()) connection.destroy();
    this.#users.clear();
  }
}
