// A container with this machine's own system in it, booted by its systemd: what happens there to packages, users and
// services stays there. The root is an overlay whose changes lie in memory; only one target of ours is started.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { notRoot, tmpfs } from "../support/mounts.ts";
import { tempDir } from "../support/temp-dir.ts";

/** For `skip`: why no container can be booted here, or false. */
export const noContainer: string | false =
  notRoot ||
  (spawnSync("systemd-nspawn", ["--version"]).status === 0 && fs.existsSync("/lib/systemd/systemd")
    ? false
    : "skipped: no systemd-nspawn (package systemd-container), or no systemd");

/**
 * Runs a shell script as a service in a fresh container with `files` in /root; what it printed. With `afterwards` the
 * container is then powered off in order, and that sees what was changed in it.
 */
export function inContainer(script: string, files: readonly string[], afterwards?: (changes: string) => void): string {
  const memory = tmpfs("size=1g");
  const [upper, work, root] = ["upper", "work", "root"].map((name) => path.join(memory, name)) as [
    string,
    string,
    string,
  ];
  const units = path.join(upper, "etc/systemd/system");
  const home = path.join(upper, "root");
  for (const directory of [units, home, work, root]) fs.mkdirSync(directory, { recursive: true });
  fs.chmodSync(upper, 0o755);
  for (const file of files) fs.copyFileSync(file, path.join(home, path.basename(file)));
  fs.writeFileSync(path.join(home, "script.sh"), script);
  fs.writeFileSync(
    path.join(units, "in-container.service"),
    [
      `[Unit]\nSuccessAction=poweroff${afterwards === undefined ? "-force" : ""}\nFailureAction=poweroff-force`,
      "[Service]\nType=oneshot\nTimeoutStartSec=240\nWorkingDirectory=/root",
      "ExecStart=/bin/bash -c 'bash /root/script.sh >/root/output 2>&1'\n",
    ].join("\n"),
  );
  fs.writeFileSync(
    path.join(units, "in-container.target"),
    "[Unit]\nRequires=sysinit.target dbus.socket in-container.service\nAfter=sysinit.target\n",
  );
  const lower = lowerRoot();
  mount(["-t", "overlay", "-o", `lowerdir=${lower},upperdir=${upper},workdir=${work}`, "overlay", root]);
  try {
    const boot = ["-q", "-D", root, "--register=no", "--keep-unit", "--private-network", "-b"];
    const { stdout, stderr } = spawnSync("systemd-nspawn", [...boot, "systemd.unit=in-container.target"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 300_000,
      killSignal: "SIGKILL",
    });
    afterwards?.(upper);
    const output = path.join(home, "output");
    return fs.existsSync(output) ? fs.readFileSync(output, "utf8") : `nothing was run: ${stdout}${stderr}`;
  } finally {
    spawnSync("umount", ["-l", root]);
    spawnSync("umount", ["-l", lower]);
  }
}

/** The root file system alone, without what is mounted in it. */
function lowerRoot(): string {
  const place = tempDir();
  mount(["--bind", "/", place]);
  return place;
}

function mount(args: readonly string[]): void {
  const { status, stderr } = spawnSync("mount", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`mount ${args.join(" ")}: ${stderr}`);
}
