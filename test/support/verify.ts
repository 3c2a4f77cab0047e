// Runs of `shaftlog verify` and `shaftlog repair` to their end: exit code, what they print, and the JSON document
// checked for exactly the documented keys. And the ways in which files are harmed behind everybody's back.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { type Ended, run } from "./processes.ts";
import type { Scene } from "./scene.ts";

export interface VerifyReport {
  readonly result: string;
  readonly bytes_sent: number;
  readonly elapsed_ms: number;
  readonly files: readonly {
    readonly name: string | null;
    readonly source: string | null;
    readonly size: number;
    readonly destinations: readonly {
      readonly url: string;
      readonly acknowledged: number;
      readonly state: string;
      readonly error: string | null;
    }[];
  }[];
}

const RESULTS = ["equal", "incomplete", undefined, "diverged"];

/** The client's half; expects the exit code `code`. */
export function verify(scene: Scene, code: number, ...flags: readonly string[]): VerifyReport {
  const ended = run(["verify", "-f", path.join(scene.home, "client.yaml"), "--json", ...flags]);
  assert.equal(ended.status, code, `${ended.stderr}${ended.stdout}`);
  const report = JSON.parse(ended.stdout) as VerifyReport;
  assert.deepEqual(Object.keys(report), ["result", "bytes_sent", "elapsed_ms", "files"]);
  assert.equal(report.bytes_sent, 0);
  assert.equal(report.result, RESULTS[code]);
  for (const file of report.files) {
    assert.deepEqual(Object.keys(file), ["name", "source", "size", "destinations"]);
    for (const destination of file.destinations) {
      assert.deepEqual(Object.keys(destination), ["url", "acknowledged", "state", "error"]);
      assert.equal(destination.error === null, destination.state === "equal");
      assert.ok(destination.acknowledged <= file.size);
    }
  }
  return report;
}

/** `name state` of every file at the first destination, sorted. */
export function states(report: VerifyReport): string[] {
  return report.files.map(({ name, destinations }) => `${name} ${destinations[0]?.state}`).sort();
}

export interface AuditReport {
  readonly result: string;
  readonly covered: number;
  readonly bytes: number;
  readonly not_covered: number;
  readonly files: readonly {
    readonly name: string;
    readonly size: number;
    readonly state: string;
    readonly segment: number | null;
    readonly error: string;
  }[];
}

/** The server's half. */
export function auditServer(scene: Scene, code: number, ...flags: readonly string[]): AuditReport {
  const ended = run(["verify", "-f", path.join(scene.home, "server.yaml"), "--json", ...flags]);
  assert.equal(ended.status, code, `${ended.stderr}${ended.stdout}`);
  return JSON.parse(ended.stdout) as AuditReport;
}

/** Expects the exit code `code`. */
export function repair(scene: Scene, code: number, ...args: readonly string[]): Ended {
  const ended = run(["repair", "-f", path.join(scene.home, "server.yaml"), ...args]);
  assert.equal(ended.status, code, `${ended.stderr}${ended.stdout}`);
  return ended;
}

/** Changes one byte of a file in place. */
export function flip(file: string, at: number): void {
  const fd = fs.openSync(file, "r+");
  const byte = Buffer.alloc(1);
  fs.readSync(fd, byte, 0, 1, at);
  byte[0] = (byte[0] as number) ^ 0x20;
  fs.writeSync(fd, byte, 0, 1, at);
  fs.closeSync(fd);
}
