// The server's configuration file: its keys with their types and defaults, and the options of the stations that come
// of it. No key is required, so an empty file is a whole configuration. Keys, meanings and defaults are told in
// docs/CONFIGURATION.md; a test compares. Pure.

import type { ServerConfig } from "./options.ts";
import type { Parsed } from "./problem.ts";
import { readYaml } from "./read-yaml.ts";
import { map, withDefault } from "./schema.ts";
import { bindAddress, directory, expression, file, flag, interval, port } from "./values.ts";

export const SERVER_SCHEMA = map({
  datadir: withDefault(directory, "/var/log/shaftlog-server"),
  validate_regex: withDefault(expression, "^(\\/([a-zA-Z0-9_-][a-zA-Z0-9._-]*)){1,}$"),
  logfile: withDefault(file, "/var/log/shaftlog-server.log"),
  listen_port: withDefault(port, 10_655),
  bind_address: withDefault(bindAddress, "0.0.0.0"),
  fsync: withDefault(flag, true),
  status_interval: withDefault(interval, 300_000),
});

/** The server's configuration from the text of the file at `path` (which is not read), or all that is wrong with it. */
export function parseServerConfig(text: string, path: string): Parsed<ServerConfig> {
  const parsed = readYaml(SERVER_SCHEMA, text);
  if ("problems" in parsed) return parsed;
  const values = parsed.config;
  return {
    config: {
      path,
      datadir: values.datadir,
      validateRegex: values.validate_regex,
      logfile: values.logfile,
      listenPort: values.listen_port,
      bindAddress: values.bind_address,
      fsync: values.fsync,
      statusInterval: values.status_interval,
    },
  };
}
