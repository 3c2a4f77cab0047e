// argv → one command → its exit code. The only place that ends the process.
// Promises: a wrong command line is one line, a hint and exit 2, before anything starts; `--help` and
// `--version` load no command; whatever nobody caught is `internal error` and exit 70, never a bare stack.
// Relies on cac for splitting argv and for the help texts; the checks are ours, because cac lets
// misspelt, negated and surplus arguments pass and reads values such as 007 as numbers.

import { type CAC, type Command, cac } from "cac";
import { StartFailure } from "./base/errors.ts";
import { quoteText } from "./base/text.ts";
import { exitsOf } from "./commands/exits.ts";
import { EXIT, type PkiFlags } from "./commands/flags.ts";
import { version } from "./commands/version.ts";

/** The flags' values by cac's camel-case names. */
type Values = Record<string, unknown>;
type Option = Command["options"][number];
type Run = (values: Values, args: readonly string[]) => Promise<number>;

/** Set before each value, so that cac neither reads it as a number nor takes an empty one for absent. */
const GUARD = "\0";

let debug = false;
let stdoutLost = false;
/** What is printed is a log: its end may be cut rather than hold up the stop. */
let printsLog = false;

process.on("uncaughtException", crash);
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that left early has seen enough; anything else means that the caller lacks what we printed.
  stdoutLost ||= error.code !== "EPIPE";
});
process.stderr.on("error", () => {
  // There is no better place to tell it.
});

main(process.argv.slice(2)).then(finish, crash);

async function main(argv: readonly string[]): Promise<number> {
  const { cli, runs } = commandLine();
  const [first, ...rest] = argv[0] === "pki" ? twoWords(argv) : argv;
  if (first === undefined) return usageError("no command given");
  if (["-h", "--help", "-v", "--version"].includes(first)) {
    if (rest[0] !== undefined) return usageError(`unexpected argument ${quoteText(rest[0])}`);
    if (first === "-h" || first === "--help") cli.outputHelp();
    else printVersion();
    return EXIT.OK;
  }
  if (first.startsWith("-")) return usageError(`expected a command before ${quoteText(first)}`);
  const command = cli.commands.find(({ name }) => name === first);
  const run = runs.get(first);
  if (command === undefined || run === undefined) return usageError(`unknown command ${quoteText(first)}`);

  const options = [...cli.globalCommand.options, ...command.options];
  const misspelt = flagProblem(rest, options);
  if (misspelt !== undefined) return usageError(misspelt, first);
  const { args, options: values } = cli.parse(["", "", first, ...rest.map(guard)], { run: false });
  const takes = command.args.length > 0;
  const problem = valueProblem(takes ? [] : args, values, options);
  if (problem !== undefined) return usageError(problem, first);

  if (values.help !== undefined) {
    cli.outputHelp();
    return EXIT.OK;
  }
  if (values.version !== undefined) {
    printVersion();
    return EXIT.OK;
  }
  debug = values.debug !== undefined;
  printsLog = command.hasOption("stdout") !== undefined;
  try {
    return await run(values, takes ? args.map(textOf) : []);
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT.USAGE;
  }
}

