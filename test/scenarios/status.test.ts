// `shaftlog status` and the socket behind it: what is told of a client and of a server while they run, with what exit
// code, and what is said where nobody runs.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";
import { openScene, type Scene } from "../support/scene.ts";
import { clientStatus, serverStatus, status } from "../support/status.ts";

const OPERATIONS = fs.readFileSync(path.join(import.meta.dirname, "../../docs/OPERATIONS.md"), "utf8");
const DEAD = "http://127.0.0.1:9/";

/** `a.b[].c` for every key of a document. */
function keysOf(value: unknown, prefix = ""): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => keysOf(item, `${prefix}[]`)))];
  if (typeof value !== "object" || value === null) return [];
  const dot = prefix === "" ? "" : `${prefix}.`;
  return Object.entries(value).flatMap(([key, inner]) => [dot + key, ...keysOf(inner, dot + key)]);
}

/** The keys in the table of docs/OPERATIONS.md behind `heading`. Where only the parts of a key are told, it is one too. */
function documentedKeys(heading: string): string[] {
  const text = OPERATIONS.split(`\n**${heading}:**\n`)[1]?.split("\n\n")[0] ?? "";
  const keys = text
    .split("\n")
    .flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, key]) => key ?? ""));
  const parents = keys.flatMap((key) => [...key.matchAll(/\.|\[\]/g)].map(({ index }) => key.slice(0, index)));
  return [...new Set([...keys, ...parents])].filter((key) => !key.endsWith("[]")).sort();
}

/** A client with a token at a server of ours, and a destination that is dead. */
async function fullScene(scene: Scene): Promise<void> {
  const token = "0123456789abcdef0123456789abcdef";
  fs.writeFileSync(path.join(scene.home, "token"), token, { mode: 0o600 });
  const digest = createHash("sha256").update(token).digest("hex");
  fs.writeFileSync(path.join(scene.home, "tokens"), `/web1/ ${digest} web-one\n`, { mode: 0o600 });
  const authorization = { token_file: path.join(scene.home, "token") };
  scene.configure({ destinations: [{ url: `${scene.url}web1/`, authorization }, DEAD] });
  await scene.start();
}

test("the documents have exactly the documented keys, and say how it is", async (t) => {
  const scene = await openScene(t, {
    server: { expected_interval: "1ms" },
    client: (it) => ({ scan_interval: 200, logfile: path.join(it.home, "client.log") }),
  });
  Object.assign(scene.serverConfig, { tokens_file: path.join(scene.home, "tokens") });
  fs.writeFileSync(path.join(scene.home, "server.yaml"), JSON.stringify(scene.serverConfig));
  fs.writeFileSync(scene.log("a.log"), "0123456789");
  fs.writeFileSync(scene.log("b.log"), "01234");
  await fullScene(scene);
  const told = await scene.until("it is in error", () => {
    const document = clientStatus(scene);
    const [live, dead] = document.destinations;
    return live?.bytes_sent === 15 && dead?.last_error?.event === "destination-unreachable" && document;
  });
  assert.deepEqual(keysOf(told).sort(), documentedKeys("Of a client"));
  const [live, dead] = told.destinations;
  assert.deepEqual(
    [live?.url, live?.state, live?.backlog_bytes, live?.lag_seconds],
    [`${scene.url}web1/`, "in sync", 0, 0],
  );
  assert.deepEqual([dead?.url, dead?.state, dead?.backlog_bytes, dead?.files_behind], [DEAD, "in error", 15, 2]);
  assert.ok((dead?.lag_seconds ?? 0) > 0 && dead?.catch_up_seconds === null);
  assert.ok(live?.requests.appended === 2 && (dead?.requests.failed ?? 0) > 1);
  assert.deepEqual(
    told.behind.map(({ source, backlog_bytes }) => [source, backlog_bytes]),
    [
      [scene.log("a.log"), 10],
      [scene.log("b.log"), 5],
    ],
  );
  assert.deepEqual(told.files, { adopted: 2, live: 2, released: 0, found: 2 });
  assert.deepEqual(
    [told.spool[0]?.datadir, told.spool[0]?.bytes, told.spool[0]?.bytes_only_here],
    [scene.spool, 15, 0],
  );

  const server = serverStatus(scene);
  assert.deepEqual(
    keysOf(server)
      .filter((key) => !key.startsWith("errors[]"))
      .sort(),
    documentedKeys("Of a server").filter((key) => !key.startsWith("errors[]")),
  );
  const [identity] = server.identities;
  assert.deepEqual(
    [server.bytes, server.files, identity?.name, identity?.bytes, identity?.files, identity?.bytes_held],
    [15, 2, "web-one", 15, 2, 15],
  );
  assert.deepEqual(identity?.quota, { files: 1_000_000, bytes: null });
  assert.equal(identity?.silent, true, "1 ms has passed since");
  for (const half of ["client", "server"] as const) assert.equal(status(scene, half).status, 1);

  const words = status(scene, "client").stdout;
  assert.match(words, /in sync +0 B/);
  assert.match(words, /in error +15 B +2/);
  assert.match(words, /since \S+Z \(.*\): .*connection refused/);
  assert.match(words, new RegExp(`10 B .*${scene.log("a.log")} -> ${DEAD}`));
  assert.match(status(scene, "server").stdout, /silent +.* web-one/);
  await scene.client.stop();
  await scene.server.stop();
});

