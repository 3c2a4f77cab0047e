// A tail that the client's host lost in a power cut, of extreme sizes: a file shorter than the beginning that is
// remembered of it, and several MiB of lines, so that whole segments and kept leaves are among what was lost. Every line is
// at the server once and whole, over both names, whether the application writes on before or after the client is up.

import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { states, verify } from "../support/verify.ts";

const MIB = 1024 * 1024;
const ENDING = { gone: (name: string) => name === "app.log", errors: ["file-shrunk"] };

/** Cuts the log after the last line break in its first `size` bytes. */
function loseTail(scene: Scene, size: number): void {
  const bytes = fs.readFileSync(scene.log("app.log"));
  fs.truncateSync(scene.log("app.log"), bytes.subarray(0, Math.max(0, size)).lastIndexOf(10) + 1);
}

/** Counts line breaks at the server, over all names. */
function linesThere(scene: Scene): number {
  let count = 0;
  for (const [, text] of scene.texts())
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

for (const [what, first, kept, after] of [
  ["one line of two in a file of 20 bytes", 2, 10, 3],
  ["the last 40 bytes of a small file", 60, -40, 1],
  ["3 MiB of 5", 120_000, -3 * MIB, 500],
  ["3 MiB of 5, then less than is written next,", 120_000, -3 * MIB, 100_000],
] as const) {
  for (const when of ["before", "after"] as const) {
    test(`${what} lost, the application writes on ${when} the client is up`, async (t) => {
      const scene = await openScene(t, { truncates: true });
      const lines = new Lines();
      await scene.start();
      lines.append(scene.log("app.log"), first);
      await scene.delivered(scene.log("app.log"));
      await scene.client.kill();
      loseTail(scene, kept > 0 ? kept : fs.statSync(scene.log("app.log")).size + kept);
      if (when === "before") lines.append(scene.log("app.log"), after);
      await scene.startClient();
      if (when === "after") lines.append(scene.log("app.log"), after);
      // What the server has of the lost tail it has; what is written behind it comes under a further name.
      await scene.until("as many lines as were written", () => linesThere(scene) >= lines.count);
      lines.append(scene.log("app.log"), 3);
      await scene.until("and those that follow", () => linesThere(scene) >= lines.count);
      assertExactlyOnce(scene.texts(), lines.count);
      assert.ok(states(verify(scene, 0)).every((state) => state.endsWith(" equal")));
      await scene.end(ENDING);
    });
  }
}
