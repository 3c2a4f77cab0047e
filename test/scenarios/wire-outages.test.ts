// Servers that as a whole take nothing: every way of not being there, one destination each, and a good one beside them.
// An event names the destination and the cause, at most one probe goes out per back-off, the good destination notices
// nothing, and everything is delivered once the server is good.

import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { FakeServer, type Reaction } from "../support/fake-server.ts";
import { pace } from "../support/pace.ts";
import { openScene } from "../support/scene.ts";

interface Trouble {
  /** To every request, or how connections are treated. */
  readonly reaction?: Reaction;
  readonly onConnect?: "close" | "reset";
  readonly away?: boolean;
  readonly says: RegExp;
  readonly event: "destination-unavailable" | "destination-unreachable";
  /** ms between a "not now" and the next request at least. */
  readonly pause?: number;
  /** Only PUT is answered so. */
  readonly putOnly?: boolean;
}

const TROUBLES: Readonly<Record<string, Trouble>> = {
  "429": answered(429, /429, it is asked too often/),
  "429 with Retry-After": answered(429, /429/, "3"),
  "502": answered(502, /502, a proxy does not reach it/),
  "503": answered(503, /503, it is overloaded or shutting down/),
  "503 with Retry-After": answered(503, /503/, "3"),
  "503 with a Retry-After of a week": { ...answered(503, /503/, "604800"), pause: 9_000 },
  "503 with a date": { ...answered(503, /503/, "Fri, 31 Dec 2027 23:59:59 GMT"), pause: 0 },
  "504": answered(504, /504, a proxy does not reach it/),
  "507": answered(507, /507, no space or quota left there/),
  "507 to PUT alone": { ...answered(507, /507, no space/), putOnly: true },
  garbage: {
    reaction: { raw: "\x16\x03\x01 not HTTP\r\n\r\n" },
    says: /does not match/,
    event: "destination-unreachable",
  },
  "an answer without end": {
    reaction: { raw: `HTTP/1.1 404 Not Found\r\nX: ${"x".repeat(100_000)}` },
    says: /overflow/i,
    event: "destination-unreachable",
  },
  "closed connections": {
    onConnect: "close",
    says: /connection reset|closed by the other/,
    event: "destination-unreachable",
  },
  "reset connections": {
    onConnect: "reset",
    says: /connection reset|closed by the other/,
    event: "destination-unreachable",
  },
  "refused connections": { away: true, says: /connection refused/, event: "destination-unreachable" },
  silence: { reaction: "nothing", says: /timed out/, event: "destination-unreachable" },
};

/** ms of trouble. */
const WATCHED = 12_000;
/** Back-off of 0.5, 1, 2, 4, 8 s with jitter; up to eleven requests are on the wire when the trouble begins. */
const MOST_PROBES = 9;
const MOST_AT_ONCE = 11;

test("destinations that take nothing", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const servers = await Promise.all(Object.values(TROUBLES).map(() => FakeServer.open(t)));
  const all = Object.entries(TROUBLES).map(([name, trouble], i) => ({
    name,
    trouble,
    server: servers[i] as FakeServer,
  }));
  scene.configure({ destinations: [...servers.map(({ url }) => url), scene.url] });
  const names = Array.from({ length: 20 }, (_, i) => `f${i}.log`);
  for (const name of names) fs.writeFileSync(scene.log(name), `the first line of ${name}\n`);
  for (const { trouble, server } of all) begin(trouble, server);
  await scene.startClient();

  // The good one goes on as if it were alone.
  const began = performance.now();
  while (performance.now() - began < WATCHED) {
    fs.appendFileSync(scene.log("f0.log"), "another line\n");
    await scene.until(
      "the good destination",
      () => scene.text("f0.log") === fs.readFileSync(scene.log("f0.log"), "utf8"),
      2_000,
    );
    await pace(100);
  }
  await scene.delivered(...names.map((name) => scene.log(name)));

  for (const { name, trouble, server } of all) {
    const silent = trouble.reaction === "nothing";
    // Two times of no answer until it is said.
    const said = await scene.until(
      `${name} is said`,
      () =>
        scene.client
          .events(trouble.event)
          .find(({ text }) => text.includes(`${server.url} `) || text.includes(`${server.url}:`)),
      silent ? 30_000 : 1,
    );
    assert.match(said.text, trouble.says, name);
    assert.equal(said.level, "ERROR", name);
    const lines = scene.client.events(trouble.event).filter(({ text }) => text === said.text);
    assert.equal(lines.length, 1, `${name}: said once a minute`);
    if (trouble.away) continue;
    const tries = trouble.onConnect === undefined ? server.asked.length : server.connections;
    const most = MOST_AT_ONCE * (trouble.putOnly ? MOST_PROBES * 2 : 1) + MOST_PROBES;
    assert.ok(tries > 0 && tries <= most, `${name}: ${tries} requests in ${WATCHED} ms`);
    const { pause = 0 } = trouble;
    const late = server.asked.filter(({ at }) => at > (server.asked[0]?.at ?? 0) + 500);
    const after = (late[0]?.at ?? Number.POSITIVE_INFINITY) - (server.asked[0]?.at ?? 0);
    if (pause > 0) assert.ok(after >= pause, `${name}: asked again after ${after.toFixed(0)} ms`);
  }

  for (const { trouble, server } of all) await heal(trouble, server);
  await scene.until(
    "all destinations have everything",
    () =>
      servers.every(({ files }) =>
        names.every((name) => files.get(`/${name}`)?.equals(fs.readFileSync(scene.log(name)))),
      ),
    25_000,
  );
  for (const { name, server } of all) {
    const recovered = () =>
      scene.client.events("destination-recovered").filter(({ text }) => text.startsWith(`${server.url} `));
    await scene.until(`${name}: said that it is over`, () => recovered().length > 0);
    assert.equal(recovered().length, 1, `${name}: said once`);
  }
  await scene.end({ errors: ["destination-unavailable", "destination-unreachable"] });
});

function answered(status: number, says: RegExp, retryAfter?: string): Trouble {
  const fields = retryAfter === undefined ? [] : [`Retry-After: ${retryAfter}`];
  const pause = retryAfter === undefined ? 0 : Number(retryAfter) * 1000;
  return { reaction: { status, fields }, says, event: "destination-unavailable", pause };
}

function begin({ reaction, onConnect, away, putOnly }: Trouble, server: FakeServer): void {
  server.script = ({ method }) => (putOnly && method !== "PUT" ? undefined : reaction);
  server.onConnect = () => onConnect;
  if (away) server.goAway();
}

async function heal({ away }: Trouble, server: FakeServer): Promise<void> {
  server.script = () => undefined;
  server.onConnect = () => undefined;
  if (away) await server.comeBack();
  else server.breakAll(); // or a silent one would be found out to have healed after 10 s only
}
