// `shaftlog init client|server`: writes a first configuration from flags, and says what to do next. Promises that what
// it writes is one that our own loader takes, and that a file which is there is replaced only by --force, or where
// it is nothing but comments.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { codeOf, describe, StartFailure } from "../base/errors.ts";
import { quoteText } from "../base/text.ts";
import { loadClientConfig, loadServerConfig } from "../config/load.ts";
import { ConfigError } from "../config/problem.ts";
import { CLIENT_CONFIG, SERVER_CONFIG } from "./command.ts";
import { EXIT, type InitClientFlags, type InitServerFlags } from "./flags.ts";
import { minimalClient, minimalServer } from "./minimal-config.ts";

export function runInitClient({ config, destination, pattern, datadir, force }: InitClientFlags): number {
  if (destination === undefined || pattern === undefined) {
    const example =
      "shaftlog init client --destination http://log1.example.com:10655/{hostname}/ --pattern '/var/log/*.log'";
    const missing =
      destination === undefined ? "--destination, where to deliver to" : "--pattern, which files to deliver";
    throw new StartFailure(`Give ${missing}. For instance:\n\n  ${example}\n\nSeveral are given with commas between.`);
  }
  const text = minimalClient({
    destinations: listOf(destination).map((url) => (/^https?:\/\/[^/]+$/.test(url) ? `${url}/{hostname}/` : url)),
    patterns: outsideBraces(pattern),
    datadir,
  });
  write(config, text, force, (file, bytes) => loadClientConfig(file, () => bytes));
  next("client", config, CLIENT_CONFIG);
  return EXIT.OK;
}

export function runInitServer({ config, datadir, address, force }: InitServerFlags): number {
  write(config, minimalServer({ datadir, address }), force, (file, bytes) => loadServerConfig(file, () => bytes));
  next("server", config, SERVER_CONFIG);
  return EXIT.OK;
}

function write(file: string, text: string, force: boolean, load: (file: string, bytes: Uint8Array) => unknown): void {
  const whole = `# Written by shaftlog init. Every other key has a default: docs/CONFIGURATION.md.\n${text}\n`;
  try {
    load(file, Buffer.from(whole));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.problems.map(({ key, what, expected }) => `${key}: ${what}; expected ${expected}`);
    throw new StartFailure(`Nothing was written: ${lines.join("\n")}`);
  }
  try {
    writeFileSync(file, whole, { flag: force || isOnlyComments(file) ? "w" : "wx", mode: 0o644 });
  } catch (error) {
    if (codeOf(error) === "EEXIST") {
      throw new StartFailure(`${quoteText(file)} exists already: --force replaces it, -f PATH writes another file`);
    }
    const missing = codeOf(error) === "ENOENT" && !existsSync(path.dirname(file));
    const remedy = missing
      ? `: make ${path.dirname(file)} first`
      : codeOf(error) === "EACCES"
        ? ": run it as root, or give -f PATH"
        : "";
    throw new StartFailure(`Cannot write ${quoteText(file)}: ${describe(error)}${remedy}`);
  }
}

/** As the package brings it. */
function isOnlyComments(file: string): boolean {
  return existsSync(file) && !/^[ \t]*[^#\s]/m.test(readFileSync(file, "utf8"));
}

function next(half: "client" | "server", file: string, usual: string): void {
  const flag = file === usual ? "" : ` -f ${file}`;
  process.stdout.write(
    `Wrote ${file}. Next:\n\n  shaftlog check${flag}   # is everything as it must be?\n  shaftlog ${half}${flag}\n`,
  );
}

function listOf(text: string): string[] {
  return text.split(",").filter((word) => word !== "");
}

/** Commas part patterns, but not within braces: `/var/log/{a,b}.log`. */
function outsideBraces(text: string): string[] {
  const found = [""];
  let depth = 0;
  for (const char of text) {
    depth += char === "{" ? 1 : char === "}" ? -1 : 0;
    if (char === "," && depth <= 0) found.push("");
    else found.push((found.pop() ?? "") + char);
  }
  return found.filter((word) => word !== "");
}
