// Faults to plant, one at a time, each with the test that has to catch it: a change of one place in the sources that a
// hurried hand could make. scripts/planted-faults.ts plants them; planted.test.ts keeps the places and tests named here
// in existence, and docs/TESTING.md in step.

export interface Planted {
  /** What is wrong then, in words. */
  readonly fault: string;
  /** Below `src`. */
  readonly file: string;
  /** Occurs once in the file. */
  readonly search: string;
  readonly replacement: string;
  /** Below `test`, and a part of the test's name. */
  readonly caughtBy: readonly [file: string, name: string];
}

export const PLANTED: readonly Planted[] = [
  {
    fault: "drop the fdatasync",
    file: "platform/node-file.ts",
    search: "fs.fdatasync(this.#fd, (error) => (error ? reject(error) : resolve()))",
    replacement: "(fs.fdatasync, reject, setImmediate(resolve))",
    caughtBy: ["server/durable.test.ts", "a further append: one fdatasync"],
  },
  {
    fault: "answer before the fsync",
    file: "store/resource.ts",
    search: 'if (this.#vouched && end <= this.#published) settle("durable");',
    replacement: 'if (end <= this.written) settle("durable");',
    caughtBy: ["server/durable.test.ts", "the first bytes of a file"],
  },
  {
    fault: "answer before the fsync, seen by a power cut",
    file: "store/resource.ts",
    search: 'if (this.#vouched && end <= this.#published) settle("durable");',
    replacement: 'if (end <= this.written) settle("durable");',
    caughtBy: ["faults/power-server.test.ts", "what was acknowledged is there after each power cut"],
  },
  {
    fault: "forget to fsync the directory",
    file: "store/resource.ts",
    search: "const all = this.#named ? data : Promise.all([data, this.#ground.names.durable(this.path)]);",
    replacement: "const all = data;",
    caughtBy: ["server/durable.test.ts", "the first bytes of a file"],
  },
  {
    fault: "forget to fsync the data directory's own entry",
    file: "commands/server.ts",
    search: "  if (fsync) syncEntries(dirname(path));",
    replacement: "  if (!fsync) syncEntries(dirname(path));",
    caughtBy: ["server/made-directory.test.ts", "every directory that got a new entry"],
  },
  {
    fault: "vouch for what is found at the start",
    file: "store/resource.ts",
    search: "    this.#floor = opened.stat.size;",
    replacement: "    this.#floor = opened.stat.size;\n    this.#vouched = true;\n    this.#published = this.#floor;",
    caughtBy: ["server/durable.test.ts", "what is found at the start is synced"],
  },
  {
    fault: "go on after a failed fsync",
    file: "store/resource.ts",
    search: "      emit(syncFailed(this.path, error));\n      fatal();",
    replacement: "      (syncFailed, fatal);\n      this.#sync();",
    caughtBy: ["server/disk.test.ts", "an fdatasync that fails is not tried again"],
  },
  {
    fault: "do not ask where the file ends",
    file: "store/admission.ts",
    search: "return asker.start === end ? ADMIT : NOT_AT_END;",
    replacement: "return asker.start <= end ? ADMIT : NOT_AT_END;",
    caughtBy: ["conformance/contract.test.ts", "a replay of a PUT that was carried out is 416"],
  },
  {
    fault: "release the writer early: his late bytes are taken",
    file: "store/append.ts",
    search: '    this.#state = "fenced";\n    this.#exchange.destroy();',
    replacement:
      "    this.#hold?.ground.released(this.#hold.resource);\n    if (this.#hold) this.#hold.resource.holder = undefined;",
    caughtBy: ["conformance/writers.test.ts", "a silent writer yields to the next one"],
  },
  {
    fault: "let two append at once",
    file: "store/admission.ts",
    search: "if (holder === undefined) return",
    replacement: "if (holder === undefined || holder.connection !== asker.connection) return",
    caughtBy: ["conformance/writers.test.ts", "a writer that is alive keeps the file: 409"],
  },
  {
    fault: "take a body that is not as long as its range",
    file: "ingest/request.ts",
    search: "length !== whole",
    replacement: "length < 0",
    caughtBy: ["conformance/ranges.test.ts", "a PUT is taken exactly when range, length, body and end agree"],
  },
  {
    fault: "pass over what is behind a compressed body",
    file: "platform/node-zstd.ts",
    search: "engine.bytesWritten === bytes.byteLength",
    replacement: "engine.bytesWritten > 0",
    caughtBy: ["conformance/coded.test.ts", "has something behind it"],
  },
  {
    fault: "send compressed bytes to whoever never offered to take them",
    file: "transfer/compression.ts",
    search: "|| !this.#offered ",
    replacement: "",
    caughtBy: ["transfer/compression.test.ts", "a server that offers"],
  },
  {
    fault: "send on behind an append that was refused meanwhile",
    file: "transfer/send.ts",
    search: "if (inTrouble || !connection.usable) break;",
    replacement: "",
    caughtBy: ["transfer/compression.test.ts", "is followed by a question"],
  },
  {
    fault: "say nothing while a large file is read",
    file: "store/append.ts",
    search: "    this.#exchange.working();\n",
    replacement: "",
    caughtBy: ["scenarios/verified-slow-disk.test.ts", "an append is judged: one request, and it is taken"],
  },
  {
    fault: "skip the digest that a client names",
    file: "store/judge.ts",
    search: 'if (believed === undefined) return { kind: "same" };',
    replacement: 'if (believed !== resource.path) return { kind: "same" };',
    caughtBy: ["scenarios/verified-diverged.test.ts", "a copy whose end is NULs"],
  },
  {
    fault: "compare prefixes by string",
    file: "ingest/ingest.ts",
    search: "path.startsWith(caller.identity.prefix)",
    replacement: 'path.startsWith(caller.identity.prefix.replace(/\\/$/, ""))',
    caughtBy: ["security/identities.test.ts", "host-a is neither host-ab"],
  },
  {
    fault: "follow a link",
    file: "platform/node-files.ts",
    search: "O_PATH | O_DIRECTORY | O_NOFOLLOW",
    replacement: "O_PATH | O_DIRECTORY",
    caughtBy: ["server/odd-files.test.ts", "links, FIFOs, sockets and directories are refused"],
  },
  {
    fault: "deliver without the lock",
    file: "platform/lock.ts",
    search: "BEGIN EXCLUSIVE",
    replacement: "SELECT 1",
    caughtBy: ["scenarios/lock.test.ts", "a second client on a data directory ends with 2"],
  },
  {
    fault: "key by inode alone",
    file: "spool/registry.ts",
    search: "return this.#byDevice.get(dev)?.get(ino);",
    replacement:
      "for (const device of this.#byDevice.values()) if (device.has(ino)) return device.get(ino);\n    return this.#byDevice.get(dev)?.get(ino);",
    caughtBy: ["scenarios/identity.test.ts", "two files with one inode number"],
  },
  {
    fault: "believe the name after the link was made",
    file: "discovery/adopt.ts",
    search: " || held.dev !== seen.dev || held.ino !== seen.ino",
    replacement: "",
    caughtBy: ["discovery/hostile.test.ts", "two files swapped between look and link"],
  },
  {
    fault: "announce before the spool's fsync",
    file: "spool/settle.ts",
    search: "      await this.#sync(paths);",
    replacement: "      void this.#sync(paths);",
    caughtBy: ["faults/sync-order.test.ts", "what the client makes durable, and before what"],
  },
  {
    fault: "leave out the spool's fsync, seen by a power cut",
    file: "spool/settle.ts",
    search: "      await this.#sync(paths);",
    replacement: "      void [this.#sync, paths];",
    caughtBy: ["faults/crash-client.test.ts", "and the power with it"],
  },
  {
    fault: "reuse a released name",
    file: "spool/released.ts",
    search: "return this.#hashes.size > 0 && this.#hashes.has(digest(name));",
    replacement: "return this.#hashes.size < 0 && this.#hashes.has(digest(name));",
    caughtBy: ["scenarios/retention.test.ts", "its name stays taken, over restarts as well"],
  },
  {
    fault: "let go of a link before its name is noted durably",
    file: "spool/released.ts",
    search: "    await file.sync();\n",
    replacement: "",
    caughtBy: ["faults/sync-order.test.ts", "what the client makes durable, and before what"],
  },
  {
    fault: "say that the memory is whole before it is durable",
    file: "spool/clean.ts",
    search: "    await file.sync();\n",
    replacement: "",
    caughtBy: ["faults/sync-order.test.ts", "what the client makes durable, and before what"],
  },
  {
    fault: "let go of what one destination lacks",
    file: "commands/destinations.ts",
    search: "destinations.every((destination) => destination.isDelivered(generation))",
    replacement: "destinations.some((destination) => destination.isDelivered(generation))",
    caughtBy: ["scenarios/retention.test.ts", "never while one destination lacks bytes of it"],
  },
  {
    fault: "let the old name go on after a truncation",
    file: "spool/held.ts",
    search: "  endAt(entry, start);",
    replacement: "  if (start < 0) endAt(entry, start);",
    caughtBy: ["scenarios/truncation.test.ts", "truncated to nothing, then written again"],
  },
  {
    fault: "skip the tail mark",
    file: "transfer/read-range.ts",
    search: "if (guarded && entry.mark !== undefined && !holds(entry.mark, file)) {",
    replacement: "if (guarded && entry.mark === null && !holds(entry.mark, file)) {",
    caughtBy: ["transfer/destination.test.ts", "truncated and has grown past its old size"],
  },
  {
    fault: "believe that a PUT without an answer failed",
    file: "transfer/send.ts",
    search: "      progress.known = false;\n      progress.fresh = false;",
    replacement: "      progress.known = true;\n      progress.fresh = false;",
    caughtBy: ["transfer/destination.test.ts", "after any answer but success the next request for the file is HEAD"],
  },
  {
    fault: "skip HEAD after a refusal",
    file: "transfer/send.ts",
    search: '      if (progress.refusals === 1) return { kind: "again" };',
    replacement: '      progress.known = true;\n      if (progress.refusals === 1) return { kind: "again" };',
    caughtBy: ["transfer/destination.test.ts", "after any answer but success the next request for the file is HEAD"],
  },
  {
    fault: "let equal size do for bytes without an answer",
    file: "transfer/send.ts",
    search: "  progress.compare = true;\n",
    replacement: "",
    caughtBy: ["faults/nul-tail.test.ts", "though the server was restarted a moment before"],
  },
  {
    fault: "take a HEAD without a size for an empty file",
    file: "protocol/outcome.ts",
    search: 'return size === undefined ? { kind: "denied", status } : { kind: "size", size, exists: true };',
    replacement: 'return { kind: "size", size: size ?? 0, exists: true };',
    caughtBy: ["scenarios/wire-answers.test.ts", "one file is answered oddly"],
  },
  {
    fault: "leave undici's re-sending of pipelined requests on",
    file: "platform/undici-http.ts",
    search: "if (started) this.#fail(",
    replacement: "if (started && status < 0) this.#fail(",
    caughtBy: ["platform/undici-http.test.ts", "what was behind an answer that ends the connection has failed"],
  },
];
