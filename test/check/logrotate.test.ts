// The reader of logrotate's configuration beside logrotate itself: for each configuration Debian's logrotate is run on a
// file with two links, and what it does is what the check says it would do. Then what the check says of directives
// that destroy, with file and line.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { checkLogrotate } from "../../src/check/logrotate.ts";
import { globToRegExp, readLogrotate } from "../../src/check/logrotate-config.ts";
import { nodeHostFacts } from "../../src/platform/node-host-facts.ts";
import { tempDir } from "../support/temp-dir.ts";

const LOGROTATE = "/usr/sbin/logrotate";
const skip = fs.existsSync(LOGROTATE) ? false : "no logrotate";
const pause = () => Promise.resolve();

/** Files by their names below a directory, `@` in their texts standing for it. */
type Tree = Readonly<Record<string, string>>;

function plant(tree: Tree): string {
  const home = tempDir();
  for (const [name, text] of Object.entries(tree)) {
    const file = path.join(home, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text.replaceAll("@", home), { mode: 0o644 });
  }
  return home;
}

async function findings(home: string, ...names: readonly string[]): Promise<string[]> {
  const paths = names.map((name) => path.join(home, name));
  const found = await checkLogrotate(nodeHostFacts, paths, pause, path.join(home, "conf"));
  return found.map(({ level, name }) => `${level} ${name}`);
}

const RULE = "@/log {\n rotate 3\n}\n";
const ALLOWED = "@/log {\n rotate 3\n allowhardlink\n}\n";

/** Whether `log` is rotated, though it has two links. */
const CASES: readonly (readonly [rotates: boolean, tree: Tree])[] = [
  [false, { conf: RULE }],
  [true, { conf: `allowhardlink\n${RULE}` }],
  [true, { conf: ALLOWED }],
  [false, { conf: `${RULE}allowhardlink\n` }],
  [false, { conf: `allowhardlink\nnoallowhardlink\n${RULE}` }],
  [false, { conf: `#allowhardlink\n${RULE}` }],
  [true, { conf: `  allowhardlink\t# for shaftlog\n${RULE}` }],
  [true, { conf: `weekly\nallowhardlink\ninclude @/d\n`, "d/app": RULE }],
  [false, { conf: `weekly\ninclude @/d\nallowhardlink\n`, "d/app": RULE }],
  [true, { conf: "include @/d\n", "d/00-shaftlog": "allowhardlink\n", "d/app": RULE }],
  [false, { conf: "include @/d\n", "d/zz": "allowhardlink\n", "d/app": RULE }],
  [false, { conf: "include @/d\n", "d/00-shaftlog.dpkg-old": "allowhardlink\n", "d/app": RULE }],
  [false, { conf: "include @/d\n", "d/00-shaftlog~": "allowhardlink\n", "d/app": RULE }],
  [true, { conf: "include @/d\n", "d/.00": "allowhardlink\n", "d/app": RULE }],
  [true, { conf: "tabooext .no\ninclude @/d\n", "d/00.bak": "allowhardlink\n", "d/app": RULE }],
  [false, { conf: "tabooext + .no\ninclude @/d\n", "d/00.no": "allowhardlink\n", "d/app": RULE }],
  [false, { conf: "taboopat 0*\ninclude @/d\n", "d/00": "allowhardlink\n", "d/app": RULE }],
  [true, { conf: "include @/one\n", one: ALLOWED }],
  [true, { conf: `@/other\n@/l*g\n{\n rotate 3\n allowhardlink\n missingok\n}\n` }],
  [true, { conf: `"@/lo?" @/x* {\n rotate 3\n allowhardlink\n missingok\n}\n` }],
  [true, { conf: `'@/l[a-o]g'{\n rotate 3\n allowhardlink\n}\n` }],
  [true, { conf: `@/other {\n missingok\n noallowhardlink\n}\n${ALLOWED}` }],
  [false, { conf: `@/other {\n missingok\n allowhardlink\n}\n${RULE}` }],
  [true, { conf: `@/log {\n rotate 3\n postrotate\n  noallowhardlink || true\n }\n endscript\n allowhardlink\n}\n` }],
  [true, { conf: `@/log { rotate 3\n allowhardlink\n}\n@/z {\n missingok\n}\n` }],
];

