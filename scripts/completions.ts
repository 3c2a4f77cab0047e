// Completions of the command line for bash and zsh, made of the command table: commands, their options, and files where
// an option takes a path. They run nothing of ours, so a Tab costs nothing.

import type { Command, Option } from "../src/commands/command.ts";
import { COMMANDS } from "../src/commands/command-table.ts";

/** `pki` → `init`, `issue`, `revoke`. */
const GROUPS = Map.groupBy(
  COMMANDS.filter(({ name }) => name.includes(" ")),
  ({ name }) => name.split(" ")[0] ?? "",
);
const SINGLE = COMMANDS.filter(({ name }) => !name.includes(" "));

export function bashCompletion(): string {
  const first = [...SINGLE.map(({ name }) => name), ...GROUPS.keys(), "--help", "--version"];
  const paths = COMMANDS.flatMap(({ options }) => Object.entries(options))
    .filter(([, { value }]) => isPath(value))
    .flatMap(([name, option]) => spellings(name, option));
  return `# bash completion for shaftlog
_shaftlog() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} words=
  case $before in
  ${[...new Set(paths)].join(" | ")})
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    return
    ;;
  esac
  case "$COMP_CWORD \${COMP_WORDS[1]}" in
  "1 "*) words='${first.join(" ")}' ;;
${[...GROUPS].map(([group, commands]) => `  "2 ${group}") words='${commands.map(({ name }) => name.split(" ")[1]).join(" ")}' ;;`).join("\n")}
  *)
    case "\${COMP_WORDS[1]} \${COMP_WORDS[2]} " in
${[...GROUPS.values()].flat().map(bashCase).join("\n")}
${SINGLE.map(bashCase).join("\n")}
    esac
    ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o filenames -F _shaftlog shaftlog
`;
}

function bashCase({ name, options }: Command): string {
  const words = Object.entries(options).flatMap(([long, option]) => spellings(long, option));
  return `    "${name} "*) words='${[...words, "--help"].join(" ")}' ;;`;
}

export function zshCompletion(): string {
  const described = [
    ...SINGLE.map(({ name, description }) => [name, description] as const),
    ...[...GROUPS].map(
      ([group, commands]) => [group, commands.map(({ name }) => name.split(" ")[1]).join(", ")] as const,
    ),
  ];
  const groups = [...GROUPS].map(([group, commands]) => {
    const seconds = commands.map(({ name, description }) => [name.split(" ")[1] ?? "", description] as const);
    return `  ${group})
    commands=(${list(seconds)})
    if ((CURRENT == 2)); then _describe command commands; return; fi
    shift words; ((CURRENT--))
    case $words[1] in
${commands.map((one) => `    ${one.name.split(" ")[1]}) ${zshArguments(one)} ;;`).join("\n")}
    esac ;;`;
  });
  return `#compdef shaftlog
_shaftlog() {
  local -a commands
  commands=(${list(described)})
  if ((CURRENT == 2)); then _describe command commands; return; fi
  shift words; ((CURRENT--))
  case $words[1] in
${[...SINGLE.map((one) => `  ${one.name}) ${zshArguments(one)} ;;`), ...groups].join("\n")}
  esac
}
_shaftlog "$@"
`;
}

function zshArguments({ options, arguments: args }: Command): string {
  const specs = Object.entries(options).map(([name, option]) => {
    const all = spellings(name, option);
    const text = `[${inQuotes(option.text).replaceAll(/[[\]]/g, "\\$&")}]`;
    const value = option.value === undefined ? "" : `:${option.value}:${isPath(option.value) ? "_files" : ""}`;
    const names = all.length === 1 ? `'${all[0]}` : `'(${all.join(" ")})'{${all.join(",")}}'`;
    return `${names}${text}${value}'`;
  });
  return ["_arguments", ...specs, ...(args === undefined ? [] : ["'*:path:_files'"])].join(" ");
}

function list(described: readonly (readonly [string, string])[]): string {
  return described.map(([name, text]) => `'${name}:${inQuotes(text)}'`).join(" ");
}

/** Within single quotes of a shell. */
function inQuotes(text: string): string {
  return text.replaceAll("'", "'\\''");
}

function isPath(value: string | undefined): boolean {
  return value === "path" || value === "dir";
}

function spellings(name: string, { short }: Option): string[] {
  return [...(short === undefined ? [] : [`-${short}`]), `--${name}`];
}
