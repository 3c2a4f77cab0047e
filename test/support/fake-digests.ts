// A destination in memory that tells digests, as a server of ours does.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { formatDigest } from "../../src/protocol/digest-field.ts";
import { TreeHash } from "../../src/protocol/tree-hash.ts";
import type { FakeHttp } from "./fake-http.ts";

const newHash = () => createHash("sha256");

export function digest(bytes: Uint8Array): string {
  const hash = new TreeHash(newHash);
  hash.update(bytes);
  return formatDigest({ size: bytes.length, digest: hash.digest() });
}

/** The destination tells digests, of what it has and of what it takes. */
export function telling(http: FakeHttp): void {
  http.script = ({ method, path, headers, body }) => {
    const field = (name: string) => headers[headers.indexOf(name) + 1] ?? "";
    const file = http.files.get(path);
    if (method === "HEAD") {
      if (file === undefined || !headers.includes("shaftlog-want-digest")) return undefined;
      const prefix = file.subarray(0, Number(field("shaftlog-want-digest")));
      return http.answer(200, { "content-length": `${file.length}`, "shaftlog-digest": digest(prefix) });
    }
    const before = file ?? Buffer.alloc(0);
    if (body === undefined || !field("content-range").startsWith(`bytes ${before.length}-`)) return undefined;
    assert.equal(field("shaftlog-digest"), digest(before));
    const bytes = Buffer.concat([before, body]);
    http.files.set(path, bytes);
    return http.answer(before.length === 0 ? 201 : 204, { "shaftlog-digest": digest(bytes) });
  };
}