test("a client in sync: exit 0, no escape sequence in a pipe; clients without an identity go by their directory", async (t) => {
  const scene = await openScene(t);
  scene.configure({ destinations: [`${scene.url}web1/`] });
  fs.writeFileSync(scene.log("a.log"), "0123456789");
  await scene.start();
  await scene.until("it is in sync", () => clientStatus(scene).destinations[0]?.bytes_sent === 10);
  const ended = status(scene, "client");
  assert.equal(ended.status, 0, ended.stdout);
  assert.ok(!ended.stdout.includes("\x1b"));
  assert.equal(fs.statSync(path.join(scene.spool, ".status.sock")).mode & 0o777, 0o600);
  const { identities } = serverStatus(scene);
  assert.deepEqual(
    identities.map(({ name, bytes, quota, silent }) => [name, bytes, quota, silent]),
    [["web1", 10, null, false]],
  );
  assert.equal(status(scene, "server").status, 0);
  await scene.client.stop();
  await scene.server.stop();
});

test("a name that could control a terminal does not", async (t) => {
  const scene = await openScene(t);
  scene.configure({ destinations: [DEAD], scan_paths: [{ pattern: `${scene.logs}/*` }] });
  fs.writeFileSync(scene.log("a\x1b[2J\nb.log"), "0123456789");
  await scene.startClient();
  await scene.until("it is behind", () => clientStatus(scene).behind.length === 1);
  assert.match(status(scene, "client").stdout, /a\\x1b\[2J\\nb\.log/);
  await scene.client.stop();
});

test("nobody runs: exit 3, what is known of the last life, and a stale socket is replaced", async (t) => {
  const scene = await openScene(t);
  const never = status(scene, "client");
  assert.deepEqual([never.status, never.stdout], [3, ""]);
  assert.match(never.stderr, /^shaftlog: no client runs in ".*", which does not exist\n$/);
  fs.writeFileSync(scene.log("a.log"), "0123456789");
  await scene.start();
  await scene.delivered(scene.log("a.log"));
  await scene.client.stop();
  assert.ok(!fs.existsSync(path.join(scene.spool, ".status.sock")));
  assert.match(status(scene, "client").stderr, /the last one stopped in order at \d{4}-/);
  await scene.startClient();
  await scene.until("it tells", () => status(scene, "client").status === 0);
  await scene.client.kill();
  assert.ok(fs.existsSync(path.join(scene.spool, ".status.sock")));
  const killed = status(scene, "client", "--json");
  assert.equal(killed.status, 3);
  assert.match(killed.stderr, /the last one did not stop in order/);
  await scene.startClient();
  await scene.until("it tells again", () => status(scene, "client").status === 0);
  await scene.end();
});

test("a data directory whose path is longer than a socket's may be", async (t) => {
  const scene = await openScene(t);
  const datadir = path.join(scene.home, "d".repeat(200), "spool");
  fs.mkdirSync(path.dirname(datadir));
  scene.configure({ datadir });
  await scene.start();
  await scene.until("it tells", () => status(scene, "client").status === 0);
  await scene.end();
});

test("where there can be no socket all else goes on, and that is told", async (t) => {
  const scene = await openScene(t);
  fs.mkdirSync(path.join(scene.spool, ".status.sock"), { recursive: true });
  fs.writeFileSync(scene.log("a.log"), "0123456789");
  await scene.start();
  await scene.delivered(scene.log("a.log"));
  await scene.client.logged("status-not-told");
  const ended = status(scene, "client");
  assert.equal(ended.status, 3);
  assert.match(ended.stderr, new RegExp(`process ${scene.client.child.pid} has the data directory`));
  await scene.end();
});

test("askers who are silent, talk nonsense or do not read hold nobody up", async (t) => {
  const scene = await openScene(t);
  await scene.start();
  await scene.until("it tells", () => status(scene, "client").status === 0);
  const socket = path.join(scene.spool, ".status.sock");
  const said = async (text: string) => {
    const asker = net.connect(socket);
    t.after(() => asker.destroy());
    let answer = "";
    asker.setEncoding("utf8").on("data", (piece: string) => {
      answer += piece;
    });
    const closed = new Promise((resolve) => asker.once("close", resolve));
    asker.on("error", () => {});
    asker.write(text);
    await closed;
    return answer;
  };
  assert.match(await said('{"ask":"how"}\n'), /^\{"cannot":"this version does not know that question"\}\n$/);
  assert.match(await said("nonsense\n"), /^\{"cannot"/);
  assert.equal(await said("x".repeat(100_000)), "");
  for (let i = 0; i < 15; i++) {
    const silent = net.connect(socket);
    silent.on("error", () => {});
    t.after(() => silent.destroy());
    await new Promise((resolve) => silent.once("connect", resolve));
  }
  assert.equal(status(scene, "client").status, 0);
  fs.writeFileSync(scene.log("a.log"), "0123456789");
  await scene.delivered(scene.log("a.log"));
  await scene.end();
});
