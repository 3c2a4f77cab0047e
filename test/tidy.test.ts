// The architecture as a test: who may import whom, and what every source file looks like (CONTRIBUTING.md
// has the rules in words). Promises a message that names the file and the rule, one per breach.
// Relies on the formatter: imports and exports begin at the start of a line. Each rule is proved below on
// planted sources, so that none can become vacuous.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { test } from "node:test";

interface Import {
  /** A path in the repository, or the name of a package or built-in. */
  readonly to: string;
  readonly typeOnly: boolean;
  /** Loaded where it is needed, by import(). */
  readonly lazy: boolean;
}

interface Source {
  readonly path: string;
  readonly text: string;
  /** The text without comments and with empty strings. */
  readonly code: string;
  readonly header: readonly string[];
  readonly imports: readonly Import[];
}

const CLIENT = ["discovery", "spool", "transfer"];
const SERVER = ["archive", "ingest", "store"];
/** What every start loads, `--help` too. */
const COMMAND_LINE = ["main.ts", "commands/command.ts", "commands/command-table.ts"].map((file) => `src/${file}`);
const OF_COMMAND_LINE = [...COMMAND_LINE, "src/commands/flags.ts", "src/commands/version.ts"];
const ENTRANCE: Readonly<Record<string, RegExp>> = {
  cac: /^src\/main\.ts$/,
  consola: /^src\/platform\/[\w-]*log[\w-]*\.ts$/,
  minimatch: /^src\/discovery\/pattern\.ts$/,
  "prom-client": /^src\/admin\/metrics\.ts$/,
  undici: /^src\/platform\/[\w-]*http[\w-]*\.ts$/,
  yaml: /^src\/config\//,
};

/** True where an import breaks the rule. */
const IMPORT_RULES: Readonly<Record<string, (from: Source, it: Import) => boolean>> = {
  "the client's and the server's stations meet only in protocol": (from, { to }) =>
    (CLIENT.includes(folder(from.path)) && SERVER.includes(folder(to))) ||
    (SERVER.includes(folder(from.path)) && CLIENT.includes(folder(to))),
  "protocol imports only protocol and base": (from, { to, typeOnly }) =>
    folder(from.path) === "protocol" &&
    !["protocol", "base"].includes(folder(to)) &&
    !(folder(to) === "platform" && typeOnly),
  "base imports only base": (from, { to }) => folder(from.path) === "base" && folder(to) !== "base",
  "a pure file imports no node: module": (from, { to }) => isPure(from) && to.startsWith("node:"),
  "a pure file imports no value from platform": (from, it) =>
    isPure(from) && folder(it.to) === "platform" && !it.typeOnly,
  "values from platform are for commands only": (from, { to, typeOnly }) =>
    folder(to) === "platform" && !typeOnly && !["commands", "platform"].includes(folder(from.path)),
  "only commands and config import config": (from, { to }) =>
    folder(to) === "config" && !["commands", "config"].includes(folder(from.path)),
  "only main and commands import commands": (from, { to }) =>
    folder(to) === "commands" && !["commands", "main.ts"].includes(folder(from.path)),
  "only commands import check": (from, { to }) =>
    folder(to) === "check" && !["commands", "check"].includes(folder(from.path)),
  "no command is loaded before it is asked for": (from, { to, typeOnly, lazy }) =>
    COMMAND_LINE.includes(from.path) &&
    !lazy &&
    !typeOnly &&
    !["", "base"].includes(folder(to)) &&
    !OF_COMMAND_LINE.includes(to),
  "a package enters at one place": (from, { to }) =>
    folder(to) === "" && !to.startsWith("node:") && ENTRANCE[packageOf(to)]?.test(from.path) !== true,
  "node:sqlite and node:sea are looked up, not imported": (_, { to, typeOnly }) =>
    /^node:(sqlite|sea)$/.test(to) && !typeOnly,
};

