// Quotas without a server: what is counted from disk, when it is counted again, and what holds in between.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Event } from "../../src/base/events.ts";
import { nodeFiles } from "../../src/platform/node-files.ts";
import { type Account, Accounts } from "../../src/store/accounts.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { tempDir } from "../support/temp-dir.ts";

interface Stage {
  readonly home: string;
  readonly clock: FakeClock;
  readonly accounts: Accounts;
  readonly events: Event[];
}

function stage(files: number, bytes: number): Stage {
  const home = tempDir();
  const clock = new FakeClock();
  const events: Event[] = [];
  const root = nodeFiles.open(home, true);
  const accounts = new Accounts(root, clock, (event) => events.push(event), { files, bytes });
  return { home, clock, accounts, events };
}

async function counted({ accounts, clock }: Stage, prefix: string): Promise<Account> {
  const account = accounts.of(prefix) ?? assert.fail("an account");
  let done = false;
  accounts.whenCounted(account, () => {
    done = true;
  });
  for (let i = 0; i < 50 && !done; i++) await clock.advance(1);
  assert.ok(done);
  return account;
}

test("regular files below the prefix count, in all depths; links, hidden names and neighbours do not", async () => {
  const here = stage(1000, 1000);
  fs.mkdirSync(path.join(here.home, "a/b/c"), { recursive: true });
  fs.mkdirSync(path.join(here.home, "ab"));
  for (const [name, size] of [
    ["a/f", 1],
    ["a/b/f", 10],
    ["a/b/c/f", 100],
    ["a/.hidden", 500],
    ["ab/f", 500],
    ["outside", 500],
  ] as const) {
    fs.writeFileSync(path.join(here.home, name), "x".repeat(size));
  }
  fs.symlinkSync("..", path.join(here.home, "a/b/loop"));
  fs.symlinkSync("../outside", path.join(here.home, "a/link"));
  const account = await counted(here, "a/");
  assert.deepEqual([account.files, account.bytes], [3, 111]);
  const nothing = await counted(here, "c/");
  assert.deepEqual([nothing.files, nothing.bytes], [0, 0]);
});

test("more files than are looked at in one go", async () => {
  const here = stage(10_000, 10_000);
  fs.mkdirSync(path.join(here.home, "a"));
  for (let i = 0; i < 1000; i++) fs.writeFileSync(path.join(here.home, `a/${i}`), "x");
  assert.equal((await counted(here, "a/")).files, 1000);
});

test("a quota that is reached is counted again, at most once a minute, and what was deleted is room", async () => {
  const here = stage(10, 100);
  const { accounts, clock, home, events } = here;
  fs.mkdirSync(path.join(home, "a"));
  fs.writeFileSync(path.join(home, "a/old"), "x".repeat(90));
  const account = await counted(here, "a/");
  assert.equal(accounts.take(account, 11, true), false);
  assert.deepEqual(
    events.map(({ name }) => name),
    ["store-over-quota"],
  );
  fs.rmSync(path.join(home, "a/old"));
  assert.equal(accounts.take(account, 11, true), false, "not counted again yet");
  await clock.advance(60_000);
  assert.equal(accounts.take(account, 11, true), false, "this one has it counted");
  await clock.advance(10);
  assert.equal(accounts.take(account, 11, true), true);
  assert.equal(account.underWay, 11);
  assert.equal(accounts.take(account, 90, false), false, "bytes under way count");
});

test("where nothing is limited nothing is counted", () => {
  const { accounts } = stage(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  assert.equal(accounts.of("a/"), undefined);
  assert.equal(stage(1, 1).accounts.of(undefined), undefined);
});
