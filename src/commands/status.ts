// `shaftlog status`: asks the client or server that runs in a configuration's data directory how it is, and tells it
// to people or as JSON, once or again and again. Its exit code is for scripts (docs/OPERATIONS.md, "Status"): it
// says of a client whether anything is in error, and whether there is one at all.

import fs from "node:fs";
import { loadServerConfig } from "../config/load.ts";
import { type AnyConfig, loadAnyConfig } from "../config/load-any.ts";
import { CLIENT_CONFIG, SERVER_CONFIG } from "./command.ts";
import { findStatus, linesOf, paintFor, type Status } from "./find-status.ts";
import { EXIT, type StatusFlags } from "./flags.ts";

export async function runStatus(flags: StatusFlags): Promise<number> {
  const loaded = configOf(flags);
  if (flags.watch) return await (await import("./status-watch.ts")).watchStatus(() => findStatus(loaded), flags.json);
  const { document, text } = await findStatus(loaded);
  if (document === undefined) process.stderr.write(`${text}\n`);
  else
    process.stdout.write(
      `${flags.json ? JSON.stringify(document, undefined, 2) : linesOf(document, paintFor(process.stdout)).join("\n")}\n`,
    );
  return document === undefined ? EXIT.REFUSED : exitOf(document);
}

function exitOf(document: Status): number {
  if (document.role === "server") return document.identities.some(({ silent }) => silent) ? EXIT.INCOMPLETE : EXIT.OK;
  return document.destinations.some(({ state }) => state === "in error") ? EXIT.INCOMPLETE : EXIT.OK;
}

/** On a host that has both, the client's. */
function configOf({ config, server }: StatusFlags): AnyConfig {
  if (server) return { half: "server", config: loadServerConfig(config ?? SERVER_CONFIG) };
  if (config !== undefined) return loadAnyConfig(config);
  return loadAnyConfig(!fs.existsSync(CLIENT_CONFIG) && fs.existsSync(SERVER_CONFIG) ? SERVER_CONFIG : CLIENT_CONFIG);
}
