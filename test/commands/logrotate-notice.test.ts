// Whether a host's logrotate rotates files with a second hard link, as its configuration says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { allowsHardLinks } from "../../src/commands/logrotate-notice.ts";

const ALLOWS: readonly string[] = [
  "allowhardlink",
  "allowhardlink\n",
  "# for shaftlog\n\n  allowhardlink\t# all files\nweekly\n",
  "weekly\n/var/log/a {\n  daily\n}\nallowhardlink\n",
  "/var/log/a /var/log/b\n{\n  daily\n}\nallowhardlink\n",
];

const DOES_NOT: readonly string[] = [
  "",
  "weekly\ncreate\n",
  "#allowhardlink\n",
  "noallowhardlink\n",
  "/var/log/a {\n  allowhardlink\n}\n",
  "/var/log/a\n{\n  allowhardlink\n}\n",
  "/var/log/a {\n  daily # {\n  allowhardlink\n}\n",
  "allowhardlinks\n",
];

test("allowhardlink counts where it holds for all files", () => {
  for (const text of ALLOWS) assert.equal(allowsHardLinks(text), true, JSON.stringify(text));
  for (const text of DOES_NOT) assert.equal(allowsHardLinks(text), false, JSON.stringify(text));
});
