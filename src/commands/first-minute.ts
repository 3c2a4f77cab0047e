// What is said to somebody who starts a client or a server that is not configured yet: what is missing, the least that
// would do, and the command that writes it.

import { existsSync } from "node:fs";
import { StartFailure } from "../base/errors.ts";
import { CLIENT_CONFIG, SERVER_CONFIG } from "./command.ts";
import { minimalClient, minimalServer } from "./minimal-config.ts";

export type Half = "client" | "server";

/** `path`: where the configuration would be. */
export function nothingConfigured(half: Half, path: string): StartFailure {
  const minimal = half === "client" ? minimalClient() : minimalServer();
  const file = path === (half === "client" ? CLIENT_CONFIG : SERVER_CONFIG) ? "" : ` -f ${path}`;
  const flags =
    half === "client" ? " --destination http://log1.example.com:10655/{hostname}/ --pattern '/var/log/*.log'" : "";
  return new StartFailure(
    `There is no configuration yet: ${path} does not exist. A minimal one is\n\n${minimal
      .split("\n")
      .map((line) => `  ${line}`.trimEnd())
      .join("\n")}\n\nThis writes one:\n\n  shaftlog init ${half}${flags}${file}\n\n` +
      `Another file is named with -f PATH.`,
  );
}

/** Throws StartFailure where a daemon is started and the file that it reads by default is not there. */
export function refuseUnconfigured(half: Half, path: string): void {
  const usual = half === "client" ? CLIENT_CONFIG : SERVER_CONFIG;
  if (path === usual && !existsSync(path)) throw nothingConfigured(half, path);
}
