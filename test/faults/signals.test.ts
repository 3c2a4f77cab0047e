// Both sides are killed, frozen and stopped at random moments, in any order and at the same time, while a program writes
// and its log is rotated, by rename and by Debian's logrotate: every line is at the server once, the server's files
// are beginnings of the client's at any moment, and once the signals end everything is in sync.

import fs from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { assertExactlyOnce } from "../support/oracles.ts";
import { pace } from "../support/pace.ts";
import { sh } from "../support/processes.ts";
import type { Random } from "../support/random.ts";
import type { Scene } from "../support/scene.ts";
import { openWire, type Wire } from "../support/wire.ts";
import { ENV, extent, lacks, seeded } from "./extent.ts";
import { Writer } from "./writer.ts";

// A server that ends in order says 503 to what still comes.
const EXPECTED = { errors: ["destination-unreachable", "destination-unavailable", "file-denied"] };

/** One blow; afterwards both run, or come up. */
async function strike({ scene }: Wire, random: Random): Promise<void> {
  const [who, other] = random.below(2) === 0 ? (["client", "server"] as const) : (["server", "client"] as const);
  const again = () => (who === "client" ? scene.startClient() : scene.startServer());
  switch (random.below(5)) {
    case 0:
    case 1:
      await scene[who].kill();
      break;
    case 2:
      await scene[who].stop();
      break;
    case 3:
      return await freeze(scene, who, random);
    default:
      // The other one is frozen meanwhile.
      scene[other].child.kill("SIGSTOP");
      await scene[who].kill();
      await pace(random.below(50));
      await again();
      scene[other].child.kill("SIGCONT");
      return;
  }
  await pace(random.below(50));
  await again();
}

/** Mostly for a moment; now and then for longer than a writer may be silent. */
async function freeze(scene: Scene, who: "client" | "server", random: Random): Promise<void> {
  scene[who].child.kill("SIGSTOP");
  await pace(random.below(10) === 0 ? 2_500 : random.below(200));
  scene[who].child.kill("SIGCONT");
}

async function storm(t: TestContext, wire: Wire, writer: Writer, blows: number, rotate: () => void): Promise<void> {
  const { scene } = wire;
  const random = seeded(t);
  await scene.startClient();
  writer.start();
  t.after(() => writer.stop());
  try {
    for (let blow = 0; blow < blows; blow++) {
      await pace(random.below(150));
      if (random.below(3) === 0) rotate();
      await strike(wire, random);
    }
  } finally {
    writer.stop();
  }
}

async function finish({ scene, end }: Wire, writer: Writer): Promise<void> {
  const all = fs.readdirSync(scene.logs, { recursive: true, encoding: "utf8" }).map((name) => scene.log(name));
  await scene.delivered(...all.filter((file) => fs.statSync(file).isFile() && !file.endsWith(".gz")));
  await end(EXPECTED);
  assertExactlyOnce(scene.texts(), writer.lines.count);
}

test("random signals to both under a writer that rotates by rename", async (t) => {
  const wire = await openWire(t, {
    client: ({ logs }) => ({
      scan_paths: [{ pattern: `${logs}/**/*.log*`, regex_from: `^${logs}/`, regex_to: "" }],
    }),
  });
  const writer = new Writer(wire.scene.logs, { every: 10 });
  await storm(t, wire, writer, extent(22, 500), () => writer.rotate());
  await finish(wire, writer);
});

test("random signals to both under Debian's logrotate with create, compress and delaycompress", {
  skip: lacks("logrotate"),
}, async (t) => {
  const wire = await openWire(t, {
    client: ({ logs }) => ({
      scan_paths: [{ pattern: `${logs}/**/*.log*`, exclude: "*.gz", rename: "{name}.{ino}.{mtime}" }],
    }),
  });
  const { scene } = wire;
  const conf = path.join(scene.home, "logrotate.conf");
  const directives = ["rotate 1000", "create", "compress", "delaycompress"].join("\n  ");
  fs.writeFileSync(conf, `allowhardlink\n${scene.log("app.log")} {\n  ${directives}\n}\n`, { mode: 0o644 });
  const writer = new Writer(scene.logs, { every: 10, rotateAfter: Number.POSITIVE_INFINITY });
  const logrotate = () => {
    // Compressed, and so deleted, is what was rotated before: only what the client holds by then.
    const files = [writer.file, `${writer.file}.1`].filter((file) => fs.existsSync(file));
    if (files.length === 0 || files.some((file) => scene.namesOf(file).length === 0)) return;
    sh("env", `PATH=${ENV.PATH}`, "logrotate", "-f", "-s", path.join(scene.home, "state"), conf);
    writer.reopen();
  };
  await storm(t, wire, writer, extent(18, 500), logrotate);
  await finish(wire, writer);
});
