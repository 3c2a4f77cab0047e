// A configuration file by its path → its options, or a ConfigError with everything that is wrong. What commands call.
// The only file of src/config that touches the file system, once and before anything else starts; synchronous, since
// nothing can go on without it.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { describe } from "../base/errors.ts";
import { parseClientConfig } from "./client.ts";
import { decodeConfig, LARGEST_CONFIG } from "./decode.ts";
import type { ClientConfig, ServerConfig } from "./options.ts";
import { ConfigError, type Parsed, type Problem } from "./problem.ts";
import { parseServerConfig } from "./server.ts";

/** Gives a file's bytes, at least as far as one byte beyond `LARGEST_CONFIG`, or why it cannot. */
export type ReadConfig = (path: string) => Uint8Array | Problem;

/** Throws ConfigError and nothing else. */
export function loadClientConfig(path: string, read: ReadConfig = readConfigFile): ClientConfig {
  return load(path, read, parseClientConfig);
}

/** Throws ConfigError and nothing else. */
export function loadServerConfig(path: string, read: ReadConfig = readConfigFile): ServerConfig {
  return load(path, read, parseServerConfig);
}

function load<T>(path: string, read: ReadConfig, parse: (text: string, path: string) => Parsed<T>): T {
  const bytes = read(path);
  if (!(bytes instanceof Uint8Array)) throw new ConfigError(path, [bytes]);
  const text = decodeConfig(bytes);
  if (typeof text !== "string") throw new ConfigError(path, [text]);
  const parsed = parse(text, path);
  if ("problems" in parsed) throw new ConfigError(path, parsed.problems);
  return parsed.config;
}

/** Reads a file or a pipe (`-f <(…)`), never more than one byte beyond the limit. */
export function readConfigFile(path: string): Uint8Array | Problem {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    if (fstatSync(descriptor).isDirectory()) return unreadable("is a directory");
    const buffer = new Uint8Array(LARGEST_CONFIG + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length < buffer.length; length += count) {
      count = readSync(descriptor, buffer, length, buffer.length - length, null);
    }
    return buffer.subarray(0, length);
  } catch (error) {
    return unreadable(`cannot be read: ${describe(error)}`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function unreadable(what: string): Problem {
  return { key: "", what, expected: "a configuration file (-f PATH names another)" };
}
