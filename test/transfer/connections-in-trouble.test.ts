// A file whose requests broke gets a fresh connection for its append; one fresh connection, and then the append.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpOutcome } from "../../src/platform/http.ts";
import { fakeDestination } from "../support/fake-destination.ts";
import { fakeFile } from "../support/fake-entry.ts";
import { FakeHttp } from "../support/fake-http.ts";

/** Fails a loop of connections, which a test could otherwise only hang on. */
class BoundedHttp extends FakeHttp {
  override connect() {
    assert.ok(this.connections < 200, "one connection after the other");
    return super.connect();
  }
}

const trouble: readonly [string, (http: FakeHttp) => HttpOutcome][] = [
  ["an answer that takes nothing", (http) => http.answer(507)],
  [
    "a broken connection",
    () => ({ kind: "failure", error: Object.assign(new Error("reset"), { code: "ECONNRESET" }) }),
  ],
];

for (const [what, outcome] of trouble) {
  test(`after ${what} to each PUT there are few connections, and all is sent once it is over`, async () => {
    const { http, clock, destination } = fakeDestination({ http: new BoundedHttp() });
    let over = false;
    http.script = ({ method }) => (method === "PUT" && !over ? outcome(http) : undefined);
    const file = fakeFile("a", "hello");
    destination.added(file.generation, false);
    await clock.advance(60_000);
    over = true;
    await clock.advance(60_000);
    assert.equal(http.files.get("/host/a")?.toString(), "hello");
    assert.equal(destination.isDelivered(file.generation), true);
  });
}
