// Proof that a run writes nothing: every name below a directory with its inode, links, size and times, before and
// after; and the system calls of the run, of which none makes, changes or removes a file or opens a connection.

import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";

/** Everything below as `find` shows it, access times left out. */
export function picture(directory: string): string {
  const format = "%P %y %i %n %s %m %U %G %T@ %C@ %l\n";
  const text = execFileSync("find", [directory, "-printf", format], { encoding: "utf8", maxBuffer: 1 << 28 });
  return text.split("\n").sort().join("\n");
}

const CHANGES = [
  ..."openat,open,creat,mkdir,mkdirat,mknod,mknodat,link,linkat,symlink,symlinkat,rename,renameat,renameat2".split(","),
  ..."unlink,unlinkat,rmdir,truncate,ftruncate,chmod,fchmod,fchmodat,chown,fchown,fchownat,lchown".split(","),
  ..."utimensat,setxattr,fsync,fdatasync,connect,bind".split(","),
];

/** For `skip`: false, or why system calls cannot be watched. */
export const noStrace: string | false =
  spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0 ? false : "strace is missing or may not trace";

/** Words before a command that note its system calls in `file`. */
export function watched(file: string): string[] {
  return ["strace", "-f", "-qq", "-s", "4096", "-o", file, "-e", `trace=${CHANGES.join(",")}`];
}

/** What `watched` noted of writes and connections; files of the kernel's own left out. */
export function touches(file: string): string[] {
  return fs
    .readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => {
      if (line === "" || /^\d+ +(\+\+\+|---)/.test(line)) return false;
      // The end of a call that another thread cut in two: its beginning, with the flags, is judged.
      if (/^\d+ +<\.\.\. \w+ resumed>/.test(line)) return false;
      if (/(open|openat)\(/.test(line))
        return /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/.test(line) && !/"\/(dev|proc)\//.test(line);
      // A connection under way is told as -1 too.
      return line.includes("connect(") ? !line.includes("AF_UNIX") : !line.includes(" = -1 ");
    });
}
