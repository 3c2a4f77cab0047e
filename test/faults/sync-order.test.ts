// What the client makes durable, and before what, seen by strace in a life that does everything once: the directory
// entries of a file before the first byte of it is sent, released names before their links go, the memory before the
// mark that says it is whole, and that mark's removal before anything is sent. docs/ARCHITECTURE.md, invariant 4.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Launch } from "../support/processes.ts";
import { makeTemplate, onStage, run } from "./client-workload.ts";
import { noStrace, noted } from "./crash-points.ts";

interface Call {
  readonly text: string;
  readonly phase: "begun" | "done";
}

/** System calls in the order in which they began and ended. */
function callsIn(file: string): Call[] {
  const open = new Map<string, string>();
  return fs
    .readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line): Call[] => {
      const [, thread = "", rest = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
      const begun = open.get(thread);
      if (rest.startsWith("<...") && begun !== undefined) {
        open.delete(thread);
        return [{ text: begun, phase: "done" }];
      }
      if (!rest.includes("<unfinished")) {
        return [
          { text: rest, phase: "begun" },
          { text: rest, phase: "done" },
        ];
      }
      open.set(thread, rest);
      return [{ text: rest, phase: "begun" }];
    });
}

/** A sync takes 20 ms, so that whoever does not wait for it is seen to be earlier, however fast the disk is. */
function slow({ wrapper = [], ...rest }: Launch): Launch {
  return { ...rest, wrapper: [...wrapper, "-e", "inject=fsync,fdatasync:delay_enter=20000"] };
}

test("what the client makes durable, and before what", { skip: noStrace }, async (t) => {
  const template = await makeTemplate(t);
  const scene = await onStage(t, template);
  const trace = path.join(scene.home, "trace");
  assert.equal(await run(scene, slow(noted(trace))), 0);
  await scene.server.stop();
  const calls = callsIn(trace);

  /** Where the first call like this lies, from `from` on; fails where there is none. */
  const find = (pattern: RegExp, phase: Call["phase"] = "begun", from = 0): number => {
    const at = calls.findIndex((call, i) => i >= from && call.phase === phase && pattern.test(call.text));
    assert.ok(at >= 0, `${pattern} ${phase} behind call ${from}`);
    return at;
  };
  const syncOf = (directory: string): RegExp => new RegExp(`^fsync\\(\\d+<${path.join(scene.spool, directory)}>`);

  for (const [name, directories] of [
    ["new.log", [""]],
    ["deep.log", ["d/e", "d", ""]],
    ["cut.log.\\d+.g2-from-0", [""]],
  ] as const) {
    await t.test(`${name}: linked, its directory entries synced, then sent`, () => {
      const linked = find(new RegExp(`^link\\(.*, "[^"]*/${name}`), "done");
      const sent = find(new RegExp(`"PUT [^ ]*${name}`));
      for (const directory of directories) {
        const made = directory === "" ? linked : Math.max(linked, find(/^mkdir\(/, "done"));
        assert.ok(
          find(syncOf(directory), "done", find(syncOf(directory), "begun", made)) < sent,
          `${directory} synced`,
        );
      }
    });
  }

  await t.test(
    "what is found is synced, and the mark of an end in order is gone for good, before anything is sent",
    () => {
      const unlinked = find(/^unlink\(".*\/\.clean"/, "done");
      const sent = find(/"PUT /);
      for (const directory of ["", "sub"]) {
        assert.ok(find(syncOf(directory), "done", find(syncOf(directory), "begun", unlinked)) < sent, directory);
      }
    },
  );

  await t.test("a released name is durable before its link goes", () => {
    for (const name of ["gone.log", "cut.log"]) {
      const noted = find(new RegExp(`^writev?\\(\\d+<[^>]*/\\.released>.*${name}`), "done");
      const synced = find(/^fdatasync\(\d+<[^>]*\/\.released>/, "done", find(/^fdatasync\(.*released/, "begun", noted));
      assert.ok(synced < find(new RegExp(`^unlink\\("[^"]*/${name}`)), name);
    }
  });

  await t.test("the memory is durable before the mark that says it is whole, and so is the mark", () => {
    const renamed = find(/^rename\(.*\.tmp-memory/, "done");
    const synced = find(/^fdatasync\(\d+<[^>]*\/\.memory>/, "done", renamed);
    const marked = find(/^openat\(.*\.clean", .*O_CREAT/);
    assert.ok(synced < marked);
    find(syncOf(""), "done", marked);
  });
});
