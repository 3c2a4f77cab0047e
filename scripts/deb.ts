// `make deb`: dist/shaftlog_VERSION_amd64.deb of the built binary, with everything that a host needs beside it: units,
// configurations that do nothing until they are edited, logrotate's files, manual pages, completions. The same sources
// give the same bytes: every time in it is that of the last commit, or SOURCE_DATE_EPOCH.

import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { bashCompletion, zshCompletion } from "./completions.ts";
import { manualPages } from "./man.ts";

const ROOT = path.join(import.meta.dirname, "..");
const DIST = path.join(ROOT, "dist");
const read = (file: string) => fs.readFileSync(path.join(ROOT, file), "utf8");
const { version, description } = JSON.parse(read("package.json")) as { version: string; description: string };

/** Package file → content. Directories are made as needed; scripts are 0755. */
function contents(date: Date): Map<string, string | Buffer> {
  const files = new Map<string, string | Buffer>();
  for (const role of ["client", "server"]) {
    files.set(`etc/shaftlog-${role}-config.yaml`, commentedOut(read(`etc/shaftlog-${role}-config.yaml`)));
    files.set(`usr/share/doc/shaftlog/examples/shaftlog-${role}-config.yaml`, read(`etc/shaftlog-${role}-config.yaml`));
    files.set(`lib/systemd/system/shaftlog-${role}.service`, read(`etc/systemd/shaftlog-${role}.service`));
  }
  for (const name of ["00-shaftlog", "shaftlog"]) files.set(`etc/logrotate.d/${name}`, read(`etc/logrotate.d/${name}`));
  const documents = { configuration: read("docs/CONFIGURATION.md"), operations: read("docs/OPERATIONS.md") };
  for (const { file, text } of manualPages(documents, date)) {
    files.set(`usr/share/man/man${file.at(-1)}/${file}.gz`, gzipSync(text, { level: 9 }));
  }
  files.set("usr/share/bash-completion/completions/shaftlog", bashCompletion());
  files.set("usr/share/zsh/vendor-completions/_shaftlog", zshCompletion());
  for (const name of ["OPERATIONS", "CONFIGURATION", "PROTOCOL", "SECURITY"]) {
    files.set(`usr/share/doc/shaftlog/${name}.md.gz`, gzipSync(read(`docs/${name}.md`), { level: 9 }));
  }
  files.set("usr/share/doc/shaftlog/changelog.gz", gzipSync(read("CHANGELOG.md"), { level: 9 }));
  files.set("usr/share/doc/shaftlog/copyright", read("LICENSE"));
  files.set("usr/bin/shaftlog", fs.readFileSync(path.join(DIST, "shaftlog")));
  return files;
}

/** An example whose every line is a comment. */
export function commentedOut(yaml: string): string {
  return yaml.replaceAll(/^(?!#|$)/gm, "#");
}

function control(files: ReadonlyMap<string, string | Buffer>): Map<string, string> {
  const kib = Math.ceil([...files.values()].reduce((sum, content) => sum + content.length, 0) / 1024);
  const fields = {
    Package: "shaftlog",
    Version: version,
    Architecture: "amd64",
    Maintainer: "the shaftlog authors <shaftlog@localhost>",
    "Installed-Size": String(kib),
    Depends: "libc6 (>= 2.28), libgcc-s1, libstdc++6, passwd",
    Recommends: "logrotate",
    Suggests: "openssl",
    Section: "admin",
    Priority: "optional",
    Description: `${description}\n Log files reach one or several log servers, each byte exactly once, whatever\n crashes, rotates, is restored or is cut off. Client, server and sync-once.`,
  };
  const conffiles = [...files.keys()].filter((file) => file.startsWith("etc/")).map((file) => `/${file}\n`);
  return new Map([
    [
      "control",
      `${Object.entries(fields)
        .map(([name, value]) => `${name}: ${value}\n`)
        .join("")}`,
    ],
    ["conffiles", conffiles.join("")],
    ...["postinst", "prerm", "postrm"].map((name) => [name, read(`etc/deb/${name}`)] as const),
  ]);
}

function write(root: string, files: ReadonlyMap<string, string | Buffer>, isProgram: (file: string) => boolean): void {
  for (const [file, content] of files) {
    const place = path.join(root, file);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    fs.writeFileSync(place, content);
    fs.chmodSync(place, isProgram(file) ? 0o755 : 0o644);
  }
}

export function makeDeb(epoch: number): string {
  const work = fs.mkdtempSync(path.join(DIST, ".deb-"));
  try {
    const files = contents(new Date(epoch * 1000));
    fs.chmodSync(work, 0o755);
    write(work, files, (file) => file.startsWith("usr/bin/"));
    write(path.join(work, "DEBIAN"), control(files), (file) => /^p(ost|re)/.test(file));
    const deb = path.join(DIST, `shaftlog_${version}_amd64.deb`);
    execFileSync("dpkg-deb", ["--root-owner-group", "-Zxz", "-z1", "--threads-max=1", "--build", work, `${work}.deb`], {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
      stdio: ["ignore", "ignore", "inherit"],
    });
    fs.renameSync(`${work}.deb`, deb);
    return deb;
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
    fs.rmSync(`${work}.deb`, { force: true });
  }
}

/** Seconds since 1970: what all times in what is released are. */
export function sourceDate(): number {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined) return Number(given);
  return Number(execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: ROOT, encoding: "utf8" }));
}

if (import.meta.main) {
  try {
    const deb = makeDeb(sourceDate());
    process.stdout.write(`${path.relative(ROOT, deb)}: ${(fs.statSync(deb).size / 1e6).toFixed(1)} MB\n`);
  } catch (error) {
    const missing = (error as { code?: unknown }).code === "ENOENT" ? "; is there dpkg-deb? apt-get install dpkg" : "";
    process.stderr.write(`Cannot make the package: ${error instanceof Error ? error.message : error}${missing}\n`);
    process.exitCode = 1;
  }
}