/** True where a file breaks the rule. */
const FILE_RULES: Readonly<Record<string, (source: Source) => boolean>> = {
  "starts with a header comment of 2 to 8 lines": ({ header }) => header.length < 2 || header.length > 8,
  "has at most 300 lines": ({ text }) => text.split("\n").length > 301,
  "has no default export": ({ code }) => /^export default\b|^export \{[^}]*\bas default\b/m.test(code),
  "is no barrel": ({ code }) => code.replace(/^(import|export)[^;()=]*\bfrom "";/gm, "").trim() === "",
  "has no notes to self": ({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text),
  "has no any and no @ts- directive": ({ text, code }) =>
    /[:<,|&(]\s*any\b(?!\()|\b(as|extends|=>|=) any\b/.test(code) || /@ts-(ignore|nocheck|expect-error)/.test(text),
  "leaves console to main": ({ path, code }) => path !== "src/main.ts" && /\bconsole\./.test(code),
  "leaves process.exit to main": ({ path, code }) => path !== "src/main.ts" && /\bprocess\.exit\b/.test(code),
};

/** Every breach of a rule, as `file: rule`. */
function breaches(files: ReadonlyMap<string, string>): string[] {
  const sources = [...files].map(([path, text]) => parse(path, text));
  const found = sources.flatMap((source) => [
    ...Object.entries(FILE_RULES).flatMap(([rule, broken]) => (broken(source) ? [`${source.path}: ${rule}`] : [])),
    ...source.imports.flatMap((it) =>
      Object.entries(IMPORT_RULES).flatMap(([rule, broken]) =>
        broken(source, it) ? [`${source.path}: ${rule} (imports ${it.to})`] : [],
      ),
    ),
  ]);
  return [...found, ...cycles(sources)];
}

/** Import cycles, types included: a folder is read top-down. */
function cycles(sources: readonly Source[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path))
      found.push(`${path}: no cycles (${[...trail.slice(trail.indexOf(path)), path].join(" → ")})`);
    else if (!done.has(path)) for (const { to } of byPath.get(path)?.imports ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return found;
}

const COMMENT = /\/\/.*|\/\*[\s\S]*?\*\//;
const STRING = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/;
const REGEX = /(?<=[=(,:[!&|?{};>]\s*|return )\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\//;
const TOKEN = new RegExp([COMMENT, STRING, REGEX].map(({ source }) => `(${source})`).join("|"), "g");
const IMPORT = /^(?:import|export) (type )?(?:[\w*{}$,\s]+ from )?"([^"]+)"|\bimport\("([^"]+)"\)/gm;

function parse(path: string, text: string): Source {
  const bare = text.replace(TOKEN, (token, comment) => (comment === undefined ? token : " "));
  const code = text.replace(TOKEN, (_, comment, string) => (comment ? " " : string ? '""' : "/r/"));
  const imports = [...bare.matchAll(IMPORT)].map(
    ([, type, from = "", lazily = from]): Import => ({
      to: lazily.startsWith(".") ? posix.join(posix.dirname(path), lazily) : lazily,
      typeOnly: type !== undefined,
      lazy: lazily !== from,
    }),
  );
  const header = /^(?:\/\/.*\n)+|^\/\*[\s\S]*?\*\/\n/.exec(text)?.[0].trimEnd().split("\n") ?? [];
  return { path, text, code, header, imports };
}

function isPure({ path, header }: Source): boolean {
  return folder(path) === "protocol" || header.join(" ").includes("Pure.");
}

/** `src/store/put.ts` → `store`; `src/main.ts` → `main.ts`; anything outside src → the empty string. */
function folder(path: string): string {
  return path.startsWith("src/") ? (path.split("/")[1] ?? "") : "";
}

/** `@scope/name/part` → `@scope/name`. */
function packageOf(specifier: string): string {
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? "";
}

test("the sources keep the rules", () => {
  const root = join(import.meta.dirname, "..");
  const paths = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts"),
  );
  const files = new Map(paths.sort().map((path) => [`src/${path}`, readFileSync(join(root, "src", path), "utf8")]));
  assert.ok(files.has("src/main.ts"));
  assert.deepEqual(breaches(files), []);
});

const HEADER = "// What it promises.\n// What it relies on.\n";

test("planted sources that keep the rules are let pass", () => {
  const good = {
    "src/main.ts": `import { cac } from "cac";\nawait import("./commands/client.ts");\nconsole.log(cac);\nprocess.exit(1);`,
    "src/commands/client.ts": `import { a } from "../platform/files.ts";\nimport { b } from "../store/put.ts";\nuse(a, b);`,
    "src/platform/files.ts": `import fs from "node:fs";\nimport type { DatabaseSync } from "node:sqlite";\nexport const a = fs;`,
    "src/platform/log.ts": `import { createConsola } from "consola/basic";\nuse(createConsola);`,
    "src/platform/node-http.ts": `import { Client } from "undici";\nuse(Client);`,
    "src/store/put.ts": `import type { Files } from "../platform/files.ts";\nexport { b } from "./own.ts";\nuse(Promise.any([]));`,
    "src/store/own.ts": `const s = "any: any, console.log, // \\" /* ";\nuse(/["'\`/]any/, s); // as any of them`,
    "src/protocol/range.ts": `import type { Files } from "../platform/files.ts";\nuse(a / b, "x" / c);`,
  };
  assert.deepEqual(breaches(new Map(Object.entries(good).map(([path, body]) => [path, `${HEADER}\n${body}\n`]))), []);
});

const BAD: readonly (readonly [rule: string, path: string, body: string])[] = [
  ["the client's and the server's stations meet only in protocol", "spool/a.ts", `import { b } from "../store/b.ts";`],
  [
    "the client's and the server's stations meet only in protocol",
    "ingest/a.ts",
    `import type { b } from "../transfer/b.ts";`,
  ],
  ["protocol imports only protocol and base", "protocol/a.ts", `export { b } from "../store/b.ts";`],
  ["base imports only base", "base/a.ts", `import type { b } from "../protocol/b.ts";`],
  ["a pure file imports no node: module", "protocol/a.ts", `import {\n  join,\n  sep,\n} from "node:path";`],
  ["a pure file imports no node: module", "spool/a.ts", `// Pure.\nimport "node:fs";`],
  ["a pure file imports no value from platform", "spool/a.ts", `// Pure.\nawait import("../platform/b.ts");`],
  ["values from platform are for commands only", "spool/a.ts", `import { type b } from "../platform/b.ts";`],
  ["only commands and config import config", "spool/a.ts", `import type { b } from "../config/b.ts";`],
  ["only main and commands import commands", "store/a.ts", `import * as b from "../commands/b.ts";`],
  ["only commands import check", "spool/a.ts", `import type { b } from "../check/b.ts";`],
  ["no command is loaded before it is asked for", "main.ts", `import { b } from "./commands/b.ts";`],
  ["no command is loaded before it is asked for", "commands/command-table.ts", `import { b } from "./b.ts";`],
  ["a package enters at one place", "transfer/a.ts", `import type { Client } from "undici";`],
  ["a package enters at one place", "config/a.ts", `import lodash from "lodash";`],
  [
    "node:sqlite and node:sea are looked up, not imported",
    "platform/a.ts",
    `import { DatabaseSync } from "node:sqlite";`,
  ],
  ["starts with a header comment of 2 to 8 lines", "base/a.ts", `${"// and more\n".repeat(7)}`],
  ["has at most 300 lines", "base/a.ts", "use();\n".repeat(300)],
  ["has no default export", "base/a.ts", "export default 1;"],
  ["has no default export", "base/a.ts", "export { a, b as default };"],
  [
    "is no barrel",
    "base/a.ts",
    `import type { B } from "./c.ts";\nexport * from "./b.ts";\nexport {\n  a,\n} from "./c.ts";`,
  ],
  ["has no notes to self", "base/a.ts", "use(); // TODO"],
  ["has no any and no @ts- directive", "base/a.ts", "function f(a: any): void {}"],
  ["has no any and no @ts- directive", "base/a.ts", "const a = {} as any;"],
  ["has no any and no @ts- directive", "base/a.ts", "const a = new Map<string, any>();"],
  ["has no any and no @ts- directive", "base/a.ts", "// @ts-ignore\nuse();"],
  ["leaves console to main", "platform/a.ts", "console.error(1);"],
  ["leaves process.exit to main", "commands/a.ts", "process.exit(1);"],
  ["no cycles", "base/a.ts", `import type { A } from "./a.ts";\nuse();`],
];

for (const [rule, path, body] of BAD) {
  test(`planted: src/${path} ${rule}: ${body.slice(0, 60).replaceAll("\n", " ")}`, () => {
    const code = body.includes("import") || body.includes("export") ? `${body}\n` : `${body}\nuse();\n`;
    const found = breaches(new Map([[`src/${path}`, `${HEADER}${code}`]]));
    assert.ok(
      found.some((message) => message.startsWith(`src/${path}: ${rule}`)),
      `found only ${JSON.stringify(found)}`,
    );
  });
}

test("every rule has a planted breach", () => {
  const planted = new Set(BAD.map(([rule]) => rule));
  for (const rule of [...Object.keys(IMPORT_RULES), ...Object.keys(FILE_RULES)]) assert.ok(planted.has(rule), rule);
});
