// argv → one command → its exit code. The only place that ends the process.
// Promises: a wrong command line is one line, a hint and exit 2, before anything starts; `--help` and
// `--version` load no command; whatever nobody caught is `internal error` and exit 70, never a bare stack.
// Relies on cac for splitting argv and for the help texts; the checks are ours, because cac lets
// misspelt, negated and surplus arguments pass and reads values such as 007 as numbers.

import { type CAC, cac, type Command as Parsed } from "cac";
import { StartFailure } from "./base/errors.ts";
import { quoteText } from "./base/text.ts";
import { ANY_EXITS, type Flags, type Options } from "./commands/command.ts";
import { COMMANDS } from "./commands/command-table.ts";
import { EXIT } from "./commands/flags.ts";
import { version } from "./commands/version.ts";

/** The flags' values by cac's camel-case names. */
type Values = Record<string, unknown>;
type Option = Parsed["options"][number];

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
  const cli = commandLine();
  const [first, ...rest] = argv[0] === undefined ? argv : twoWords(argv);
  if (first === undefined) return usageError("no command given");
  if (["-h", "--help", "-v", "--version"].includes(first)) {
    if (rest[0] !== undefined) return usageError(`unexpected argument ${quoteText(rest[0])}`);
    if (first === "-h" || first === "--help") cli.outputHelp();
    else printVersion();
    return EXIT.OK;
  }
  if (first.startsWith("-")) return usageError(`expected a command before ${quoteText(first)}`);
  const command = COMMANDS.find(({ name }) => name === first);
  const parsed = cli.commands.find(({ name }) => name === first);
  if (command === undefined || parsed === undefined) return usageError(unknownCommand(first));

  const options = [...cli.globalCommand.options, ...parsed.options];
  const misspelt = flagProblem(rest, options);
  if (misspelt !== undefined) return usageError(misspelt, first);
  const { args, options: values } = cli.parse(["", "", first, ...rest.map(guard)], { run: false });
  const takes = command.arguments !== undefined;
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
  printsLog = command.printsLog === true;
  try {
    return await command.run(flagsOf(command.options, values), takes ? args.map(textOf) : []);
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT.USAGE;
  }
}

function commandLine(): CAC {
  const cli = cac("shaftlog");
  cli.option("-h, --help", "Print this help");
  cli.option("-v, --version", "Print the version");
  for (const { name, description, arguments: takes, options } of COMMANDS) {
    const parsed = cli.command(takes === undefined ? name : `${name} [...args]`, description);
    for (const [long, { short, value, default: fallback, text }] of Object.entries(options)) {
      const spelled = `${short === undefined ? "" : `-${short}, `}--${long}${value === undefined ? "" : ` <${value}>`}`;
      parsed.option(spelled, text, { default: fallback });
    }
    parsed.usage([name, "[options]", takes].filter((word) => word !== undefined).join(" "));
  }
  cli.globalCommand.helpCallback = (sections) => {
    const command = COMMANDS.find(({ name }) => name === cli.matchedCommand?.name);
    const exits = (command?.exits ?? ANY_EXITS).map(([code, meaning]) => `  ${String(code).padStart(2)}  ${meaning}`);
    return [
      { body: `shaftlog ${version}: ${command?.description ?? "exactly-once log file transport"}` },
      // cac's first section is a version line.
      ...sections.slice(1).map((section) => ({ ...section, body: section.body.replaceAll(/ +$/gm, "") })),
      { title: "Exit codes", body: exits.join("\n") },
    ];
  };
  return cli;
}

/** `pki init --dir …` → `pki init`, `--dir`, …: some commands have two words. */
function twoWords([first = "", second, ...rest]: readonly string[]): string[] {
  const isHalf = COMMANDS.some(({ name }) => name.startsWith(`${first} `));
  const isWhole = second === undefined || second.startsWith("-");
  return isHalf && !isWhole
    ? [`${first} ${second}`, ...rest]
    : [first, ...(second === undefined ? [] : [second]), ...rest];
}

function unknownCommand(word: string): string {
  const halves = COMMANDS.flatMap(({ name }) => (name.startsWith(`${word} `) ? [name.slice(word.length + 1)] : []));
  return halves.length === 0 ? `unknown command ${quoteText(word)}` : `${word} what? ${halves.join(" or ")}`;
}

/** One value for each option of the command, by its name in camel case, which is also cac's name for it. */
function flagsOf(options: Options, values: Values): Flags {
  return Object.fromEntries(
    Object.entries(options).map(([long, { value }]) => {
      const name = long.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
      const given = values[name];
      return [name, value === undefined ? given !== undefined : given === undefined ? undefined : textOf(given)];
    }),
  );
}

function guard(argument: string): string {
  if (!argument.startsWith("-") || argument === "-") return GUARD + argument;
  const at = argument.indexOf("=");
  return at < 0 ? argument : `${argument.slice(0, at + 1)}${GUARD}${argument.slice(at + 1)}`;
}

function textOf(value: unknown): string {
  return String(value).replace(GUARD, "");
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
