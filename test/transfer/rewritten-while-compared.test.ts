// A file that is found rewritten, on behalf of another destination, while an answer about its bytes is on the way: what
// was known of the bytes before is not taken for the digest of those that are there now.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { formatDigest, SHAFTLOG_DIGEST, WANT_DIGEST } from "../../src/protocol/digest-field.ts";
import { TreeHash } from "../../src/protocol/tree-hash.ts";
import { fakeDestination } from "../support/fake-destination.ts";
import { fakeFile } from "../support/fake-entry.ts";

const OLD = Buffer.from("what was delivered of it\n");
const NEW = Buffer.from("what was written in its place, and more\n");

function digest(bytes: Uint8Array): string {
  const hash = new TreeHash(() => createHash("sha256"));
  hash.update(bytes);
  return formatDigest({ size: bytes.length, digest: hash.digest() });
}

test("nothing is appended by the digest of bytes that are not there any more", async () => {
  const { http, clock, destination } = fakeDestination({ url: new URL("http://log.test:10655/") });
  http.files.set("/a", OLD);
  const file = fakeFile("a", OLD.toString());
  file.entry.inDoubt = true;
  let compared = 0;
  http.script = async ({ method, headers }) => {
    const want = headers[headers.indexOf(WANT_DIGEST) + 1];
    if (method !== "HEAD" || !headers.includes(WANT_DIGEST)) return undefined;
    if (Number(want) > 0 && ++compared === 1) {
      await new Promise<void>((resolve) => clock.after(10, resolve));
      file.bytes = NEW;
      file.entry.size = NEW.length;
      file.entry.mark = undefined;
      file.entry.rewrites++;
    }
    const prefix = OLD.subarray(0, Number(want));
    return http.answer(200, { "content-length": `${OLD.length}`, [SHAFTLOG_DIGEST]: digest(prefix) });
  };
  destination.added(file.generation, false);
  await clock.advance(1_000);
  destination.changed(file.entry);
  await clock.advance(1_000);
  assert.ok(compared > 0, "it was compared");
  const puts = http.requests.filter(({ method }) => method === "PUT");
  assert.ok(puts.length > 0, "the rest is offered");
  for (const { headers } of puts) {
    assert.equal(headers[headers.indexOf(SHAFTLOG_DIGEST) + 1], digest(NEW.subarray(0, OLD.length)));
  }
});
