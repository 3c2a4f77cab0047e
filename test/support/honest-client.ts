// A client that only wants to append: one line after the other to one file, each as soon as the one before is durable.
// When its connection ends it connects anew and asks. Whatever is done to the server beside it, it must get on; how
// long it waited at most is for the test to judge. `finish` compares every byte.

import assert from "node:assert/strict";
import fs from "node:fs";
import { type Answer, type Connection, head, putHead } from "./raw-http.ts";

export class HonestClient {
  readonly #connect: () => Promise<Connection>;
  readonly #target: string;
  readonly #running: Promise<void>;
  #connection: Connection | undefined;
  #done = false;
  size = 0;
  connections = 0;
  /** The longest that one line took, in ms, new connections included. */
  slowest = 0;
  /** Statuses other than 2xx, with how often they came. */
  readonly refusals = new Map<number, number>();

  constructor(connect: () => Promise<Connection>, target: string) {
    this.#connect = connect;
    this.#target = target;
    this.#running = this.#run();
    // Told by `finish`; until then nobody awaits it.
    this.#running.catch(() => {});
  }

  /** Ends, and compares the server's file with what was acknowledged. */
  async finish(file: string): Promise<void> {
    this.#done = true;
    await this.#running;
    this.#connection?.close();
    const text = fs.readFileSync(file, "utf8");
    assert.equal(text.length, this.size);
    let at = 0;
    for (const line of text.split("\n").slice(0, -1)) {
      assert.equal(line, String(at), "lost, doubled or spliced");
      at += line.length + 1;
    }
  }

  async #run(): Promise<void> {
    while (!this.#done) {
      const began = performance.now();
      while (!(await this.#append())) await new Promise((resolve) => setTimeout(resolve, 20));
      this.slowest = Math.max(this.slowest, performance.now() - began);
    }
  }

  /** True once a line is durable. */
  async #append(): Promise<boolean> {
    try {
      this.#connection ??= await this.#ask();
    } catch {
      this.#refused(0);
      return false;
    }
    const line = `${this.size}\n`;
    await this.#connection?.send(putHead(this.#target, this.size, line.length) + line);
    const answer = await this.#connection?.answer();
    if (answer?.status === 201 || answer?.status === 204) {
      this.size += line.length;
      return true;
    }
    this.#refused(answer?.status ?? 0);
    return false;
  }

  async #ask(): Promise<Connection | undefined> {
    const connection = await this.#connect();
    this.connections++;
    await connection.send(head("HEAD", this.#target));
    const answer: Answer | undefined = await connection.answer(true);
    if (answer?.status === 200) this.size = Number(answer.fields.get("upload-offset"));
    if (answer?.status === 200 || answer?.status === 404) return connection;
    connection.close();
    this.#refused(answer?.status ?? 0);
    return undefined;
  }

  #refused(status: number): void {
    this.#connection?.close();
    this.#connection = undefined;
    this.refusals.set(status, (this.refusals.get(status) ?? 0) + 1);
  }
}