test("what logrotate does to a file with two links is what the check says", { skip }, async (t) => {
  for (const [rotates, tree] of CASES) {
    await t.test(JSON.stringify(tree), async () => {
      const home = plant(tree);
      const log = path.join(home, "log");
      fs.writeFileSync(log, "a line\n");
      fs.linkSync(log, path.join(home, "spooled"));
      const found = await findings(home, "log");
      const state = path.join(home, "state");
      const { stderr } = spawnSync(LOGROTATE, ["-f", "-s", state, path.join(home, "conf")], { encoding: "utf8" });
      assert.equal(fs.existsSync(`${log}.1`), rotates, `logrotate itself: ${stderr}`);
      assert.deepEqual(found, [rotates ? "ok logrotate" : "error logrotate-stops"]);
    });
  }
});

test("copytruncate, shred and copy are found with file and line, where they hold for a file that matches", async () => {
  const home = plant({
    conf: "allowhardlink\nshred\ninclude @/d\n",
    "d/app": "# app\n@/app.log {\n  copytruncate\n}\n@/safe.log {\n noshred\n}\n@/unmatched.log {\n copytruncate\n}\n",
    "d/copy": "@/copied.log {\n  noshred\n  copy\n}\n",
  });
  const names = ["app.log", "safe.log", "copied.log"];
  const paths = names.map((name) => path.join(home, name));
  const found = await checkLogrotate(nodeHostFacts, paths, pause, path.join(home, "conf"));
  assert.deepEqual(
    found.map(({ level, name, subject, text }) => [
      level,
      name,
      subject,
      text.replaceAll(home, "@").split(" ").slice(0, 3),
    ]),
    [
      ["error", "logrotate-copytruncate", `"${paths[0]}"`, ["copytruncate", "at", "@/d/app:3"]],
      ["error", "logrotate-shred", `"${paths[0]}"`, ["shred", "at", "@/conf:2"]],
      ["warning", "logrotate-copy", `"${paths[2]}"`, ["copy", "at", "@/d/copy:3"]],
    ],
  );
  // The remedy is a command to paste.
  for (const { remedy } of found) assert.equal(spawnSync("sh", ["-c", remedy ?? "false"]).status, 0, remedy);
  assert.deepEqual(await findings(home, ...names), ["ok logrotate"]);
});

test("no logrotate, and rules that name none of our files", async () => {
  const home = plant({ conf: "@/other {\n}\n" });
  assert.deepEqual(await findings(home, "log"), ["warning logrotate-stops"]);
  assert.deepEqual(await findings(plant({}), "log"), ["ok logrotate"]);
});

test("a configuration that is broken, endless or enormous ends the reading, not the check", () => {
  const home = plant({ conf: "include @/conf\n{ } }\n\"\n@/a {\n'", deep: "x" });
  assert.ok(Array.isArray(readLogrotate(nodeHostFacts, path.join(home, "conf"))));
  const loop = plant({ conf: "include @\n" });
  assert.deepEqual(readLogrotate(nodeHostFacts, path.join(loop, "conf")), []);
});

test("globs are those of glob(7)", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["/var/log/*.log", "/var/log/a.log", true],
    ["/var/log/*.log", "/var/log/d/a.log", false],
    ["/var/log/*", "/var/log/.hidden", false],
    ["/var/log/.*", "/var/log/.hidden", true],
    ["/var/log/a?", "/var/log/ab", true],
    ["/var/log/a?", "/var/log/a", false],
    ["/var/log/[a-c]x", "/var/log/bx", true],
    ["/var/log/[!a-c]x", "/var/log/bx", false],
    ["/var/log/[]x]", "/var/log/]", true],
    ["/var/log/a.b", "/var/log/axb", false],
    ["/var/log/a\\*b", "/var/log/a*b", true],
    ["/var/log/a\\*b", "/var/log/axb", false],
    ["/var/log/{a,b}", "/var/log/a", false],
  ];
  for (const [glob, file, matches] of cases) assert.equal(globToRegExp(glob).test(file), matches, `${glob} ${file}`);
});
