// The client's configuration file: its keys with their types and defaults, the rules that join several keys, and the
// options of the stations that come of it. Keys, meanings and defaults are told in docs/CONFIGURATION.md; a test
// compares. Pure: whether a path exists or a destination answers is found out by those who use them.

import type { PatternOptions } from "../discovery/options.ts";
import type { DestinationOptions } from "../transfer/options.ts";
import { ADMIN_KEY } from "./admin.ts";
import { count, rate } from "./amounts.ts";
import { canonicalUrl, destinationUrl, isHttps, staysHere } from "./destination-url.ts";
import type { ClientConfig } from "./options.ts";
import { type Place, report } from "./place.ts";
import type { Parsed } from "./problem.ts";
import { readYaml } from "./read-yaml.ts";
import { list, map, optional, type Partly, required, type Values, withDefault } from "./schema.ts";
import { inBraces, judgeTemplate, NAME_SUBSTITUTIONS } from "./substitution.ts";
import {
  absolutePattern,
  directory,
  expression,
  file,
  flag,
  hostName,
  interval,
  retention,
  someText,
  text,
  wireCompression,
} from "./values.ts";

const nameTemplate = text(`text in which braces hold only ${inBraces(NAME_SUBSTITUTIONS)}`, (value) =>
  value === "" ? { wrong: "is empty" } : judgeTemplate(value, NAME_SUBSTITUTIONS),
);

/** May be empty: `^/var/log/` replaced by nothing leaves the rest of the path. */
const replacement = text(`text in which braces hold only ${inBraces(NAME_SUBSTITUTIONS)}`, (value) =>
  judgeTemplate(value, NAME_SUBSTITUTIONS),
);

const SCAN_PATH_KEYS = {
  name: required(someText),
  pattern: required(absolutePattern),
  exclude: optional(someText),
  rename: withDefault(nameTemplate, "{name}.{mtime}"),
  regex_from: optional(expression),
  regex_to: optional(replacement),
  follow_symlinks: withDefault(flag, false),
  datadir: optional(directory),
};

const TLS_KEYS = {
  ca: optional(file),
  cert: optional(file),
  key: optional(file),
  server_name: optional(hostName),
};

const AUTHORIZATION_KEYS = {
  token_file: required(file),
};

const DESTINATION_KEYS = {
  url: required(destinationUrl),
  rate_limit: optional(rate),
  concurrency: optional(count(2, 32)),
  compression: withDefault(wireCompression, "none"),
  authorization: optional(map(AUTHORIZATION_KEYS)),
  tls: optional(map(TLS_KEYS, (_, at) => checkPair("cert", "key", at))),
};

const CLIENT_KEYS = {
  datadir: withDefault(directory, "/var/log/shaftlog-client"),
  logfile: withDefault(file, "/var/log/shaftlog-client.log"),
  scan_interval: withDefault(interval, 30_000),
  status_interval: withDefault(interval, 300_000),
  periodic_trigger_interval: withDefault(interval, 1000),
  retention: withDefault(retention, "1d"),
  sync_source: withDefault(flag, false),
  scan_paths: required(list(map(SCAN_PATH_KEYS, (_, at) => checkPair("regex_from", "regex_to", at)))),
  destinations: required(list(map(DESTINATION_KEYS, checkDestination))),
  admin: ADMIN_KEY,
};

export const CLIENT_SCHEMA = map(CLIENT_KEYS, checkClient);

/** The client's configuration from the text of the file at `path` (which is not read), or all that is wrong with it. */
export function parseClientConfig(text: string, path: string): Parsed<ClientConfig> {
  const parsed = readYaml(CLIENT_SCHEMA, text);
  return "config" in parsed ? { config: toClientConfig(parsed.config, path) } : parsed;
}

type At = (path: string) => Place | undefined;

function checkPair(one: string, another: string, at: At): void {
  for (const [given, other] of [
    [one, another],
    [another, one],
  ] as const) {
    const place = at(given);
    if (place !== undefined && at(other) === undefined) report(place, `stands without ${other}`, "both or neither");
  }
}

