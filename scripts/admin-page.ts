// The page of the admin listener as one text: src/admin/page/page.html with the style and the bundled script put in
// where it names them. What comes of it loads nothing.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const STYLE = '<link rel="stylesheet" href="page.css">';
const SCRIPT = '<script type="module" src="page.ts"></script>';

export async function adminPage(root: string): Promise<string> {
  const directory = join(root, "src/admin/page");
  const html = readFileSync(join(directory, "page.html"), "utf8");
  for (const link of [STYLE, SCRIPT]) if (!html.includes(link)) throw new Error(`page.html has no ${link}`);
  const [style, script] = await Promise.all(["page.css", "page.ts"].map((name) => bundled(directory, name)));
  return html
    .replace(STYLE, () => `<style>${style}</style>`)
    .replace(SCRIPT, () => `<script type="module">${script}</script>`);
}

async function bundled(directory: string, name: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: directory,
    entryPoints: [name],
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
    logLevel: "silent",
  });
  const text = outputFiles[0]?.text ?? "";
  // It would end the element that it stands in.
  if (/<\/(script|style)/i.test(text)) throw new Error(`${name} holds the end of an element`);
  return text;
}
