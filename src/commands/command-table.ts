// Every command with its arguments, options and exit codes: the one place where a command is added. Importing it loads
// no command; each entry's `run` does. docs/OPERATIONS.md tells more of the exit codes: scripts rely on them, so a code
// never changes its meaning.

import {
  ANY_EXITS,
  CONFIG_OF_CLIENT,
  CONFIG_OF_SERVER,
  type Command,
  command,
  INTERNAL,
  type Options,
  USAGE,
} from "./command.ts";
import { EXIT } from "./flags.ts";

const OF_DAEMONS = {
  debug: { short: "d", text: "Log every step, and stacks of internal errors" },
  stdout: { short: "s", text: "Log to standard output instead of the log file" },
} as const satisfies Options;

const OF_AUTHORITY = {
  dir: { value: "dir", text: "The authority's directory" },
  days: { value: "number", text: "How long the certificate holds" },
} as const satisfies Options;

const OF_NAMES = {
  server: { value: "names", text: "For a server: its host names and IP addresses, with commas between" },
  client: { value: "name", text: "For a client: the name that its paths begin with" },
} as const satisfies Options;

const FORCE = { force: { text: "Replace a file that is there" } } as const satisfies Options;

export const COMMANDS: readonly Command[] = [
  command({
    name: "client",
    description: "Deliver log files to every destination as they grow",
    options: { config: CONFIG_OF_CLIENT, ...OF_DAEMONS },
    exits: ANY_EXITS,
    printsLog: true,
    run: async (flags) => (await import("./client.ts")).runClient(flags),
  }),
  command({
    name: "server",
    description: "Take log files from clients and store them",
    options: { config: CONFIG_OF_SERVER, ...OF_DAEMONS },
    exits: ANY_EXITS,
    printsLog: true,
    run: async (flags) => (await import("./server.ts")).runServer(flags),
  }),
  command({
    name: "sync-once",
    description: "Deliver what is there now, and end",
    options: {
      config: CONFIG_OF_CLIENT,
      base: { value: "dir", text: "Stands for the root of the file system; nothing is written there" },
      hostname: { value: "name", text: "Stands for {hostname} in names and URLs" },
      timeout: { value: "time", default: "60s", text: "How long a destination may make no progress" },
      json: { text: "Print one JSON document on standard output" },
      "dry-run": { text: "Show what would go where, send nothing" },
      quiet: { short: "q", text: "Show no progress" },
    },
    exits: [
      [EXIT.OK, "delivered: every byte is durable at every destination"],
      [EXIT.INCOMPLETE, "incomplete: a destination made no progress for --timeout"],
      USAGE,
      [EXIT.REFUSED, "refused: trying again will not help; wins over 1"],
      [EXIT.OWNED, "another sync-once, or a client that cannot be asked, has the datadir"],
      INTERNAL,
    ],
    run: async (flags) => (await import("./sync-once.ts")).runSyncOnce(flags),
  }),
  command({
    name: "status",
    description: "Tell how the running client or server is",
    options: {
      config: { short: "f", value: "path", text: "Configuration file, a client's or a server's" },
      server: { text: "It is a server's; without -f: /etc/shaftlog-server-config.yaml" },
      json: { text: "Print the document; with --watch one a line" },
      watch: { text: "Again every second, until q or Ctrl-C" },
    },
    exits: [
      [EXIT.OK, "in sync or sending at every destination; of a server: no client is silent for too long"],
      [EXIT.INCOMPLETE, "a destination is in error; of a server: a client is silent for too long"],
      [EXIT.USAGE, "usage or configuration error, or no right to ask"],
      [EXIT.REFUSED, "nobody answers: no client or server runs there"],
      INTERNAL,
    ],
    run: async (flags) => (await import("./status.ts")).runStatus(flags),
  }),
  command({
    name: "verify",
    description: "Compare files with their copies by digest, or a server's files with what it wrote",
    options: {
      config: { short: "f", value: "path", text: "Configuration file, a client's or a server's" },
      server: { text: "It is a server's; without -f: /etc/shaftlog-server-config.yaml" },
      base: { value: "dir", text: "Stands for the root of the file system" },
      hostname: { value: "name", text: "Stands for {hostname} in names and URLs" },
      timeout: { value: "time", default: "60s", text: "How long a destination may give no answer" },
      json: { text: "Print one JSON document on standard output" },
      quiet: { short: "q", text: "Show no progress, and nothing where all is well" },
    },
    exits: [
      [EXIT.OK, "every file is equal everywhere; a server's are as they were written"],
      [EXIT.INCOMPLETE, "some are behind, ahead, missing, or could not be compared"],
      USAGE,
      [EXIT.REFUSED, "some diverged or are refused; a server's changed on disk; wins over 1"],
      INTERNAL,
    ],
    run: async (flags) => (await import("./verify.ts")).runVerify(flags),
  }),
  command({
    name: "repair",
    description: "Show files of a server with an odd end, or cut one",
    arguments: "[PATH …]",
    options: {
      config: CONFIG_OF_SERVER,
      cut: { value: "path", text: "Cut the end of this file off; the server must be stopped" },
      to: { value: "size", text: "So many bytes of it stay" },
    },
    exits: [
      [EXIT.OK, "nothing odd was found; with --cut: it was cut"],
      [EXIT.INCOMPLETE, "some files could not be read or cut"],
      [EXIT.USAGE, "nothing was started: usage, configuration, or with --cut the server runs"],
      [EXIT.REFUSED, "something odd was found; with --cut: not cut"],
      INTERNAL,
    ],
    run: async (flags, paths) => (await import("./repair.ts")).runRepair({ ...flags, paths }),
  }),
  command({
    name: "check",
    description: "Say whether a set-up is sound, and what to do where it is not",
    options: {
      config: { short: "f", value: "path", text: "Configuration file; without it what is configured on this host" },
      json: { text: "Print one JSON document on standard output" },
      strict: { text: "A warning is as bad as an error" },
    },
    exits: [
      [EXIT.OK, "no error was found"],
      [EXIT.INCOMPLETE, "an error was found; with --strict: or a warning"],
      [EXIT.USAGE, "usage or configuration error; nothing was looked at"],
      INTERNAL,
    ],
    run: async (flags) => (await import("./check.ts")).runCheck(flags),
  }),
  command({
    name: "init client",
    description: "Write a first configuration of a client",
    options: {
      config: CONFIG_OF_CLIENT,
      destination: { value: "urls", text: "Where to deliver to; several with commas between" },
      pattern: { value: "globs", text: "Which files; several with commas between" },
      datadir: { value: "dir", text: "Where links to them are kept; on the same file system" },
      ...FORCE,
    },
    exits: ANY_EXITS,
    run: async (flags) => (await import("./init.ts")).runInitClient(flags),
  }),
  command({
    name: "init server",
    description: "Write a first configuration of a server",
    options: {
      config: CONFIG_OF_SERVER,
      datadir: { value: "dir", text: "Where delivered files are kept" },
      address: { value: "address", text: "Where to listen" },
      ...FORCE,
    },
    exits: ANY_EXITS,
    run: async (flags) => (await import("./init.ts")).runInitServer(flags),
  }),
  command({
    name: "setup logrotate",
    description: "Have logrotate rotate files that the spool links",
    options: { yes: { short: "y", text: "Ask nobody" } },
    exits: [[EXIT.OK, "it is there"], [EXIT.INCOMPLETE, "you said no"], USAGE, INTERNAL],
    run: async (flags) => (await import("./setup-logrotate.ts")).runSetupLogrotate(flags),
  }),
  command({
    name: "archive",
    description: "Seal and compress files of a server now",
    arguments: "PATH …",
    options: { config: CONFIG_OF_SERVER, now: { text: "Whatever their age" } },
    exits: [
      [EXIT.OK, "all are sealed"],
      [EXIT.INCOMPLETE, "some could not be read, are appended to, or there is no room for them"],
      [EXIT.USAGE, "nothing was started: usage, configuration, or a server that cannot be asked"],
      [EXIT.REFUSED, "some are not there, or their names are taken; wins over 1"],
      INTERNAL,
    ],
    run: async (flags, paths) => (await import("./archive.ts")).runArchive({ ...flags, paths }),
  }),
  command({
    name: "pki init",
    description: "Make a certificate authority for clients and servers",
    options: { ...OF_AUTHORITY, name: { value: "name", default: "shaftlog CA", text: "Its name" } },
    exits: ANY_EXITS,
    run: async (flags) => (await import("./pki.ts")).runPkiInit(flags),
  }),
  command({
    name: "pki issue",
    description: "Issue a certificate, and print the configuration for it",
    options: { ...OF_AUTHORITY, ...OF_NAMES },
    exits: ANY_EXITS,
    run: async (flags) => (await import("./pki.ts")).runPkiIssue(flags),
  }),
  command({
    name: "pki revoke",
    description: "Revoke a certificate",
    options: { dir: OF_AUTHORITY.dir, ...OF_NAMES },
    exits: ANY_EXITS,
    run: async (flags) => (await import("./pki.ts")).runPkiRevoke(flags),
  }),
];
