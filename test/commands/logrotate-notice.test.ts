// Whether a host's logrotate rotates files with a second hard link, as its configuration says. What logrotate makes
// of each case was tried with logrotate 3.21.

import assert from "node:assert/strict";
import { test } from "node:test";
import { allowsHardLinks, including } from "../../src/commands/logrotate-notice.ts";

const RULE = "/var/log/a\n{\n  daily\n}\n";
const OWN = "/var/log/b {\n  daily\n  allowhardlink\n}\n";

const ALLOWS: readonly (readonly string[])[] = [
  ["allowhardlink"],
  ["allowhardlink\n"],
  ["# for shaftlog\n\n  allowhardlink\t# all files\nweekly\n", RULE],
  ["weekly\n", "allowhardlink\n", RULE, OWN],
  ["allowhardlink\n", `# {\n${RULE}`],
  [OWN],
  [OWN, "weekly\n", "allowhardlink\n", RULE],
  including("weekly\nallowhardlink\ninclude /etc/logrotate.d\n", [RULE]),
  including("weekly\ninclude /etc/logrotate.d\n", ["allowhardlink\n", RULE]),
];

const DOES_NOT: readonly (readonly string[])[] = [
  [],
  [""],
  ["weekly\ncreate\n"],
  ["#allowhardlink\n", RULE],
  ["noallowhardlink\n", RULE],
  ["allowhardlink\nnoallowhardlink\n", RULE],
  ["allowhardlinks\n", RULE],
  [OWN, RULE],
  // It holds from there on only.
  [RULE, "allowhardlink\n"],
  [`${RULE}allowhardlink\n`],
  including("weekly\ninclude /etc/logrotate.d\nallowhardlink\n", [RULE]),
  // What is not included is not read.
  including("weekly\n# include /etc/logrotate.d\n", ["allowhardlink\n"]),
];

test("allowhardlink counts where it holds for every rule", () => {
  for (const texts of ALLOWS) assert.equal(allowsHardLinks(texts), true, JSON.stringify(texts));
  for (const texts of DOES_NOT) assert.equal(allowsHardLinks(texts), false, JSON.stringify(texts));
});
