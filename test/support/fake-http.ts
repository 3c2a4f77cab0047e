// A destination in memory behind the client's HTTP port: strict appends, and on demand any answer or failure.

import { zstdDecompressSync } from "node:zlib";
import type { HttpClient, HttpConnection, HttpOutcome, HttpRequest } from "../../src/platform/http.ts";
import { formatUnsatisfied, parseContentRange } from "../../src/protocol/content-range.ts";

/** Decides a request instead of the destination; undefined lets the destination answer. */
export type Script = (request: HttpRequest) => HttpOutcome | undefined | Promise<HttpOutcome | undefined>;

export class FakeHttp implements HttpClient {
  readonly files = new Map<string, Buffer>();
  readonly requests: HttpRequest[] = [];
  script: Script = () => undefined;
  /** undefined: not a strict server. */
  start: string | undefined = "life-1";
  /** What its answers say in Accept-Encoding. */
  codings: string | undefined;
  connections = 0;

  connect(): HttpConnection {
    this.connections++;
    let usable = true;
    let last: Promise<unknown> = Promise.resolve();
    return {
      get usable() {
        return usable;
      },
      destroy: () => {
        usable = false;
      },
      send: (request) => {
        this.requests.push(request);
        const outcome = last.then(async () => {
          const scripted = await this.script(request);
          const result: HttpOutcome =
            scripted ?? (usable ? this.#answer(request) : { kind: "failure", error: new Error("destroyed") });
          if (result.kind === "failure") usable = false;
          return result;
        });
        last = outcome;
        return outcome;
      },
    };
  }

  answer(status: number, headers: Record<string, string> = {}): HttpOutcome {
    const own = {
      ...(this.start && { "shaftlog-start": this.start }),
      ...(this.codings && { "accept-encoding": this.codings }),
    };
    return { kind: "answer", status, headers: { ...own, ...headers } };
  }

  #answer(request: HttpRequest): HttpOutcome {
    const file = this.files.get(request.path);
    if (request.method === "HEAD") {
      return file === undefined ? this.answer(404) : this.answer(200, { "content-length": `${file.length}` });
    }
    const range = parseContentRange(request.headers[request.headers.indexOf("content-range") + 1] ?? "");
    const size = file?.length ?? 0;
    const body = request.headers.includes("content-encoding") ? zstdDecompressSync(request.body ?? "") : request.body;
    if (range === undefined || body?.byteLength !== range.end - range.start) return this.answer(400);
    if (range.start !== size) return this.answer(416, { "content-range": formatUnsatisfied(size) });
    this.files.set(request.path, Buffer.concat([file ?? Buffer.alloc(0), body]));
    return this.answer(size === 0 ? 201 : 204);
  }
}
