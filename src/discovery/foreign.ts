// Where the kernel lets anybody link any file (sysctl fs.protected_hardlinks = 0), whoever may write a log directory
// can give a file of others a name there, /etc/shadow for one, and a client that runs as root would deliver it. The
// kernel's own rule is judged here instead, from what can be seen: who else may have made that name, and whose file
// it is. Only files with several names are in question. Pure.

import type { Directory, Files, Stat } from "../platform/files.ts";

/** Why `file`, which has a name in `directory`, may have been linked there by somebody it does not belong to. */
export function foreignReason(file: Stat, directory: Stat, us: number): string | undefined {
  if (file.nlink < 2) return undefined;
  const owner = directory.uid;
  const byOwner = owner !== 0 && owner !== us && owner !== file.uid;
  const byOthers = (directory.mode & 0o022) !== 0;
  if (!byOwner && !byOthers) return undefined;
  return (
    `it has another name, belongs to uid ${file.uid}, and ${byOthers ? "others" : `uid ${owner}`} may have linked it there; ` +
    "set sysctl fs.protected_hardlinks=1, or remove its other names"
  );
}

/** True where the kernel keeps users from linking files that they may not write. */
export function linksAreGuarded(files: Files): boolean {
  let directory: Directory | undefined;
  try {
    directory = files.open("/proc/sys/fs", false);
    const file = directory.openRead("protected_hardlinks");
    const first = new Uint8Array(1);
    const count = file.readNow(first, 0, 1, 0);
    file.close();
    return count === 1 && first[0] === "1".charCodeAt(0);
  } catch {
    return false;
  } finally {
    directory?.close();
  }
}
