// The server's configuration file: its keys with their types and defaults, and the options of the stations that come
// of it. No key is required, so an empty file is a whole configuration. Keys, meanings and defaults are told in
// docs/CONFIGURATION.md; a test compares. Pure.

import { bytesOf } from "../base/text.ts";
import { faultOfName } from "../protocol/resource-path.ts";
import { ADMIN_KEY, checkAdminPort } from "./admin.ts";
import { count, countOrUnlimited, room, size, sizeOrUnlimited } from "./amounts.ts";
import type { ServerConfig } from "./options.ts";
import { type Place, quoteShort, report } from "./place.ts";
import type { Parsed } from "./problem.ts";
import { readYaml } from "./read-yaml.ts";
import { map, optional, type Partly, required, section, type Values, withDefault } from "./schema.ts";
import { inBraces, judgeTemplate, PREFIX_SUBSTITUTIONS } from "./substitution.ts";
import { age, bindAddress, compression, directory, expression, file, flag, interval, port, text } from "./values.ts";

const clientPrefix = text(
  `a path that begins and ends with a slash and holds ${inBraces(PREFIX_SUBSTITUTIONS)}`,
  (value) => {
    const judged = judgeTemplate(value, PREFIX_SUBSTITUTIONS);
    if ("wrong" in judged) return judged;
    if (!/^\/.*\/$/.test(value)) return { wrong: `${quoteShort(value)} does not begin and end with a slash` };
    if (!/\{(cn|san)\}/.test(value)) return { wrong: `${quoteShort(value)} would be the same for all clients` };
    if (/\{(cn|san)\}[^/]*\{(cn|san)\}/.test(value)) {
      return { wrong: `${quoteShort(value)} has two names in one segment, which could be read in two ways` };
    }
    const fault = faultOfName(bytesOf(value.slice(1, -1)));
    return fault === undefined ? { value } : { wrong: `${quoteShort(value)} leads nowhere: ${fault}` };
  },
);

const LIMIT_KEYS = {
  connections: withDefault(count(1, 1_000_000), 4096),
  connections_per_identity: withDefault(count(1, 1_000_000), 256),
  idle_timeout: withDefault(interval, "60s"),
  header_size: withDefault(size(1024, 1024 * 1024), "16KiB"),
  header_count: withDefault(count(8, 10_000), 100),
  min_body_rate: withDefault(size(0, 1024 * 1024), 240),
  max_range: withDefault(size(64 * 1024, 64 * 1024 * 1024), "64MiB"),
  path_length: withDefault(count(64, 4096), 4096),
  path_depth: withDefault(count(1, 2048), 128),
  files_per_identity: withDefault(countOrUnlimited, 1_000_000),
  bytes_per_identity: withDefault(sizeOrUnlimited, "unlimited"),
  min_free_space: withDefault(room, "1%"),
};

const SERVER_KEYS = {
  datadir: withDefault(directory, "/var/log/shaftlog-server"),
  validate_regex: withDefault(expression, "^(\\/([a-zA-Z0-9_-][a-zA-Z0-9._-]*)){1,}$"),
  logfile: withDefault(file, "/var/log/shaftlog-server.log"),
  listen_port: withDefault(port, 10_655),
  bind_address: withDefault(bindAddress, "0.0.0.0"),
  fsync: withDefault(flag, true),
  status_interval: withDefault(interval, 300_000),
  expected_interval: withDefault(interval, "10m"),
  tls: optional(
    map({ cert: required(file), key: required(file), client_ca: optional(file), crl: optional(file) }, checkTls),
  ),
  client_prefix: optional(clientPrefix),
  tokens_file: optional(file),
  limits: section(LIMIT_KEYS),
  archive: optional(
    map(
      {
        after: withDefault(age, "7d"),
        compress: withDefault(compression, "zstd"),
        delete_after: withDefault(age, "never"),
      },
      checkArchive,
    ),
  ),
  admin: ADMIN_KEY,
};

export const SERVER_SCHEMA = map(SERVER_KEYS, checkServer);

/** The server's configuration from the text of the file at `path` (which is not read), or all that is wrong with it. */
export function parseServerConfig(text: string, path: string): Parsed<ServerConfig> {
  const parsed = readYaml(SERVER_SCHEMA, text);
  if ("problems" in parsed) return parsed;
  return { config: toServerConfig(parsed.config, path) };
}

type At = (path: string) => Place | undefined;

function checkTls(_: unknown, at: At): void {
  const crl = at("crl");
  if (crl !== undefined && at("client_ca") === undefined)
    report(crl, "stands without client_ca", "client_ca beside it");
}

function checkArchive({ after, delete_after }: Partly<{ after: number; delete_after: number }>, at: At): void {
  const place = at("delete_after");
  if (place === undefined || after === undefined || delete_after === undefined || delete_after > after) return;
  report(place, "is not longer than `after`", "a time after which files have been compressed for long");
}

function checkServer(values: Partly<Values<typeof SERVER_KEYS>>, at: At): void {
  checkAdminPort(values.admin, values.listen_port, at);
  const prefix = at("client_prefix");
  if (prefix !== undefined && values.tls?.client_ca === undefined && at("tls.client_ca") === undefined) {
    report(prefix, "stands without tls.client_ca", "a CA whose certificates hold the names");
  }
  const tokens = at("tokens_file");
  const loopback = /^(127\.|::1$|localhost$)/.test(values.bind_address ?? "");
  if (tokens !== undefined && at("tls") === undefined && !loopback) {
    report(tokens, "stands without tls, so tokens would be sent for all to read", "tls, or a loopback bind_address");
  }
}

function toServerConfig(values: Values<typeof SERVER_KEYS>, path: string): ServerConfig {
  const { tls, limits } = values;
  return {
    path,
    datadir: values.datadir,
    validateRegex: values.validate_regex,
    logfile: values.logfile,
    listenPort: values.listen_port,
    bindAddress: values.bind_address,
    fsync: values.fsync,
    statusInterval: values.status_interval,
    expectedInterval: values.expected_interval,
    tls: tls === undefined ? undefined : { cert: tls.cert, key: tls.key, clientCa: tls.client_ca, crl: tls.crl },
    clientPrefix: values.client_prefix ?? (tls?.client_ca === undefined ? undefined : "/{cn}/"),
    tokensFile: values.tokens_file,
    connectionLimits: {
      connections: limits.connections,
      connectionsPerKey: limits.connections_per_identity,
      headerSize: limits.header_size,
      idleTimeout: limits.idle_timeout,
      minBodyRate: limits.min_body_rate,
    },
    requestLimits: {
      headerCount: limits.header_count,
      maxRange: limits.max_range,
      pathLength: limits.path_length,
      pathDepth: limits.path_depth,
    },
    quota: { files: limits.files_per_identity, bytes: limits.bytes_per_identity },
    minFreeSpace: limits.min_free_space,
    archive:
      values.archive === undefined
        ? undefined
        : { after: values.archive.after, deleteAfter: values.archive.delete_after },
    admin: values.admin?.listen,
  };
}
