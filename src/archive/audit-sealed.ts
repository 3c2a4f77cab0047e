// Reads the compressed copies of sealed files anew and compares them with what is remembered of them, leaf by leaf. Changes
// nothing, runs beside a server, and holds one leaf in memory. A file that was sealed, deleted or restored meanwhile is
// passed over or found as it is then.

import { describe, isGone } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Directory } from "../platform/files.ts";
import { LEAF } from "../protocol/tree-hash.ts";
import type { Audited } from "../store/audit.ts";
import { look, open } from "../store/tree.ts";
import { firstDamaged, type Means } from "./compress.ts";
import { COMPRESSED, type Facts, inArchive, listRecords, readFactsAt, readLeavesOf } from "./record.ts";

export type AuditedCopy = { readonly name: Bytes; readonly audited: Audited | { readonly kind: "deleted" } };

/** Every sealed file, one after the other. */
export async function* auditSealed(root: Directory, means: Means): AsyncGenerator<AuditedCopy> {
  for (let i = 0; i < 256; i++) {
    const directory = i.toString(16).padStart(2, "0");
    for (const record of listRecords(root, directory)) {
      let name: Bytes = `.archive/${directory}/${record}`;
      try {
        const facts = inArchive(root, directory, (at) => readFactsAt(at, record, means.newHash));
        // Where the file itself is there, it counts.
        if (facts === undefined || look(root, facts.path).kind !== "absent") continue;
        name = facts.path + COMPRESSED;
        yield { name, audited: await auditCopy(root, facts, means) };
      } catch (error) {
        if (!isGone(error)) yield { name, audited: { kind: "unreadable", size: 0, cause: describe(error) } };
      }
    }
  }
}

async function auditCopy(root: Directory, facts: Facts, means: Means): Promise<AuditedCopy["audited"]> {
  const opened = open(root, facts.path + COMPRESSED, "read");
  if ("kind" in opened) return { kind: "deleted" };
  const { file, stat } = opened;
  try {
    const leaves = readLeavesOf(root, facts, means.newHash);
    if (leaves.length < Math.ceil(facts.size / LEAF)) {
      return { kind: "unreadable", size: stat.size, cause: "what is remembered of it in .archive is damaged" };
    }
    const segment = await firstDamaged(file, leaves, means);
    if (segment !== undefined) return { kind: "rot", size: stat.size, segment };
    if (stat.size !== facts.copySize) return { kind: "rot", size: stat.size, segment: leaves.length };
    return { kind: "sound", bytes: facts.size };
  } finally {
    file.close();
  }
}
