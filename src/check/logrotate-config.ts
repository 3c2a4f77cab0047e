// A host's logrotate configuration, read as logrotate reads it (logrotate 3.21, config.c): directives outside of braces
// hold for every block that follows, `include` reads a file or a directory's files in order, scripts are passed over.
// Promises where each directive stands. What logrotate itself would refuse is passed over: it complains by itself.

import type { HostFacts } from "../platform/host-facts.ts";

/** Where a directive that holds was written. */
export interface Written {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** The directives that matter to a spool of links; undefined: does not hold. */
export interface Directives {
  readonly allowhardlink: Written | undefined;
  readonly copytruncate: Written | undefined;
  readonly copy: Written | undefined;
  readonly shred: Written | undefined;
}

type Directive = keyof Directives;

/** One block: what it rotates, and how. */
export interface Block extends Directives {
  readonly patterns: readonly string[];
  readonly at: Written;
}

export const MAIN = "/etc/logrotate.conf";

const NONE: Directives = { allowhardlink: undefined, copytruncate: undefined, copy: undefined, shred: undefined };
const DIRECTIVES = new Set<string>(Object.keys(NONE));
/** Names that it passes over in a directory unless told otherwise: its own `tabooext`, as patterns. */
const TABOO = [
  ...["~", ",v", ".bak", ".cfsaved", ".disabled", ".dpkg-bak", ".dpkg-del", ".dpkg-dist", ".dpkg-new", ".dpkg-old"],
  ...[".dpkg-tmp", ".rhn-cfg-tmp-*", ".rpmnew", ".rpmorig", ".rpmsave", ".swp", ".ucf-dist", ".ucf-new", ".ucf-old"],
].map((end) => `*${end}`);
const SCRIPTS = /^(postrotate|prerotate|firstaction|lastaction|preremove)$/;
const DEEPEST = 10;

/** Every block of the configuration whose main file is `main`, in order; undefined where there is no such file. */
export function readLogrotate(host: HostFacts, main = MAIN): Block[] | undefined {
  const text = host.text(main);
  if (text === undefined) return undefined;
  const reader = new Reader(host);
  reader.read(main, text, 0);
  return reader.blocks;
}

class Reader {
  readonly blocks: Block[] = [];
  readonly #host: HostFacts;
  #defaults: Directives = NONE;
  #taboo: readonly string[] = TABOO;

  constructor(host: HostFacts) {
    this.#host = host;
  }

  read(file: string, text: string, depth: number): void {
    let block: { patterns: string[]; at: Written; directives: Directives } | undefined;
    let pending: string[] = [];
    let pendingAt: Written | undefined;
    let inScript = false;
    for (const { words, line } of linesOf(text)) {
      const [word = ""] = words;
      if (inScript) {
        inScript = word !== "endscript";
        continue;
      }
      const at = { file, line };
      // Paths, perhaps over several lines, up to the brace that opens their block.
      if (block === undefined && (pending.length > 0 || word.startsWith("/") || words.includes("{"))) {
        pendingAt ??= at;
        const open = words.indexOf("{");
        pending.push(...words.slice(0, open < 0 ? undefined : open));
        if (open < 0) continue;
        block = { patterns: pending, at: pendingAt, directives: this.#defaults };
        [pending, pendingAt] = [[], undefined];
        words.splice(0, open + 1);
      }
      const close = words.indexOf("}");
      const inside = close < 0 ? words : words.slice(0, close);
      const [name = "", ...values] = inside;
      if (SCRIPTS.test(name)) inScript = true;
      else if (block !== undefined) block.directives = applied(block.directives, name, at);
      else if (name === "include") this.#include(values[0] ?? "", depth);
      else if (name === "tabooext" || name === "taboopat") this.#setTaboo(values, name === "tabooext");
      else this.#defaults = applied(this.#defaults, name, at);
      if (close >= 0 && block !== undefined) {
        this.blocks.push({ patterns: block.patterns, at: block.at, ...block.directives });
        block = undefined;
      }
    }
  }

  #include(path: string, depth: number): void {
    if (path === "" || depth >= DEEPEST) return;
    const isDirectory = this.#host.isDirectory(path);
    const names = isDirectory ? (this.#host.names(path) ?? []).filter((name) => !this.#isTaboo(name)) : [];
    const files = isDirectory ? names.map((name) => `${path.replace(/\/+$/, "")}/${name}`) : [path];
    for (const file of files) {
      const text = this.#host.isDirectory(file) === false ? this.#host.text(file) : undefined;
      if (text !== undefined) this.read(file, text, depth + 1);
    }
  }

  #isTaboo(name: string): boolean {
    return this.#taboo.some((pattern) => globToRegExp(pattern).test(name));
  }

  /** `tabooext [+] .one,.two`, or `taboopat` with patterns. */
  #setTaboo(values: readonly string[], isEnds: boolean): void {
    const adds = values[0] === "+";
    const words = (adds ? values.slice(1) : values).join(",").split(",").filter(Boolean);
    const patterns = isEnds ? words.map((end) => `*${end}`) : words;
    this.#taboo = adds ? [...this.#taboo, ...patterns] : patterns;
  }
}

function applied(directives: Directives, name: string, at: Written): Directives {
  const directive = name.replace(/^no(?!$)/, "");
  if (!DIRECTIVES.has(directive)) return directives;
  return { ...directives, [directive as Directive]: name === directive ? at : undefined };
}

/** A quoted word, a brace, a comment, or a word; a `#` inside of a word is a part of it. */
const TOKEN = /"([^"]*)"|'([^']*)'|[{}]|#.*|(?:\\.|[^\s"'{}\\])+/g;

/** The words of each line, empty ones left out. */
function* linesOf(text: string): Generator<{ words: string[]; line: number }> {
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const words: string[] = [];
    for (const [token, double, single] of (lines[i] as string).matchAll(TOKEN)) {
      if (token.startsWith("#")) break;
      words.push(double ?? single ?? token.replaceAll(/\\(.)/g, "$1"));
    }
    if (words.length > 0) yield { words, line: i + 1 };
  }
}

/** glob(7): no wildcard matches a slash, nor a dot at the beginning of a name. */
export function globToRegExp(glob: string): RegExp {
  const source = glob.replaceAll(/\[(?:!|\^)?\]?[^\]]*\]|\\.|[\s\S]/g, (token, offset: number) => {
    const hidden = offset === 0 || glob[offset - 1] === "/" ? "(?!\\.)" : "";
    if (token === "*") return offset === 0 && !glob.includes("/") ? "[^/]*" : `${hidden}[^/]*`;
    if (token === "?") return `${hidden}[^/]`;
    if (token.length > 1 && token.startsWith("[")) {
      return `${hidden}${token
        .replaceAll("\\", "\\\\")
        .replace(/^\[[!^]/, "[^")
        .replace(/^(\[\^?)\]/, "$1\\]")}`;
    }
    return token.slice(-1).replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  });
  return new RegExp(`^${source}$`, "s");
}
