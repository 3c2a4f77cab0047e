// How the server starts and ends: what keeps it from starting is named and ends with 2, nothing half-started;
// SIGTERM finishes what is in flight; SIGKILL leaves nothing that a successor minds; SIGHUP follows a rotation.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { launchServer, startServer } from "../support/command.ts";
import { append, Connection, head, putHead, sizeOf } from "../support/raw-http.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const root = process.getuid?.() === 0;

test("a data directory that another server uses: exit 2, naming it and the process", async () => {
  const first = await startServer();
  const second = launchServer({ datadir: first.datadir });
  assert.equal(await second.ended(), 2);
  assert.ok(second.output.includes(`"${first.datadir}"`), second.output);
  assert.match(second.output, new RegExp(`process ${first.serverPid}\\b`));
  assert.equal(await append(first.port, "/file", 0, "abc"), 201);
  await first.stop();
});

test("the lock goes with the process, SIGKILL included, and leaves no journal", async () => {
  const datadir = tempDir();
  for (const signal of ["SIGKILL", "SIGKILL", "SIGTERM"] as const) {
    const server = await startServer({ datadir });
    assert.equal(await server.stop(signal), signal === "SIGTERM" ? 0 : signal);
    const left = signal === "SIGTERM" ? [".lock"] : [".lock", ".status.sock"];
    assert.deepEqual(fs.readdirSync(datadir).sort(), left);
    assert.equal(fs.statSync(join(datadir, ".lock")).size, 0);
  }
});

