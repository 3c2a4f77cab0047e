// The simulation is not vacuous: bugs planted behind its ports, where no station can see them, are found within a few
// hundred schedules, each by the invariant that it breaks.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { simulate } from "./command.ts";

const PLANTED: Readonly<Record<string, RegExp>> = {
  // fsync of a directory does nothing
  "names-not-durable": /before its name is durable|a power cut would leave/,
  // fsync of a file does nothing
  "data-not-durable": /a power cut would leave/,
  // … of one that was found, not made
  "found-not-durable": /a power cut would leave/,
  // a write now and then takes half of the bytes and says all
  "short-writes": /not in sync|is no beginning|threw|ended/,
  // a connection repeats what it does not know the fate of
  "repeats-requests": /sent again without having been asked about|on the wire twice/,
  // what was compressed is another byte when it is decompressed
  "decodes-wrongly": /is no beginning/,
  // stat gives the inode number modulo 8
  "inodes-collide": /not in sync|is sent as|is given to|never had|is in .* and in/,
  // a directory's list leaves out each eighth name
  "list-forgets": /not in sync|exits with 0|is sent as/,
  // two processes have one data directory
  "no-lock": /are one file|is sent as|is given to|on the wire twice|threw|not in sync/,
};

describe("planted bugs are found", { concurrency: 1 }, () => {
  for (const [plant, violation] of Object.entries(PLANTED)) {
    test(plant, async () => {
      const { code, output } = await simulate("--from", "1", "--count", "500", "--plant", plant);
      assert.equal(code, 1, output);
      assert.match(output.split("\n")[0] ?? "", violation);
    });
  }
});