/** Each command's module is loaded when it runs. */
function commandLine(): { cli: CAC; runs: Map<string, Run> } {
  const cli = cac("shaftlog");
  const runs = new Map<string, Run>();
  cli.option("-h, --help", "Print this help");
  cli.option("-v, --version", "Print the version");

  withDaemonOptions(cli.command("client", "Deliver log files to every destination as they grow"), "client");
  runs.set("client", async (values) => {
    const { runClient } = await import("./commands/client.ts");
    return await runClient(daemonFlags(values));
  });

  withDaemonOptions(cli.command("server", "Take log files from clients and store them"), "server");
  runs.set("server", async (values) => {
    const { runServer } = await import("./commands/server.ts");
    return await runServer(daemonFlags(values));
  });

  withConfigOption(cli.command("sync-once", "Deliver what is there now, and end"), "client")
    .option("--base <dir>", "Stands for the root of the file system; nothing is written there")
    .option("--hostname <name>", "Stands for {hostname} in names and URLs")
    .option("--timeout <time>", "How long a destination may make no progress", { default: "60s" })
    .option("--json", "Print one JSON document on standard output")
    .option("--dry-run", "Show what would go where, send nothing")
    .option("-q, --quiet", "Show no progress");
  runs.set("sync-once", async (values) => {
    const { runSyncOnce } = await import("./commands/sync-once.ts");
    return await runSyncOnce({
      config: textOf(values.config),
      base: optionalText(values.base),
      hostname: optionalText(values.hostname),
      timeout: textOf(values.timeout),
      json: values.json !== undefined,
      dryRun: values.dryRun !== undefined,
      quiet: values.quiet !== undefined,
    });
  });

  cli
    .command("verify", "Compare files with their copies by digest, or a server's files with what it wrote")
    .option("-f, --config <path>", "Configuration file, a client's or a server's", { default: undefined })
    .option("--server", "It is a server's; without -f: /etc/shaftlog-server-config.yaml")
    .option("--base <dir>", "Stands for the root of the file system")
    .option("--hostname <name>", "Stands for {hostname} in names and URLs")
    .option("--timeout <time>", "How long a destination may give no answer", { default: "60s" })
    .option("--json", "Print one JSON document on standard output")
    .option("-q, --quiet", "Show no progress, and nothing where all is well");
  runs.set("verify", async (values) => {
    const { runVerify } = await import("./commands/verify.ts");
    return await runVerify({
      config: optionalText(values.config),
      server: values.server !== undefined,
      base: optionalText(values.base),
      hostname: optionalText(values.hostname),
      timeout: textOf(values.timeout),
      json: values.json !== undefined,
      quiet: values.quiet !== undefined,
    });
  });

  withConfigOption(cli.command("repair [...paths]", "Show files of a server with an odd end, or cut one"), "server")
    .option("--cut <path>", "Cut the end of this file off; the server must be stopped")
    .option("--to <size>", "So many bytes of it stay");
  runs.set("repair", async (values, paths) => {
    const { runRepair } = await import("./commands/repair.ts");
    const [cut, to] = [optionalText(values.cut), optionalText(values.to)];
    return await runRepair({ config: textOf(values.config), paths, cut, to });
  });

  withPkiOptions(cli.command("pki init", "Make a certificate authority for clients and servers")).option(
    "--name <name>",
    "Its name",
    { default: "shaftlog CA" },
  );
  runs.set("pki init", async (values) => (await import("./commands/pki.ts")).runPkiInit(pkiFlags(values)));
  withNames(withPkiOptions(cli.command("pki issue", "Issue a certificate, and print the configuration for it")));
  runs.set("pki issue", async (values) => (await import("./commands/pki.ts")).runPkiIssue(pkiFlags(values)));
  withNames(cli.command("pki revoke", "Revoke a certificate").option("--dir <dir>", "The authority's directory"));
  runs.set("pki revoke", async (values) => (await import("./commands/pki.ts")).runPkiRevoke(pkiFlags(values)));

  for (const command of cli.commands)
    command.usage(`${command.name} [options]${command.args.length > 0 ? " [PATH …]" : ""}`);
  cli.globalCommand.helpCallback = (sections) => {
    const command = cli.matchedCommand;
    const body = exitsOf(command?.name).map(([code, meaning]) => `  ${String(code).padStart(2)}  ${meaning}`);
    return [
      { body: `shaftlog ${version}: ${command?.description ?? "exactly-once log file transport"}` },
      // cac's first section is a version line.
      ...sections.slice(1).map((section) => ({ ...section, body: section.body.replaceAll(/ +$/gm, "") })),
      { title: "Exit codes", body: body.join("\n") },
    ];
  };
  return { cli, runs };
}

/** `pki init --dir …` → `pki init`, `--dir`, …: these commands have two words. */
function twoWords([first = "", second, ...rest]: readonly string[]): string[] {
  return second === undefined || second.startsWith("-") ? [first, ...rest] : [`${first} ${second}`, ...rest];
}

function withPkiOptions(command: Command): Command {
  return command
    .option("--dir <dir>", "The authority's directory")
    .option("--days <number>", "How long the certificate holds");
}

function withNames(command: Command): Command {
  return command
    .option("--server <names>", "For a server: its host names and IP addresses, with commas between")
    .option("--client <name>", "For a client: the name that its paths begin with");
}

