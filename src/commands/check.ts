// `shaftlog check`: whether a set-up is sound, before it hurts and while it runs. It changes nothing, takes no lock and
// needs no right of its own; what it may not look at is a finding. Without -f it checks what is configured on this
// host: the client, the server, or both.

import { existsSync } from "node:fs";
import { counted, ok } from "../check/finding.ts";
import { type AnyConfig, loadAnyConfig } from "../config/load-any.ts";
import { systemClock } from "../platform/clock.ts";
import { checkClient } from "./check-client.ts";
import { type Checked, checkDocument, checkText, exitOf, resultOf } from "./check-report.ts";
import { checkServer } from "./check-server.ts";
import { CLIENT_CONFIG, SERVER_CONFIG } from "./command.ts";
import { nothingConfigured } from "./first-minute.ts";
import type { CheckFlags } from "./flags.ts";

export async function runCheck({ config, json, strict }: CheckFlags): Promise<number> {
  const began = systemClock.elapsed();
  const paths = config === undefined ? [CLIENT_CONFIG, SERVER_CONFIG].filter(existsSync) : [config];
  if (paths.length === 0) throw nothingConfigured("client", CLIENT_CONFIG);
  const checks: Checked[] = [];
  // All of them are read before anything is looked at: what is wrong is told at once.
  for (const loaded of paths.map(loadAnyConfig)) checks.push(await checkOne(loaded));
  const document = checkDocument(checks, systemClock.elapsed() - began);
  const colours = process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";
  process.stdout.write(json ? `${JSON.stringify(document, undefined, 2)}\n` : checkText(checks, colours));
  return exitOf(resultOf(checks), strict);
}

async function checkOne(loaded: AnyConfig): Promise<Checked> {
  const { half, config } = loaded;
  if (loaded.half === "server") {
    const read = ok("configuration", config.path, "a server's, in order");
    return { config: config.path, half, findings: [read, ...(await checkServer(loaded.config))], files: [] };
  }
  const { patterns, destinations } = loaded.config;
  const text = `a client's, in order: ${counted(patterns.length, "pattern")}, ${counted(destinations.length, "destination")}`;
  const { findings, files } = await checkClient(loaded.config);
  return { config: config.path, half, findings: [ok("configuration", config.path, text), ...findings], files };
}
