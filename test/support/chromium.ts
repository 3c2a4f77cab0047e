// A headless Chromium for one test, with an empty profile of its own that goes with it. It opens nothing but what the
// test opens on loopback.

import { spawnSync } from "node:child_process";
import type { TestContext } from "node:test";
import { type BrowserContext, chromium } from "playwright-core";
import { tempDir } from "./temp-dir.ts";

const PROGRAM = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Why there is none, or false. */
export const noChromium: string | false =
  spawnSync(PROGRAM, ["--version"]).status === 0 ? false : "no chromium (Debian package chromium)";

export async function openChromium(t: TestContext): Promise<BrowserContext> {
  const browser = await chromium.launchPersistentContext(tempDir(), {
    executablePath: PROGRAM,
    headless: true,
    args: FLAGS,
    viewport: { width: 1440, height: 900 },
  });
  t.after(() => browser.close());
  return browser;
}
