// Configuration files for the binary under test. JSON is YAML, so they are written as such.

import fs from "node:fs";

export interface ScanPath {
  readonly name?: string;
  readonly pattern: string;
  readonly exclude?: string;
  readonly rename?: string;
  readonly regex_from?: string;
  readonly regex_to?: string;
  readonly follow_symlinks?: boolean;
  readonly datadir?: string;
}

export interface Destination {
  readonly url: string;
  readonly rate_limit?: number | string;
  readonly concurrency?: number;
  readonly compression?: "zstd" | "none";
  readonly authorization?: { readonly token_file: string };
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly server_name?: string };
}

export interface ClientConfig {
  readonly datadir: string;
  readonly logfile: string;
  readonly scan_interval?: number | string;
  readonly status_interval?: number | string;
  readonly periodic_trigger_interval?: number | string;
  readonly retention?: number | string;
  readonly sync_source?: boolean;
  readonly scan_paths: readonly ScanPath[];
  readonly destinations: readonly (string | Destination)[];
  readonly admin?: { readonly listen: string | number };
}

export interface ServerConfig {
  readonly datadir: string;
  readonly logfile: string;
  readonly bind_address: string;
  readonly listen_port: number;
  readonly validate_regex?: string;
  readonly status_interval?: number | string;
  readonly fsync?: boolean;
  readonly tokens_file?: string;
  readonly expected_interval?: number | string;
  readonly archive?: { readonly after?: string; readonly compress?: string; readonly delete_after?: string };
  readonly limits?: Readonly<Record<string, unknown>>;
  readonly admin?: { readonly listen: string | number };
}

export function writeClientConfig(file: string, { scan_paths, destinations, ...rest }: ClientConfig): void {
  const paths = scan_paths.map((one) => ({ name: "log", ...one }));
  const urls = destinations.map((one) => (typeof one === "string" ? { url: one } : one));
  const json = JSON.stringify({ ...rest, scan_paths: paths, destinations: urls }, undefined, 2);
  // YAML takes no raw DEL and the like, which JSON does.
  fs.writeFileSync(
    file,
    json.replace(/[^\n -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}

export function writeServerConfig(file: string, config: ServerConfig): void {
  fs.writeFileSync(file, JSON.stringify(config, undefined, 2));
}

/** Delivers files under their base names: what follows the last slash. */
export function byBaseName(pattern: string): ScanPath {
  return { pattern, regex_from: "^.*/", regex_to: "" };
}
