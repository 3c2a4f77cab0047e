// The status page as one text: scripts/build.ts makes it of src/admin/page and puts it in; where the sources run as
// they are, it is the one that the last build left in dist. Its policy lets run what it has inline, by digest, and
// nothing else, and lets it ask this listener alone.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Defined by scripts/build.ts. */
declare const SHAFTLOG_ADMIN_PAGE: string | undefined;

export interface Page {
  readonly html: string;
  /** Content-Security-Policy. */
  readonly policy: string;
}

export function adminPage(): Page {
  const html =
    typeof SHAFTLOG_ADMIN_PAGE === "string"
      ? SHAFTLOG_ADMIN_PAGE
      : readFileSync(join(import.meta.dirname, "../../dist/admin-page.html"), "utf8");
  const policy = [
    "default-src 'none'",
    `script-src ${digests(html, "script")}`,
    `style-src ${digests(html, "style")}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return { html, policy };
}

function digests(html: string, element: string): string {
  const texts = [...html.matchAll(new RegExp(`<${element}[^>]*>([^]*?)</${element}>`, "g"))].map(
    ([, text = ""]) => text,
  );
  return texts.map((text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`).join(" ");
}
