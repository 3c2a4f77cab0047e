// Manual pages, made of what is true already: shaftlog(1) of the command table, shaftlog-config(5) and
// shaftlog-operations(7) of the documents. In mdoc(7), which both mandoc and groff read; `mandoc -T lint` has nothing to
// say about them.

import { marked, type Token, type Tokens } from "marked";
import type { Command } from "../src/commands/command.ts";
import { COMMANDS } from "../src/commands/command-table.ts";

export interface Page {
  /** `shaftlog.1`. */
  readonly file: string;
  readonly text: string;
}

/** `date`: of the sources, so that the same ones give the same pages. */
export function manualPages(documents: { configuration: string; operations: string }, date: Date): readonly Page[] {
  const day = date.toLocaleDateString("en-US", { year: "numeric", month: "long", day: "numeric", timeZone: "UTC" });
  const page = (name: string, section: number, what: string, body: readonly string[]): Page => ({
    file: `${name}.${section}`,
    text: `${[`.Dd ${day}`, `.Dt ${name.toUpperCase()} ${section}`, ".Os", ".Sh NAME", `.Nm ${name}`, `.Nd ${roff(what)}`, ...body].join("\n")}\n`,
  });
  return [
    page("shaftlog", 1, "exactly-once log file transport", commandsBody()),
    page("shaftlog-config", 5, "the configuration files of shaftlog", documentBody(documents.configuration)),
    page("shaftlog-operations", 7, "how to run, watch, move and repair shaftlog", documentBody(documents.operations)),
  ];
}

function commandsBody(): string[] {
  return [
    ".Sh SYNOPSIS",
    ...COMMANDS.flatMap(({ name, arguments: args }) => [
      ".Nm",
      `.Cm ${name}`,
      ".Op Ar options",
      ...(args === undefined ? [] : [`.Ar ${roff(args).replaceAll(/[[\]]/g, "")}`]),
    ]),
    ".Sh DESCRIPTION",
    "Log files reach every log server exactly once, byte for byte.",
    "A client holds each log file by a hard link in its data directory,",
    "asks each destination how long its copy is, and appends the rest;",
    "a server takes appends and nothing else.",
    ".Pp",
    "The commands:",
    ".Bl -tag -width Ds",
    ...COMMANDS.flatMap(commandItem),
    ".El",
    ".Sh FILES",
    ".Bl -tag -width Ds",
    ".It Pa /etc/shaftlog-client-config.yaml",
    "What a client delivers, and where to.",
    ".It Pa /etc/shaftlog-server-config.yaml",
    "Where a server listens, and what it takes.",
    ".El",
    ".Sh SEE ALSO",
    ".Xr shaftlog-config 5 ,",
    ".Xr shaftlog-operations 7",
  ];
}

function commandItem({ name, description, options, exits }: Command): string[] {
  return [
    `.It Cm ${name}`,
    ...sentence(`${roff(description)}.`),
    ".Bl -tag -width Ds",
    ...Object.entries(options).flatMap(([long, { short, value, default: preset, text }]) => [
      `.It ${short === undefined ? "" : `Fl ${short} , `}Fl \\-${long}${value === undefined ? "" : ` Ar ${value}`}`,
      ...sentence(`${roff(text)}${preset === undefined ? "" : `; by default ${roff(preset)}`}.`),
    ]),
    ".El",
    ".Pp",
    ...sentence(`Exit codes: ${exits.map(([code, meaning]) => `${code} ${roff(meaning)}`).join("; ")}.`),
  ];
}

/** The document without its title. */
function documentBody(markdown: string): string[] {
  const tokens = marked.lexer(markdown);
  const body = tokens.filter(({ type }, i) => type !== "space" && !(i === 0 && type === "heading"));
  // Text before the first heading needs one.
  return [...(body[0]?.type === "heading" ? [] : [".Sh DESCRIPTION"]), ...blocks(body)];
}

/** A paragraph macro belongs before text that follows something, and nowhere else. */
function blocks(tokens: readonly Token[]): string[] {
  const lines: string[] = [];
  let apart = false;
  for (const token of tokens) {
    const text = block(token);
    if (text.length === 0) continue;
    if (apart && (token.type === "paragraph" || token.type === "text")) lines.push(".Pp");
    lines.push(...text);
    apart = token.type !== "heading";
  }
  return lines;
}

function block(token: Token): string[] {
  switch (token.type) {
    case "heading":
      return [`.${token.depth <= 2 ? "Sh" : "Ss"} ${plain(token.text)}`];
    case "paragraph":
    case "text":
      // A list of links within the document is of no use here.
      return /^\[[^\]]*\]\(#/.test(token.raw) ? [] : sentence(inline(token.tokens ?? [token]));
    case "code":
      return [".Bd -literal -offset indent", ...roff(token.text).split("\n").map(literal), ".Ed"];
    case "list":
      return [
        `.Bl ${token.ordered ? "-enum" : "-bullet"}`,
        ...(token as Tokens.List).items.flatMap((item) => [".It", ...blocks(item.tokens)]),
        ".El",
      ];
    case "table":
      return table(token as Tokens.Table);
    default:
      return [];
  }
}

/** Each row is an item: its first cell the tag, then the others with their headings, but for what it means. */
function table({ header, rows }: Tokens.Table): string[] {
  const items = rows.flatMap((cells) => {
    const [tag, ...others] = cells.map((cell) => inline(cell.tokens).trim());
    const told = others.flatMap((text, i) => {
      if (text === "") return [];
      const heading = plain(header[i + 1]?.text ?? "");
      if (others.length === 1 || heading === "meaning" || heading === "") return [text];
      return [`${heading[0]?.toUpperCase()}${heading.slice(1)}: ${text.replace(/\.$/, "")}.`];
    });
    return [`.It ${tag || "\\&"}`, ...told.flatMap(sentence)];
  });
  return [".Bl -tag -width Ds", ...items, ".El"];
}

/** Text on lines of its own, one for each sentence. */
function sentence(text: string): string[] {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line === ""
    ? []
    : line
        .split(/(?<=[.!?]\)?) /)
        .flatMap(wrapped)
        .map(literal);
}

function wrapped(text: string): string[] {
  return text.match(/.{1,76}(?= |$)|\S+/g)?.map((line) => line.trimStart()) ?? [];
}

function inline(tokens: readonly Token[]): string {
  return tokens.map((token) => run(token)).join("");
}

function run(token: Token): string {
  switch (token.type) {
    case "codespan":
      return `\\fB${roff(unescapeHtml(token.text))}\\fR`;
    case "strong":
    case "em":
      return `\\fI${inline(token.tokens ?? [])}\\fR`;
    case "link":
    case "paragraph":
      return inline(token.tokens ?? []);
    default:
      if ("tokens" in token && token.tokens !== undefined) return inline(token.tokens);
      return roff(unescapeHtml("text" in token ? token.text : token.raw));
  }
}

function plain(markdown: string): string {
  return roff(markdown.replaceAll(/[`*]/g, ""));
}

/** What looks like a macro is none. */
function literal(text: string): string {
  return /^['.]/.test(text) ? `\\&${text}` : text;
}

function unescapeHtml(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}

/** Text as roff has it: hyphens that can be pasted into a shell, nothing that it would take for an escape. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("…", "\\&...")
    .replaceAll(
      /[^\t\n -~]/gu,
      (character) => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`,
    );
}
