// Sizes that tempt mistakes: around a segment, at 2^31 and 2^32 on sparse files, bytes of every kind, and other
// clients than ours.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startServer } from "../support/command.ts";
import { Random } from "../support/random.ts";
import { append, head, request, sizeOf } from "../support/raw-http.ts";
import { tempDir } from "../support/temp-dir.ts";

const server = await startServer();

test("sizes around a segment and around what is written at once, byte for byte", async () => {
  const random = new Random(11);
  const content = random.bytes(3 * 1024 * 1024);
  let at = 0;
  for (const length of [1, 65_535, 65_536, 65_537, 1_048_575, 1_048_576, 1, 511]) {
    const piece = content.subarray(at, at + length);
    assert.equal(await append(server.port, "/segments", at, piece), at === 0 ? 201 : 204, `${length}`);
    at += length;
    assert.equal(await sizeOf(server.port, "/segments"), at);
  }
  assert.deepEqual(fs.readFileSync(join(server.datadir, "segments")), content.subarray(0, at));
});

for (const power of [31, 32, 40]) {
  test(`offsets at 2^${power} on a sparse file`, async (t) => {
    const path = join(server.datadir, `sparse-${power}`);
    const size = 2 ** power - 2;
    fs.writeFileSync(path, "");
    try {
      fs.truncateSync(path, size);
    } catch (error) {
      t.skip(`skipped: the file system holds no such file (${String(error)})`);
      return;
    }
    const target = `/sparse-${power}`;
    assert.equal(await sizeOf(server.port, target), size);
    assert.equal(await append(server.port, target, size, "12345"), 204);
    assert.equal(await append(server.port, target, size + 5, "67"), 204);
    assert.equal(await append(server.port, target, size, "12345"), 416);
    assert.equal(await sizeOf(server.port, target), size + 7);
    const end = Buffer.alloc(7);
    const fd = fs.openSync(path, "r");
    fs.readSync(fd, end, 0, 7, size);
    fs.closeSync(fd);
    fs.unlinkSync(path);
    assert.equal(end.toString(), "1234567");
  });
}

test("bytes of every kind arrive as they are", async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const odd = Buffer.concat([bytes, Buffer.from("\r\n\r\nPUT /x HTTP/1.1\r\n\0\0no final newline")]);
  assert.equal(await append(server.port, "/bytes", 0, odd), 201);
  assert.deepEqual(fs.readFileSync(join(server.datadir, "bytes")), odd);
  assert.equal(await sizeOf(server.port, "/x"), undefined);
});

const noCurl = spawnSync("curl", ["-V"]).status === 0 ? false : "skipped: curl is not there";

test("curl -T file -C n appends, and a second time changes nothing", { skip: noCurl }, async () => {
  const file = join(tempDir(), "file");
  fs.writeFileSync(file, new Random(5).bytes(2_500_000));
  assert.equal(await append(server.port, "/curl", 0, fs.readFileSync(file).subarray(0, 1000)), 201);
  const curl = (from: number) =>
    spawnSync(
      "curl",
      ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-T", file, "-C", `${from}`, `${server.url}curl`],
      {
        encoding: "utf8",
      },
    ).stdout;
  assert.equal(curl(1000), "204");
  assert.equal(curl(1000), "416");
  assert.deepEqual(fs.readFileSync(join(server.datadir, "curl")), fs.readFileSync(file));
  // Without a range a PUT would replace the file: there is no such thing here.
  assert.equal(curl(0), "400");
});

test("a file that is open by many names in turn does not pile up: a thousand files, then each again", async () => {
  for (const round of [0, 1]) {
    for (let i = 0; i < 1000; i += 50) {
      const statuses = Array.from({ length: 50 }, (_, k) => append(server.port, `/many/${i + k}`, round, "x"));
      assert.deepEqual(await Promise.all(statuses), Array(50).fill(round === 0 ? 201 : 204));
    }
  }
  const open = fs.readdirSync(`/proc/${server.serverPid}/fd`).length;
  assert.ok(open < 1100, `${open} descriptors`);
  assert.equal((await request(server.port, head("HEAD", "/many/0")))?.fields.get("upload-offset"), "2");
});
