// What is no plain file below the data directory is neither read nor written, and nothing outside of it is ever
// reached: links, FIFOs, sockets, directories, hidden names. Files are found, made and guarded as promised.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { startServer } from "../support/command.ts";
import { append, Connection, head, putHead, request, sizeOf } from "../support/raw-http.ts";
import { canary, tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

async function refused(port: number, target: string): Promise<void> {
  assert.equal((await request(port, head("HEAD", target)))?.status, 409, `HEAD ${target}`);
  for (const start of [0, 7]) assert.equal(await append(port, target, start, "abc"), 409, `PUT ${target} at ${start}`);
}

test("links, FIFOs, sockets and directories are refused and left alone", async () => {
  const outside = tempDir();
  const untouched = canary(outside, "data");
  const datadir = join(outside, "data");
  const server = await startServer({ datadir });
  const at = (name: string) => join(datadir, name);
  fs.mkdirSync(at("directory"));
  fs.symlinkSync(join(outside, "secret"), at("link-to-file"));
  fs.symlinkSync(join(outside, "absent"), at("dangling"));
  fs.symlinkSync(outside, at("link-to-directory"));
  fs.symlinkSync(".", at("link-to-here"));
  fs.writeFileSync(at("file"), "inside\n");
  fs.symlinkSync("file", at("link-inside"));
  execFileSync("mkfifo", [at("fifo")]);
  const socket = createServer().listen(at("socket"));
  for (const name of [
    "directory",
    "link-to-file",
    "dangling",
    "link-inside",
    "fifo",
    "socket",
    "file/below",
    "fifo/below",
  ]) {
    await refused(server.port, `/${name}`);
  }
  for (const name of ["link-to-directory/secret", "link-to-directory/new", "link-to-here/file", "link-to-here/new"]) {
    await refused(server.port, `/${name}`);
  }
  socket.close();
  assert.equal(await sizeOf(server.port, "/file"), 7);
  assert.ok(untouched());
  assert.ok(!fs.existsSync(join(outside, "new")));
  await server.stop();
});

test("a directory that is swapped for a link between two requests leads nowhere", async () => {
  const outside = tempDir();
  const untouched = canary(outside, "data", "moved");
  const server = await startServer({ datadir: join(outside, "data") });
  assert.equal(await append(server.port, "/host/file", 0, "abc"), 201);
  fs.renameSync(join(server.datadir, "host"), join(outside, "moved"));
  fs.symlinkSync(join(outside, "moved"), join(server.datadir, "host"));
  assert.equal(await append(server.port, "/host/file", 3, "def"), 409);
  assert.equal((await request(server.port, head("HEAD", "/host/file")))?.status, 409);
  assert.equal(fs.readFileSync(join(outside, "moved/file"), "utf8"), "abc");
  assert.ok(untouched());
  await server.stop();
});

test("a hard link is a file: a relay's client holds what the server writes", async () => {
  const server = await startServer();
  assert.equal(await append(server.port, "/file", 0, "abc"), 201);
  fs.linkSync(join(server.datadir, "file"), join(server.datadir, "other"));
  assert.equal(await append(server.port, "/file", 3, "def"), 204);
  assert.equal(await sizeOf(server.port, "/other"), 6);
  await server.stop();
});

test("hidden names are kept for the server's own files, whatever validate_regex says", async () => {
  const server = await startServer({ config: { validate_regex: ".*" } });
  for (const target of ["/.lock", "/x/.y", "/.x/y", "/..", "/%2elock"]) {
    assert.equal((await request(server.port, head("HEAD", target)))?.status, 400, target);
    assert.equal(await append(server.port, target, 0, "abc"), 400, target);
  }
  assert.deepEqual(fs.readdirSync(server.datadir).sort(), [".lock", ".status.sock"]);
  await server.stop();
});

test("validate_regex sees the decoded path as text, with its leading slash", async () => {
  const server = await startServer({ config: { validate_regex: "^/(grün/[^/]+|a b)$" } });
  assert.equal(await append(server.port, "/gr%C3%BCn/x%20y%25", 0, "abc"), 201);
  assert.equal(await append(server.port, "/a%20b", 0, "abc"), 201);
  assert.equal(fs.readFileSync(join(server.datadir, "grün/x y%"), "utf8"), "abc");
  for (const target of ["/gr%FCn/x", "/gru%CC%88n/x", "/a+b", "/a%2520b", "/x/a%20b", "/a%20b%0A"]) {
    assert.equal(await append(server.port, target, 0, "abc"), 400, target);
  }
  await server.stop();
});

test("files are 0640 and directories 0750 at most, whatever the umask", async () => {
  for (const [umask, file, directory] of [
    ["000", 0o640, 0o750],
    ["077", 0o600, 0o700],
  ] as const) {
    const server = await startServer({ wrap: ["sh", "-c", `umask ${umask}; exec "$@"`, "sh"] });
    assert.equal(await append(server.port, "/a/b/c", 0, "abc"), 201);
    const mode = (name: string) => fs.statSync(join(server.datadir, name)).mode & 0o7777;
    assert.deepEqual([mode("a/b/c"), mode("a/b"), mode("a"), mode("")], [file, directory, directory, directory]);
    await server.stop();
  }
});

test("what another hand does to a file is noticed: removed, replaced, cut, lengthened, also while it is open here", async () => {
  const server = await startServer();
  const file = join(server.datadir, "file");
  assert.equal(await append(server.port, "/file", 0, "0123456789"), 201);

  fs.truncateSync(file, 4);
  assert.equal(await sizeOf(server.port, "/file"), 4);
  await server.says(/ERROR store-shrunk "file" has 4 bytes/);
  assert.equal(await append(server.port, "/file", 10, "x"), 416);
  assert.equal(await append(server.port, "/file", 4, "4567"), 204);

  fs.appendFileSync(file, "89");
  assert.equal(await append(server.port, "/file", 8, "x"), 416);
  await server.says(/WARN store-grown "file" grew from 8 to 10/);
  assert.equal(await append(server.port, "/file", 10, "ab"), 204);
  assert.equal(fs.readFileSync(file, "utf8"), "0123456789ab");

  fs.writeFileSync(`${file}.new`, "restored");
  fs.renameSync(`${file}.new`, file);
  assert.equal(await sizeOf(server.port, "/file"), 8);
  await server.says(/WARN store-replaced "file"/);

  fs.unlinkSync(file);
  assert.equal(await sizeOf(server.port, "/file"), undefined);
  assert.equal(await append(server.port, "/file", 8, "x"), 416);
  assert.equal(await append(server.port, "/file", 0, "again"), 201);
  assert.equal(fs.readFileSync(file, "utf8"), "again");
  await server.stop();
});

test("a file that is taken away or written to inside a PUT is not acknowledged", async () => {
  const server = await startServer();
  for (const [name, tamper] of [
    ["removed", (path: string) => fs.unlinkSync(path)],
    ["written", (path: string) => fs.appendFileSync(path, "foreign")],
    ["cut", (path: string) => fs.truncateSync(path, 1)],
  ] as const) {
    const target = `/${name}`;
    const path = join(server.datadir, name);
    assert.equal(await append(server.port, target, 0, "abc"), 201);
    const connection = await Connection.open(server.port);
    await connection.send(putHead(target, 3, 6));
    await connection.send("def");
    await until(() => fs.statSync(path).size === 6, "the bytes of a body that stalls");
    tamper(path);
    await connection.send("ghi");
    assert.equal((await connection.answer())?.status, 500, name);
    connection.close();
    await server.says(new RegExp(`ERROR store-tampered "${name}"`));
  }
  await server.stop();
});

test("the data directory of an original server is taken over as it is", async () => {
  const datadir = tempDir();
  fs.mkdirSync(join(datadir, "host"), { mode: 0o755 });
  fs.writeFileSync(join(datadir, "host/messages.1420070400000"), "old\n", { mode: 0o644 });
  fs.writeFileSync(join(datadir, "host/empty"), "");
  const server = await startServer({ datadir });
  assert.equal(await sizeOf(server.port, "/host/messages.1420070400000"), 4);
  assert.equal(await sizeOf(server.port, "/host/empty"), 0);
  assert.equal(await append(server.port, "/host/messages.1420070400000", 4, "new\n"), 204);
  assert.equal(await append(server.port, "/host/empty", 0, "first\n"), 201);
  assert.equal(fs.readFileSync(join(datadir, "host/messages.1420070400000"), "utf8"), "old\nnew\n");
  await server.stop();
});
