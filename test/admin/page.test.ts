// The page in a real browser, in the states that an operator meets: what it says of each, that nothing foreign acts,
// that it tells when it is cut off, and that a keyboard and a screen reader get at everything (axe).
// With SHAFTLOG_PICTURES=DIR it is photographed in each state.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { noChromium, openChromium } from "../support/chromium.ts";
import { behind, client, dead, LOG2, manyHosts, NAUGHTY, server } from "./documents.ts";
import { openPlanted, type Planted } from "./planted.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const skip = noChromium;

interface Opened {
  readonly page: Page;
  readonly planted: Planted;
  /** What the browser complained of. */
  readonly complaints: string[];
}

async function open(t: TestContext, browser: BrowserContext, status: Planted["status"]): Promise<Opened> {
  const planted = await openPlanted(t, status);
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(planted.url) && !request.url().startsWith("data:")) complaints.push(request.url());
  });
  await page.goto(planted.url);
  await page.getByText(/^Live/).waitFor();
  return { page, planted, complaints };
}

async function photograph(page: Page, name: string): Promise<void> {
  const directory = process.env.SHAFTLOG_PICTURES;
  if (directory !== undefined) await page.screenshot({ path: path.join(directory, `${name}.png`), fullPage: true });
}

/** Faults that axe finds, as `rule: element`. */
async function faultsOf(page: Page): Promise<string[]> {
  // The policy of the page lets no script in, so this one comes from the test's side.
  await page.evaluate(readFileSync(AXE, "utf8"));
  const { violations } = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as {
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)} ${failureSummary}`),
  );
}

const STATES = [
  ["in-sync", client, "Both destinations in sync"],
  ["behind", behind, "1 of 2 destinations catching up"],
  ["dead", dead, "1 of 2 destinations in error"],
  ["server", server, "Both hosts heard from"],
  ["many-hosts", manyHosts, "3 of 200 hosts silent"],
  ["no-hosts", () => server({ identities: [], certificate_days_left: null }), "No host yet"],
] as const;

test("every state in light and dark, wide and narrow: the headline says it, axe finds nothing, nothing is loaded", {
  skip,
}, async (t) => {
  const browser = await openChromium(t);
  for (const [name, make, headline] of STATES) {
    const { page, complaints } = await open(t, browser, make());
    for (const [look, width, scheme] of [
      ["light", 1440, "light"],
      ["dark", 1440, "dark"],
      ["phone", 375, "light"],
      ["phone-dark", 375, "dark"],
    ] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      assert.equal(await page.getByRole("heading", { level: 2 }).first().textContent(), headline);
      await photograph(page, `${name}-${look}`);
      const wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth");
      assert.equal(wide, false, `${name} ${look}: the page is wider than the screen`);
      if (look === "light" || look === "phone-dark") assert.deepEqual(await faultsOf(page), [], `${name} ${look}`);
    }
    assert.deepEqual(complaints, [], name);
    await page.close();
  }
});

test("names that are markup are shown as they are, and do nothing", { skip }, async (t) => {
  const browser = await openChromium(t);
  const { page, complaints } = await open(t, browser, dead());
  for (const name of NAUGHTY) {
    const shown = name.replaceAll("\u202e", "\\u{202e}").replaceAll("\u202c", "\\u{202c}");
    assert.ok((await page.getByText(shown, { exact: true }).count()) > 0, name);
  }
  assert.equal(await page.locator("main img, main script, main [onload], main [onmouseover]").count(), 0);
  assert.match(await page.title(), /^1 of 2 destinations in error/);
  const many = await open(t, browser, manyHosts());
  assert.equal(await many.page.getByRole("rowheader", { name: NAUGHTY[0] ?? "", exact: true }).count(), 1);
  assert.equal(await many.page.locator("main img, main script").count(), 0);
  assert.deepEqual([...complaints, ...many.complaints], []);
});

test("a change of state is shown and read aloud; figures alone are not", { skip }, async (t) => {
  const browser = await openChromium(t);
  const { page, planted } = await open(t, browser, client());
  const aloud = page.locator("[aria-live=polite]").last();
  assert.equal(await aloud.textContent(), "Both destinations in sync");
  await page.evaluate(
    "globalThis.heard = []; new MutationObserver(() => heard.push(document.getElementById('announce').textContent))" +
      ".observe(document.getElementById('announce'), { childList: true, characterData: true, subtree: true })",
  );
  planted.status = client({ files: { adopted: 4_321, live: 1, released: 2, found: 3 } });
  await page.getByText("4,321").waitFor();
  assert.deepEqual(await page.evaluate("heard"), []);
  planted.status = dead();
  await page.getByRole("heading", { name: "1 of 2 destinations in error" }).waitFor();
  assert.deepEqual(await page.evaluate("heard"), ["1 of 2 destinations in error"]);
  const card = page.getByRole("article").filter({ hasText: LOG2 });
  assert.match((await card.textContent()) ?? "", /in error.*85\.2 GiB.*5 h 30 min.*connection refused/s);
});

test("it says when the connection is lost and since when, and goes on when it is back", { skip }, async (t) => {
  const browser = await openChromium(t);
  const { page, planted } = await open(t, browser, client());
  await page.route("**/status", (route) => route.abort());
  await page.getByText(/^Connection lost, figures of \d\d:\d\d:\d\d: no connection; trying again$/).waitFor();
  assert.match((await page.locator("#announce").textContent()) ?? "", /^Connection lost/);
  await photograph(page, "lost-light");
  assert.deepEqual(await faultsOf(page), []);
  await page.unroute("**/status");
  await page.getByText(/^Live/).waitFor();
  assert.equal(await page.locator("#announce").textContent(), "Connected again");
  await planted.close();
  await page.getByText(/^Connection lost, figures of/).waitFor();
});

test("two hundred hosts are sorted and filtered by keyboard", { skip }, async (t) => {
  const browser = await openChromium(t);
  const { page } = await open(t, browser, manyHosts());
  const rows = page.locator("tbody").first().getByRole("row");
  assert.equal(await rows.count(), 200);
  assert.match((await rows.first().textContent()) ?? "", /silent/);
  await page.getByRole("button", { name: "Throughput" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  assert.equal(await page.getByRole("columnheader", { name: "Throughput" }).getAttribute("aria-sort"), "descending");
  assert.match((await rows.first().textContent()) ?? "", /19\d KiB\/s/);
  await page.getByLabel("Name has").focus();
  await page.keyboard.type("WEB19");
  await page.getByText("11 of 200 hosts").waitFor();
  assert.equal(await rows.count(), 11);
  await page.getByLabel("State").selectOption("silent");
  await page.getByText("0 of 200 hosts").waitFor();
  await page.getByLabel("Name has").fill("");
  await page.getByText("3 of 200 hosts", { exact: true }).waitFor();
  // Every second the rows are brought up to date: what has the focus keeps it.
  await page.getByRole("button", { name: "Host" }).focus();
  await page.waitForResponse("**/status");
  await page.waitForResponse("**/status");
  assert.equal(await page.evaluate("document.activeElement?.textContent"), "Host");
});