test("a port in use: exit 2, naming address and port, and the data directory is free again", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await until(() => other.address(), "a port");
  const { port } = other.address() as { port: number };
  const server = launchServer({ port });
  assert.equal(await server.ended(), 2);
  assert.match(
    server.output,
    new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}: address already in use \\(EADDRINUSE\\)`),
  );
  other.close();
  const next = await startServer({ port, datadir: server.datadir });
  await next.stop();
});

test("an address that this host does not have: exit 2", async () => {
  const server = launchServer({ config: { bind_address: "192.0.2.1" } });
  assert.equal(await server.ended(), 2);
  assert.match(server.output, /Cannot listen on 192\.0\.2\.1:0: address not available/);
});

test("a data directory that cannot be one: exit 2, naming it", async () => {
  const home = tempDir();
  fs.writeFileSync(join(home, "file"), "");
  for (const datadir of [join(home, "file"), join(home, "file/below"), "/proc/nowhere"]) {
    const server = launchServer({ datadir });
    assert.equal(await server.ended(), 2, datadir);
    assert.ok(server.output.includes(datadir), server.output);
  }
});

const unprivileged = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

test("a data directory or lock that belongs to another user: exit 2, naming it", {
  skip: root ? false : "not root",
}, async () => {
  const datadir = tempDir();
  fs.chmodSync(datadir, 0o755);
  const refused = launchServer({ datadir, wrap: unprivileged });
  // The configuration of the test lies in a directory of root's.
  fs.chmodSync(join(refused.child.spawnargs.at(-1) ?? "", ".."), 0o755);
  assert.equal(await refused.ended(), 2);
  assert.ok(refused.output.includes(datadir), refused.output);
  assert.match(refused.output, /permission denied \(EACCES\)/);
});

test("a read-only file system: exit 2, naming the directory", { skip: root ? false : "not root" }, async () => {
  const datadir = tempDir();
  execFileSync("mount", ["-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", datadir]);
  try {
    const server = launchServer({ datadir });
    assert.equal(await server.ended(), 2);
    assert.ok(server.output.includes(datadir), server.output);
    assert.match(server.output, /read-only file system \(EROFS\)/);
  } finally {
    execFileSync("umount", [datadir]);
  }
});

test("SIGTERM lets a PUT that goes on come to its end, and refuses new requests", async () => {
  const server = await startServer();
  const connection = await Connection.open(server.port);
  await connection.send(`${putHead("/file", 0, 9)}abc`);
  await until(() => fs.existsSync(join(server.datadir, "file")), "the first bytes");
  server.kill("SIGTERM");
  await server.says(/server-stopping/);
  await assert.rejects(Connection.open(server.port));
  await connection.send(`defghi${head("HEAD", "/file")}`);
  assert.equal((await connection.answer())?.status, 201);
  const next = await connection.answer(true);
  assert.ok(next === undefined || (next.status === 503 && next.fields.has("retry-after")));
  assert.equal(await server.ended(), 0);
  assert.equal(fs.readFileSync(join(server.datadir, "file"), "utf8"), "abcdefghi");
});

test("SIGTERM inside a PUT that does not go on: exit 0 within 5 s, what came is kept", async () => {
  const server = await startServer();
  const connection = await Connection.open(server.port);
  await connection.send(`${putHead("/file", 0, 900_000)}${"x".repeat(300_000)}`);
  await until(() => fs.existsSync(join(server.datadir, "file")), "the first bytes");
  const waiting = await Connection.open(server.port);
  await waiting.send(`${putHead("/file", 0, 3)}abc`);
  const began = performance.now();
  assert.equal(await server.stop(), 0);
  assert.ok(performance.now() - began < 5_000, `${performance.now() - began} ms`);
  assert.ok(fs.statSync(join(server.datadir, "file")).size >= 300_000);
});

test("SIGTERM while nothing is in flight ends at once, open connections notwithstanding", async () => {
  const server = await startServer();
  const connections = await Promise.all(Array.from({ length: 20 }, () => Connection.open(server.port)));
  await connections[0]?.send(`${putHead("/file", 0, 3)}abc`);
  assert.equal((await connections[0]?.answer())?.status, 201);
  const began = performance.now();
  assert.equal(await server.stop(), 0);
  assert.ok(performance.now() - began < 1_500, `${performance.now() - began} ms`);
});

test("a second signal ends at once", async () => {
  const server = await startServer();
  const connection = await Connection.open(server.port);
  await connection.send(`${putHead("/file", 0, 9)}abc`);
  await until(() => fs.existsSync(join(server.datadir, "file")), "the first bytes");
  server.kill("SIGTERM");
  await server.says(/server-stopping/);
  const began = performance.now();
  await server.stop("SIGINT");
  assert.ok(performance.now() - began < 1_000, `${performance.now() - began} ms`);
});

test("SIGHUP opens the log file anew, and the log goes to it without -s", async () => {
  const home = tempDir();
  const logfile = join(home, "own.log");
  const server = launchServer({ config: { logfile }, log: "file", debug: true });
  const line = () =>
    /server-started Listening on 127\.0\.0\.1:(\d+)/.exec(
      fs.existsSync(logfile) ? fs.readFileSync(logfile, "utf8") : "",
    );
  const port = Number((await until(line, "the log file"))[1]);
  assert.equal(fs.statSync(logfile).mode & 0o777, 0o640);
  fs.renameSync(logfile, `${logfile}.1`);
  await sizeOf(port, "/before");
  server.kill("SIGHUP");
  await until(() => fs.existsSync(logfile), "a new log file");
  await sizeOf(port, "/after");
  await until(() => fs.readFileSync(logfile, "utf8").includes("/after"), "a line in it");
  assert.ok(fs.readFileSync(`${logfile}.1`, "utf8").includes("/before"));
  assert.ok(!fs.readFileSync(logfile, "utf8").includes("/before"));
  assert.equal(await server.stop(), 0);
  assert.equal(server.output, "");
});

test("a log file that cannot be written is said once on standard error, where the lines go", async () => {
  const home = tempDir();
  fs.mkdirSync(join(home, "directory"));
  const server = launchServer({ config: { logfile: join(home, "directory") }, log: "file" });
  await server.says(/Cannot write the log file .*directory": is a directory \(EISDIR\)/);
  await server.says(/server-started/);
  assert.equal(await server.stop(), 0);
});

test("one line per event: a name with a line break cannot forge one", async () => {
  const server = await startServer({ debug: true, config: { validate_regex: ".*" } });
  await append(server.port, "/x%0A2026-01-01T00:00:00.000Z%20ERROR%20forged", 1, "abc");
  await sizeOf(server.port, "/end");
  await server.says(/"\/end"/);
  for (const line of server.output.trimEnd().split("\n"))
    assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z (DEBUG|INFO) [a-z-]+ /);
  await server.stop();
});

test("the status line counts", async () => {
  const server = await startServer({ config: { status_interval: 100 } });
  await append(server.port, "/a", 0, "abc");
  await append(server.port, "/b", 0, "abcd");
  await append(server.port, "/b", 0, "abcd");
  await server.says(
    /INFO server-status .*\b7 in total; requests: 2 appended, 0 asked, 1 not at end, 0 refused, 0 failed, 0 torn/,
  );
  await server.stop();
});