/** Nobody is to believe that a connection is encrypted which is not, and no token leaves this host in the clear. */
function checkDestination({ url }: Partly<Values<typeof DESTINATION_KEYS>>, at: At): void {
  if (url === undefined || isHttps(url)) return;
  const tls = at("tls");
  if (tls !== undefined) report(tls, "stands with an http URL, which has no TLS", "an https URL, or no tls");
  const authorization = at("authorization");
  if (authorization === undefined || staysHere(url)) return;
  report(authorization, "stands with an http URL, so the token would be sent for all to read", "an https URL");
}

function checkClient(values: Partly<Values<typeof CLIENT_KEYS>>, at: At): void {
  checkDestinations(values.destinations ?? [], at);
  checkDatadirs(values, at);
}

/** Two destinations that are one would race for the same files. */
function checkDestinations(destinations: readonly ({ readonly url?: string | undefined } | undefined)[], at: At): void {
  const firstSeen = new Map<string, number>();
  for (const [i, destination] of destinations.entries()) {
    const place = at(`destinations[${i}].url`);
    if (destination?.url === undefined || place === undefined) continue;
    const url = canonicalUrl(destination.url);
    const earlier = firstSeen.get(url);
    if (earlier === undefined) firstSeen.set(url, i);
    else report(place, `is the same as destinations[${earlier}].url`, "each destination once");
  }
}

/** A spool inside another would be taken for entries of the outer one and be delivered twice. */
function checkDatadirs(values: Partly<Values<typeof CLIENT_KEYS>>, at: At): void {
  const keyOf = new Map<string, string>();
  if (values.datadir !== undefined) keyOf.set(values.datadir, "datadir");
  for (const [i, scanPath] of (values.scan_paths ?? []).entries()) {
    const datadir = scanPath?.datadir;
    if (datadir !== undefined && !keyOf.has(datadir)) keyOf.set(datadir, `scan_paths[${i}].datadir`);
  }
  const expected = "datadirs beside each other, or the same one";
  for (const [datadir, key] of keyOf) {
    for (const above of directoriesAbove(datadir)) {
      const outer = keyOf.get(above);
      if (outer === undefined) continue;
      const inner = at(key);
      const place = inner ?? at(outer);
      if (place !== undefined) report(place, inner ? `lies inside ${outer}` : `holds ${key} (${datadir})`, expected);
    }
  }
}

function* directoriesAbove(path: string): Generator<string> {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) yield path.slice(0, end);
  if (path !== "/") yield "/";
}

function toClientConfig(values: Values<typeof CLIENT_KEYS>, path: string): ClientConfig {
  return {
    path,
    datadir: values.datadir,
    logfile: values.logfile,
    scanInterval: values.scan_interval,
    statusInterval: values.status_interval,
    periodicTriggerInterval: values.periodic_trigger_interval,
    retention: values.retention,
    syncSource: values.sync_source,
    patterns: values.scan_paths.map(toPatternOptions),
    destinations: values.destinations.map(toDestinationOptions),
    admin: values.admin?.listen,
  };
}

function toPatternOptions(values: Values<typeof SCAN_PATH_KEYS>): PatternOptions {
  const { name, pattern, exclude, rename, regex_from: from, regex_to: to, datadir } = values;
  return {
    name,
    pattern,
    exclude,
    rename,
    regex: from !== undefined && to !== undefined ? { from, to } : undefined,
    followSymlinks: values.follow_symlinks,
    datadir,
  };
}

function toDestinationOptions(values: Values<typeof DESTINATION_KEYS>): DestinationOptions {
  const { url, rate_limit: rateLimit, concurrency, compression, authorization, tls } = values;
  const token = authorization === undefined ? {} : { tokenFile: authorization.token_file };
  const pace = {
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(compression === "none" ? {} : { compression }),
  };
  if (tls === undefined) return { url, ...token, ...pace };
  const { ca, cert, key, server_name: serverName } = tls;
  return { url, ...token, ...pace, tls: { ca, cert, key, serverName } };
}
