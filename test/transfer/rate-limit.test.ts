// `rate_limit` and `concurrency` of one destination over a fake network and clock: how much is sent in how long, who goes
// first, over how many connections, and that all of it arrives.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RateLimit } from "../../src/transfer/rate-limit.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { fakeDestination } from "../support/fake-destination.ts";
import { fakeFile } from "../support/fake-entry.ts";

const KIB = 1024;

function setUp(pace: { readonly rateLimit?: number; readonly concurrency?: number }) {
  const { http, clock, destination } = fakeDestination({ ...pace });
  const sent = (name: string) => http.files.get(`/host/${name}`)?.length ?? 0;
  return { http, clock, destination, sent };
}

describe("a limit", () => {
  test("lets through what it says in any ten seconds, a tenth of a second ahead at the most", async () => {
    const clock = new FakeClock();
    const limit = new RateLimit(50_000, clock);
    let passed = 0;
    const send = async (): Promise<void> => {
      while (limit.take(1700, false) || (await limit.wait(1700, false))) passed += 2000;
    };
    void send();
    await clock.advance(10_000);
    limit.stop();
    assert.ok(passed > 495_000 && passed <= 507_000, `${passed} bytes with their heads in 10 s at 50,000 a second`);
  });

  test("nobody waits while less is sent than it allows, and no timer is set", async () => {
    const clock = new FakeClock();
    const limit = new RateLimit(1_000_000, clock);
    for (let i = 0; i < 100; i++) {
      assert.ok(limit.take(9_000, i % 2 === 0));
      await clock.advance(10);
    }
    assert.equal(clock.pending, 0);
  });

  test("what is live goes before a backlog that asked earlier, and nobody overtakes", async () => {
    const clock = new FakeClock();
    const limit = new RateLimit(1000, clock);
    assert.ok(limit.take(1000, false));
    const order: string[] = [];
    for (const [name, live] of [
      ["backlog", false],
      ["live 1", true],
      ["live 2", true],
    ] as const) {
      void limit.wait(200, live).then(() => order.push(name));
    }
    assert.ok(!limit.take(1, true), "others wait");
    await clock.advance(60_000);
    assert.deepEqual(order, ["live 1", "live 2", "backlog"]);
  });

  test("an end lets all go that wait, without what they wanted", async () => {
    const clock = new FakeClock();
    const limit = new RateLimit(1000, clock);
    limit.take(10_000, false);
    const waiting = [limit.wait(1, true), limit.wait(1, false)];
    limit.stop();
    assert.deepEqual(await Promise.all(waiting), [false, false]);
    assert.equal(await limit.wait(1, true), false);
    assert.equal(clock.pending, 0);
  });
});

describe("a destination with a limit", () => {
  test("gets a backlog at that rate and all of it, and lines in between at once", async () => {
    const rateLimit = 100 * KIB;
    const { http, clock, destination, sent } = setUp({ rateLimit });
    const big = fakeFile("big", Buffer.alloc(1000 * KIB, "x"));
    const live = fakeFile("live", "first\n");
    destination.added(big.generation, false);
    destination.added(live.generation, false);
    for (let second = 1; second <= 5; second++) {
      live.append(`line ${second}\n`);
      live.entry.changedAt = clock.elapsed();
      destination.changed(live.entry);
      await clock.advance(1000);
      assert.equal(http.files.get("/host/live")?.toString(), live.bytes.toString(), "the lines are not held up");
      assert.ok(sent("big") <= rateLimit * (second + 0.2), `${sent("big")} after ${second} s`);
      assert.ok(sent("big") >= rateLimit * (second - 1) * 0.8, `${sent("big")} after ${second} s`);
    }
    await clock.advance(10_000);
    assert.ok(http.files.get("/host/big")?.equals(big.bytes), "nothing is discarded");
    assert.ok(destination.isDelivered(big.generation));
  });

  test("stops while it waits, with what was sent in order", async () => {
    const { http, clock, destination, sent } = setUp({ rateLimit: 10_000 });
    const big = fakeFile("big", Buffer.alloc(1000 * KIB, "x"));
    destination.added(big.generation, false);
    await clock.advance(2000);
    const stopped = destination.stop(5000);
    await clock.advance(1);
    await stopped;
    const before = sent("big");
    assert.ok(before > 0 && before < big.bytes.length);
    await clock.advance(60_000);
    assert.equal(sent("big"), before, "nothing is sent after the end");
    assert.equal(http.requests.filter(({ method }) => method === "PUT").length > 1, true);
  });
});

describe("concurrency", () => {
  for (const [concurrency, most] of [
    [2, 2],
    [4, 4],
    [undefined, 11],
  ] as const) {
    test(`${concurrency ?? "without it"}: ${most} files are sent at the same time`, async () => {
      const { http, clock, destination, sent } = setUp(concurrency === undefined ? {} : { concurrency });
      let under = 0;
      let atOnce = 0;
      http.script = async ({ method }) => {
        if (method !== "PUT") return undefined;
        atOnce = Math.max(atOnce, ++under);
        await new Promise<void>((resolve) => clock.after(100, resolve));
        under--;
        return undefined;
      };
      destination.added(fakeFile("first", "the server is strict\n").generation);
      await clock.advance(1000);
      const names = Array.from({ length: 40 }, (_, i) => `file-${i}`);
      // Half of them are a backlog of more than one range, and none is so small that it would share a connection.
      for (const [i, name] of names.entries()) {
        destination.added(fakeFile(name, Buffer.alloc((i % 2 === 0 ? 70 : 300) * KIB, "x")).generation);
      }
      await clock.advance(60_000);
      assert.equal(names.filter((name) => sent(name) === 0).length, 0, "all of them are");
      assert.equal(atOnce, most);
    });
  }
});
