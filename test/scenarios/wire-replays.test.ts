// Requests that come twice, late, or in another order than they were sent, because something between client and
// server kept them: an append is taken once, where the file ends, and nowhere else.

import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import type { Exchange } from "../support/exchange.ts";
import type { Replayed } from "../support/proxy.ts";
import { openScene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";
import { openWire } from "../support/wire.ts";

const ORDERS = ["012", "021", "102", "120", "201", "210"];

test("every PUT comes a second time at once: each range is taken from one of the two", async (t) => {
  const { scene, proxy, end } = await openWire(t);
  proxy.keep = true;
  const replays: Promise<readonly [Exchange, Replayed]>[] = [];
  proxy.whole = (exchange) => {
    if (exchange.method === "PUT") replays.push(proxy.replay(exchange).then((answer) => [exchange, answer]));
  };
  await scene.startClient();
  for (let i = 0; i < 25; i++) {
    for (const name of ["a.log", "b.log"]) fs.appendFileSync(scene.log(name), `${name} ${i} ${"x".repeat(i * 100)}\n`);
    await scene.delivered(scene.log("a.log"), scene.log("b.log"));
  }
  const taken = (await Promise.all(replays)).map(([{ status }, answer]) =>
    [status, answer.status].filter((one) => one === 201 || one === 204),
  );
  assert.ok(taken.length >= 20);
  assert.ok(taken.every((answers) => answers.length <= 1));
  await end();
});

test("all requests come again later, in any order: none is taken, each is told where the file ends", async (t) => {
  const { scene, proxy, end } = await openWire(t);
  proxy.keep = true;
  await scene.startClient();
  for (let i = 0; i < 20; i++) {
    fs.appendFileSync(scene.log("a.log"), `line ${i}\n`);
    await scene.delivered(scene.log("a.log"));
  }
  const size = fs.statSync(scene.log("a.log")).size;
  const puts = proxy.puts();
  assert.ok(puts.length >= 10);
  for (const exchange of [...puts.toReversed(), ...puts]) {
    assert.deepEqual(await proxy.replay(exchange), { status: 416, uploadOffset: size });
  }
  // While the client goes on.
  fs.appendFileSync(scene.log("a.log"), "and on\n");
  await Promise.all(puts.map((exchange) => proxy.replay(exchange)));
  await scene.delivered(scene.log("a.log"));
  await end();
});

test("an append that was held up comes when a longer one has taken its place", async (t) => {
  const { scene, proxy, end } = await openWire(t);
  proxy.keep = true;
  proxy.plan = ({ method }) =>
    method === "PUT" && proxy.puts().length === 1 ? { kind: "cut", after: 0, how: "rst" } : undefined;
  fs.writeFileSync(scene.log("a.log"), "first\n");
  await scene.startClient();
  await scene.until("the first PUT", () => proxy.puts()[0]?.received === 6);
  fs.appendFileSync(scene.log("a.log"), "second\n");
  await scene.delivered(scene.log("a.log"));
  const [late] = proxy.puts();
  assert.ok(late);
  assert.deepEqual(await proxy.replay(late), { status: 416, uploadOffset: 13 });
  await end();
});

test("three appends in every order and each twice: the file is a beginning at every moment", async (t) => {
  const { scene, proxy, end } = await openWire(t);
  proxy.keep = true;
  await scene.startClient();
  for (const part of ["one\n", "two two\n", "three three three\n"]) {
    for (const order of ORDERS) fs.appendFileSync(scene.log(`${order}.log`), part);
    await scene.delivered(...ORDERS.map((order) => scene.log(`${order}.log`)));
  }
  const other = await openScene(t);
  await other.startServer();
  const { hostname, port } = new URL(other.url);
  for (const order of ORDERS) {
    const puts = proxy.puts(`/${order}.log`);
    assert.equal(puts.length, 3);
    const whole = fs.readFileSync(scene.log(`${order}.log`));
    let size = 0;
    for (const index of [...order, ...order, ...order].map(Number)) {
      const exchange = puts[index] as Exchange;
      for (let twice = 0; twice < 2; twice++) {
        const fits = exchange.range?.start === size;
        const { status, uploadOffset } = await proxy.replay(exchange, { host: hostname, port: Number(port) });
        assert.equal(status, fits ? (size === 0 ? 201 : 204) : 416, `${order}: ${index} at ${size}`);
        if (fits) size = exchange.range?.end ?? 0;
        assert.equal(uploadOffset, size);
        assert.equal(other.text(`${order}.log`), whole.toString("latin1", 0, size));
      }
    }
    assert.equal(size, whole.length);
  }
  assert.equal(filesBelow(other.store).size, ORDERS.length);
  await other.server.stop();
  await end();
});
