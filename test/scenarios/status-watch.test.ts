// `shaftlog status --watch` on a terminal (a pty of script) and into a pipe: the screen is drawn over itself, ends at q
// or a signal with the terminal as it was, and a terminal that takes nothing holds up no end.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { BINARY } from "../support/processes.ts";
import { openScene } from "../support/scene.ts";
import { status } from "../support/status.ts";

const noScript = spawnSync("script", ["--version"]).status === 0 ? false : "script is missing";

test("on a terminal: one screen drawn again and again, and q gives the terminal back", {
  skip: noScript,
}, async (t) => {
  const scene = await openScene(t);
  await scene.start();
  await scene.until("it tells", () => status(scene, "client").status === 0);
  const command = `stty rows 10 cols 60; exec ${BINARY} status -f ${path.join(scene.home, "client.yaml")} --watch`;
  for (const env of [{ NO_COLOR: "" }, { NO_COLOR: "1" }]) {
    const child = spawn("script", ["-qec", command, "/dev/null"], {
      env: { PATH: process.env.PATH, TERM: "xterm", SHELL: "/bin/sh", ...env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    t.after(() => child.kill("SIGKILL"));
    let screen = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      screen += text;
    });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    await scene.until("three frames", () => screen.split("\x1b[H").length > 3);
    child.stdin.write("q");
    assert.equal(await ended, 0, screen);
    assert.ok(screen.startsWith("\x1b[?1049h\x1b[?25l\x1b[?7l"), JSON.stringify(screen.slice(0, 40)));
    assert.ok(screen.endsWith("\x1b[?7h\x1b[?25h\x1b[?1049l"), JSON.stringify(screen.slice(-40)));
    const frames = screen.split("\x1b[H").slice(1);
    for (const frame of frames) assert.equal(frame.split("\n").length, 10, "as many rows as there are");
    assert.match(frames[0] ?? "", /in sync/);
    assert.equal(screen.split("\x1b[2J").length, 2, "only the first frame clears the screen");
    assert.equal(screen.includes("\x1b[32m"), env.NO_COLOR === "", "colours");
  }
  await scene.end();
});

test("into a pipe: one document a line, null while nobody answers, until a signal", async (t) => {
  const scene = await openScene(t);
  await scene.start();
  const child = spawn(BINARY, ["status", "-f", path.join(scene.home, "client.yaml"), "--watch", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  let lines: string[] = [];
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
    lines = text.split("\n").slice(0, -1);
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  await scene.until("documents", () => lines.filter((line) => line !== "null").length >= 2);
  assert.equal(JSON.parse(lines.at(-1) ?? "").role, "client");
  await scene.client.stop();
  await scene.until("nobody answers", () => lines.at(-1) === "null");
  child.kill("SIGTERM");
  assert.equal(await ended, 0);
  await scene.server.stop();
});