function pkiFlags(values: Values): PkiFlags {
  const text = (key: string) => optionalText(values[key]);
  return { dir: text("dir"), name: text("name"), server: text("server"), client: text("client"), days: text("days") };
}

function withConfigOption(command: Command, role: string): Command {
  return command.option("-f, --config <path>", "Configuration file", { default: `/etc/shaftlog-${role}-config.yaml` });
}

function withDaemonOptions(command: Command, role: string): Command {
  return withConfigOption(command, role)
    .option("-d, --debug", "Log every step, and stacks of internal errors")
    .option("-s, --stdout", "Log to standard output instead of the log file");
}

function daemonFlags(values: Values): { config: string; debug: boolean; stdout: boolean } {
  return {
    config: textOf(values.config),
    debug: values.debug !== undefined,
    stdout: values.stdout !== undefined,
  };
}

function guard(argument: string): string {
  if (!argument.startsWith("-") || argument === "-") return GUARD + argument;
  const at = argument.indexOf("=");
  return at < 0 ? argument : `${argument.slice(0, at + 1)}${GUARD}${argument.slice(at + 1)}`;
}

function textOf(value: unknown): string {
  return String(value).replace(GUARD, "");
}

function optionalText(value: unknown): string | undefined {
  return value === undefined ? undefined : textOf(value);
}

/** What is wrong with the flags as they are spelled, or undefined. */
function flagProblem(argv: readonly string[], options: readonly Option[]): string | undefined {
  const byName = new Map(options.flatMap((option) => spellings(option).map((name) => [name, option])));
  const given = new Set<Option>();
  const end = argv.indexOf("--");
  for (const argument of end < 0 ? argv : argv.slice(0, end)) {
    if (!argument.startsWith("-") || argument === "-") continue;
    const [spelled = "", value] = argument.split("=", 2);
    for (const name of spelled.startsWith("--") ? [spelled] : [...spelled.slice(1)].map((letter) => `-${letter}`)) {
      const option = byName.get(name);
      if (option === undefined) return `unknown flag ${quoteText(name)}`;
      if (option.isBoolean && value !== undefined) return `${name} takes no value`;
      if (!option.isBoolean && given.has(option)) return `${name} is given more than once`;
      given.add(option);
    }
  }
  return undefined;
}

/** What is wrong with the values, or undefined. A word behind a switch is an argument of its own. */
function valueProblem(args: readonly string[], values: Values, options: readonly Option[]): string | undefined {
  const surplus = [...args, ...(values["--"] as string[])];
  for (const option of options) {
    const value = values[option.name];
    if (value === undefined) continue;
    if (option.isBoolean) surplus.push(...[value].flat().filter((word) => typeof word === "string"));
    else if (typeof value !== "string" || value === GUARD) return `${spellings(option).at(-1)} needs a value`;
  }
  return surplus[0] === undefined ? undefined : `unexpected argument ${quoteText(textOf(surplus[0]))}`;
}

/** `-q, --quiet` → `-q`, `--quiet`. */
function spellings(option: Option): string[] {
  return option.rawName.match(/(?<=^|, )--?[a-z-]+/g) ?? [];
}

function usageError(problem: string, command?: string): number {
  const help = command === undefined ? "shaftlog --help" : `shaftlog ${command} --help`;
  process.stderr.write(`shaftlog: ${problem}\nTry '${help}'.\n`);
  return EXIT.USAGE;
}

function printVersion(): void {
  process.stdout.write(`shaftlog ${version} (node ${process.version})\n`);
}

/** Nothing is tidied: the state is not what the code thinks, and a kill is safe at any time. */
function crash(error: unknown): never {
  const [message] = String(error instanceof Error ? error.message : error).split("\n", 1);
  const stack = debug && error instanceof Error ? `${error.stack}\n` : "";
  process.stderr.write(`shaftlog: internal error: ${message}\n${stack}`);
  process.exit(EXIT.INTERNAL);
}

/** Ends the process once what was printed is out: a pipe takes only so much at once. */
function finish(code: number): void {
  const exit = () => process.exit(code === EXIT.OK && stdoutLost ? EXIT.INTERNAL : code);
  if (printsLog) setTimeout(exit, 1000);
  // An error of the last write is told after the write's callback.
  process.stdout.write("", () => process.stderr.write("", () => setImmediate(exit)));
}
