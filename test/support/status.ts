// Asking for the status as a user does, with the built binary; what it prints and how it ends.

import assert from "node:assert/strict";
import path from "node:path";
import type { ClientStatus } from "../../src/status/client-document.ts";
import type { ServerStatusDocument } from "../../src/status/server-document.ts";
import { type Ended, run } from "./processes.ts";
import type { Scene } from "./scene.ts";

export function status(scene: Scene, half: "client" | "server", ...flags: readonly string[]): Ended {
  return run(["status", "-f", path.join(scene.home, `${half}.yaml`), ...flags]);
}

/** The document, whatever the exit code. */
export function clientStatus(scene: Scene): ClientStatus {
  return documentOf(status(scene, "client", "--json")) as ClientStatus;
}

export function serverStatus(scene: Scene): ServerStatusDocument {
  return documentOf(status(scene, "server", "--json")) as ServerStatusDocument;
}

function documentOf({ stdout, stderr, status }: Ended): unknown {
  assert.ok(status === 0 || status === 1, `${status}: ${stderr}`);
  return JSON.parse(stdout);
}
