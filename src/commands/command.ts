// What a command is to the command line, as plain data: help texts, man pages and shell completions are made of it.
// Promises that `run` gets one value for each option, under its name in camel case: a text where the option takes a
// value, a truth value where it is a switch.

import { EXIT } from "./flags.ts";

export interface Option {
  /** One letter, without its hyphen. */
  readonly short?: string;
  /** What its value is, in one word; without it the option is a switch. */
  readonly value?: string;
  readonly default?: string;
  /** One line, without a full stop. */
  readonly text: string;
}

/** By their names without hyphens in front, in the order of the help text. */
export type Options = Readonly<Record<string, Option>>;

export type Exits = readonly (readonly [code: number, meaning: string])[];

export interface Command {
  /** One word, or two with a space between. */
  readonly name: string;
  /** One line, without a full stop. */
  readonly description: string;
  /** What stands behind the options, as a usage line shows it; without it nothing may. */
  readonly arguments?: string;
  readonly options: Options;
  readonly exits: Exits;
  /** What it prints is a log: its end may be cut rather than hold up the stop. */
  readonly printsLog?: boolean;
  /** Loads the command's module and runs it: its exit code. */
  readonly run: (flags: Flags, args: readonly string[]) => Promise<number>;
}

/** What was given, by the options' names in camel case. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>;

type CamelCase<Name> = Name extends `${infer First}-${infer Rest}` ? `${First}${Capitalize<CamelCase<Rest>>}` : Name;

type FlagOf<It extends Option> = It extends { default: string }
  ? string
  : It extends { value: string }
    ? string | undefined
    : boolean;

type FlagsOf<All extends Options> = { readonly [Name in keyof All as CamelCase<Name>]: FlagOf<All[Name]> };

interface Typed<All extends Options> extends Omit<Command, "options" | "run"> {
  readonly options: All;
  readonly run: (flags: FlagsOf<All>, args: readonly string[]) => Promise<number>;
}

/** The one way to make a Command: `run` is checked against the options that are written there. */
export function command<const All extends Options>(typed: Typed<All>): Command {
  // main.ts makes the flags of these very options.
  return { ...typed, run: (flags, args) => typed.run(flags as FlagsOf<All>, args) };
}

export const INTERNAL = [EXIT.INTERNAL, "internal error"] as const;
export const USAGE = [EXIT.USAGE, "usage or configuration error; nothing was started"] as const;

/** Of a command that has nothing of its own to tell, and of the program without a command. */
export const ANY_EXITS: Exits = [
  [EXIT.OK, "success"],
  [EXIT.USAGE, "nothing was started: usage, configuration, or what it needs is taken"],
  INTERNAL,
];

export const CLIENT_CONFIG = "/etc/shaftlog-client-config.yaml";
export const SERVER_CONFIG = "/etc/shaftlog-server-config.yaml";

export const CONFIG_OF_CLIENT = configOption(CLIENT_CONFIG);
export const CONFIG_OF_SERVER = configOption(SERVER_CONFIG);

function configOption<const Path extends string>(path: Path) {
  return { short: "f", value: "path", default: path, text: "Configuration file" } as const;
}
