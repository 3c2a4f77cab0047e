// Connections that break inside a PUT, at every interesting byte and in both ways, and answers that are lost: the
// client asks, sends the rest, and every byte is there once. Each cut is followed by a back-off of about half a second.

import assert from "node:assert/strict";
import fs from "node:fs";
import { describe, test } from "node:test";
import { isAppended } from "../support/exchange.ts";
import { openWire } from "../support/wire.ts";

const LENGTH = 1000;
const CUTS = [0, 1, 511, LENGTH - 1, LENGTH];

describe("a connection that breaks inside a PUT", { concurrency: 2 }, () => {
  for (const how of ["fin", "rst"] as const) {
    test(`by ${how.toUpperCase()} after ${CUTS.join(", ")} of ${LENGTH} bytes: the rest follows a HEAD`, async (t) => {
      const { scene, proxy, end } = await openWire(t);
      await scene.startClient();
      for (const [i, after] of CUTS.entries()) {
        // A first PUT at 0 and one in the middle of the file.
        for (const before of [0, 100]) {
          const name = `${how}-${i}-${before}.log`;
          fs.writeFileSync(scene.log(name), "b".repeat(before));
          await scene.delivered(scene.log(name));
          const seen = proxy.puts(`/${name}`).length;
          proxy.plan = ({ method, target }) =>
            method === "PUT" && target === `/${name}` && proxy.puts(target).length === seen + 1
              ? { kind: "cut", after, how }
              : undefined;
          fs.appendFileSync(scene.log(name), Buffer.alloc(LENGTH, `${after} of ${LENGTH}\n`));
          await scene.delivered(scene.log(name));
          const [cut, ...rest] = proxy.puts(`/${name}`).slice(seen);
          assert.ok(cut?.broken && cut.passed === after, `it was cut after ${cut?.passed}`);
          assert.ok(rest.length <= 1, "one PUT brings the rest");
          if (after < LENGTH) assert.equal(rest[0]?.range?.end, before + LENGTH);
          // A FIN lets everything through that was sent before it: torn bodies are kept.
          if (how === "fin" && after > 0) assert.equal(rest[0]?.range?.start ?? before + LENGTH, before + after);
        }
      }
      await end();
    });

    test(`the answer is swallowed (${how.toUpperCase()}): nothing is sent again`, async (t) => {
      const { scene, proxy, end } = await openWire(t);
      let swallowed = 0;
      proxy.plan = ({ method }) => (method === "PUT" && swallowed++ % 2 === 0 ? { kind: "swallow", how } : undefined);
      await scene.startClient();
      fs.writeFileSync(scene.log("a.log"), "first\n");
      await scene.delivered(scene.log("a.log"));
      for (let i = 0; i < 3; i++) {
        fs.appendFileSync(scene.log("a.log"), `and ${i}\n`);
        await scene.delivered(scene.log("a.log"));
      }
      await scene.until("the last answer", () => proxy.exchanges.every(({ settledAt }) => settledAt !== undefined));
      assert.ok(proxy.puts().some(({ broken, status }) => broken && status === 204));
      assert.ok(proxy.puts().every(isAppended), "each PUT was taken: none was a repetition");
      await end();
    });

    test(`in the middle of a backlog with several ranges on the wire (${how.toUpperCase()})`, async (t) => {
      const { scene, proxy, end } = await openWire(t);
      fs.writeFileSync(scene.log("big.log"), Buffer.alloc(24 * 1024 * 1024, "0123456789abcdef line of a backlog\n"));
      const faulty = [3, 9, 14, 20];
      proxy.plan = (exchange) => {
        const length = (exchange.range?.end ?? 0) - (exchange.range?.start ?? 0);
        if (exchange.method !== "PUT" || !faulty.includes(proxy.puts().length)) return undefined;
        return proxy.puts().length === 9
          ? { kind: "swallow", how }
          : { kind: "cut", after: Math.floor(length / 2), how };
      };
      await scene.startClient();
      await scene.delivered(scene.log("big.log"));
      assert.ok(proxy.puts().filter(({ struck, broken }) => struck || broken).length >= 3);
      await end();
    });
  }
});
