// Another host's file system in a directory, as a backup or a mounted disk shows it: its logs, its spool, its names,
// and links that mean paths of that host. What lies beside it is this host's, and must never be read.

import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import type { ScanPath } from "./configs.ts";
import type { Scene } from "./scene.ts";
import { type RunOptions, reportOf, sync } from "./sync-once.ts";
import { picture } from "./untouched.ts";

export const DATADIR = "/var/log/shaftlog-client";
/** Names are base names of what lies below /var/log. */
export const LOGS: ScanPath = { pattern: "/var/log/**/*.log*", regex_from: "^.*/", regex_to: "" };

/** Makes a host below the scene's directory; `files` by their absolute paths on that host. */
export function makeHost(scene: Scene, name: string, files: Readonly<Record<string, string>> = {}): string {
  const base = path.join(scene.home, name);
  fs.mkdirSync(path.join(base, "var/log"), { recursive: true });
  write(base, { "/etc/hostname": `${name}\n`, ...files });
  configureFor(scene, {});
  return base;
}

/** Writes files of that host. */
export function write(base: string, files: Readonly<Record<string, string>>): void {
  for (const [file, content] of Object.entries(files)) {
    const at = path.join(base, file);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(at, content);
  }
}

/** The client's configuration with that host's paths. */
export function configureFor(
  scene: Scene,
  keys: { paths?: readonly ScanPath[]; url?: string; datadir?: string },
): void {
  const { paths = [LOGS], url = "{hostname}/", datadir = DATADIR } = keys;
  scene.configure({ datadir, scan_paths: paths, destinations: [`${scene.url}${url}`] });
}

/** A client of that host, run there: its spool and what it delivered. */
export async function runThere(scene: Scene, base: string, name: string): Promise<void> {
  const config = scene.clientConfig;
  // Its root is elsewhere now, so it is told where its things are; names do not hold the path.
  const pattern = path.join(base, "var/log/**/*.log*");
  scene.configure({ datadir: path.join(base, DATADIR), scan_paths: [{ ...LOGS, pattern }] });
  await sync(scene, 0, ["--hostname", name]);
  scene.configure(config);
}

/** `cp -a`: times, owners and hard links as they are. */
export function copy(base: string, to: string): string {
  execFileSync("cp", ["-a", base, to]);
  return to;
}

/** Words before a command that sees `base` as a read-only file system; nobody else does. Needs root. */
export function readOnly(base: string): readonly string[] {
  const script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
  return ["unshare", "--mount", "sh", "-c", script, base];
}

/** A run that must leave everything below `base` as it is: exit code and document. */
export async function syncBase(
  scene: Scene,
  base: string,
  code: number,
  flags: readonly string[] = [],
  options: RunOptions = {},
): Promise<ReturnType<typeof reportOf> & { readonly stderr: string }> {
  const before = picture(base);
  const ended = await sync(scene, code, ["--json", "--base", base, ...flags], options);
  const after = picture(base);
  if (after !== before) throw new Error(`changed below the base:\n${difference(before, after)}`);
  return { ...reportOf(ended), stderr: ended.stderr };
}

function difference(before: string, after: string): string {
  const [old, now] = [new Set(before.split("\n")), new Set(after.split("\n"))];
  const lines = [...old].filter((line) => !now.has(line)).map((line) => `- ${line}`);
  return [...lines, ...[...now].filter((line) => !old.has(line)).map((line) => `+ ${line}`)].join("\n");
}
