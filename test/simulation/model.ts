// What must hold, checked at every write, request and answer (docs/ARCHITECTURE.md, "Invariants"). The simulation
// knows each file by its inode, not by number or name, so it sees at once when two are taken for one. Files whose
// past the client cannot know any more, by what is documented, are set aside (`blurred`): they may stay behind, but
// are never spliced.

import type { Bytes } from "../../src/base/text.ts";
import type { HttpOutcome } from "../../src/platform/http.ts";
import { parseContentRange, parseSize, type Range } from "../../src/protocol/content-range.ts";
import { decodePath } from "../../src/protocol/resource-path.ts";
import { parseGeneration } from "../../src/spool/generations.ts";
import type { ClientWatch } from "./client-http.ts";
import type { Disk } from "./disk.ts";
import type { Content, Inode } from "./inode.ts";
import { rangeOf, type WireAnswer, type WireRequest } from "./network.ts";
import type { ServerWatch } from "./server-http.ts";
import { decompress } from "./sim-codec.ts";
import {
  type Copy,
  commonLength,
  DATA,
  holdsSomewhere,
  isPrefix,
  LOGS,
  newSource,
  PREFIX,
  type Source,
  SPOOL,
} from "./source.ts";
import { durableAt, storedAt } from "./stored.ts";
import type { Life, World } from "./world.ts";

export interface ServerSide {
  readonly host: string;
  readonly disk: Disk;
}

export class Model implements ClientWatch, ServerWatch {
  readonly world: World;
  readonly client: Disk;
  readonly sources = new Map<Inode, Source>();
  readonly copies = new Map<string, Copy>();
  readonly #servers: readonly ServerSide[];
  /** Who was given a name last, whether or not anything was sent under it. */
  readonly #given = new Map<Bytes, Inode>();
  /** Of names under which something was sent: for ever. */
  readonly #owners = new Map<Bytes, Source>();
  /** Per process, destination and file: ranges without an answer, and whether HEAD must be next. */
  readonly #asking = new Map<string, { readonly inFlight: Set<Range>; mustAsk: boolean }>();
  requests = 0;
  /** Of which the body was compressed. */
  compressed = 0;
  /** The client's host is losing its power just now. */
  cuttingPower = false;

  constructor(world: World, client: Disk, servers: readonly ServerSide[]) {
    this.world = world;
    this.client = client;
    this.#servers = servers;
    client.observer = {
      made: (inode) => this.#made(inode),
      named: (inode, directory, name) => this.#named(inode, directory, name),
      replaced: (inode, before) => this.#replaced(inode, before),
      orphaned: (inode) => this.#orphaned(inode),
    };
    for (const { host, disk } of servers) {
      disk.observer = {
        appended: (inode) => this.#stored(host, inode),
        replaced: (inode) => this.#shortened(host, inode),
      };
    }
  }

  blur(source: Source, why: string): void {
    if (source.blurred !== undefined) return;
    source.blurred = why;
    this.world.note(() => `file ${source.id} is set aside: ${why}`);
  }

  /** The client's process ended: what was cut and not named anew more than `window` ms ago may go unnoticed. */
  clientEnded(window: number): void {
    for (const source of this.sources.values()) {
      const isNoticed = source.namedAt > source.cutAt && source.cutAt < this.world.now - window;
      if (source.cutAt > Number.NEGATIVE_INFINITY && !isNoticed) {
        this.blur(source, "the client ended before it had dealt with its being cut");
      }
    }
  }

  copiesOf(source: Source, host: string): Copy[] {
    return [...this.copies.values()].filter((copy) => copy.source === source && copy.host === host);
  }

  diskOf(host: string): Disk {
    return (this.#servers.find((server) => server.host === host) as ServerSide).disk;
  }

  bytesOf(copy: Copy): Content | undefined {
    return storedAt(this.diskOf(copy.host), copy.path);
  }

  /** A server was brought back to an older state. */
  restored(host: string): void {
    for (const copy of this.copies.values()) {
      if (copy.host !== host) continue;
      const content = this.bytesOf(copy);
      copy.said = Math.min(copy.said, content?.size ?? 0);
      copy.verified = new Map();
      copy.spoiled = content !== undefined && !isPrefix(copy, content);
    }
  }

  sends(life: Life, host: string, request: WireRequest): void {
    this.requests++;
    this.world.mix(request.body.byteLength + 1);
    this.world.note(
      () => `${life.name} sends ${request.method} ${request.target} to ${host}: ${request.fields.slice(2).join(" ")}`,
    );
    const asking = this.#askingOf(life, host, request.target);
    if (request.method === "HEAD") {
      asking.mustAsk = false;
      return;
    }
    const range = parseContentRange(rangeOf(request)) as Range;
    if (asking.mustAsk) this.#violate(`${request.target} is sent again without having been asked about`);
    for (const other of asking.inFlight) {
      if (other.start < range.end && range.start < other.end) {
        this.#violate(`${request.target}: ${range.start}-${range.end} is on the wire twice`);
      }
    }
    asking.inFlight.add(range);
    this.#judgeRange(life, request, range);
  }

  hears(life: Life, host: string, request: WireRequest, outcome: HttpOutcome): void {
    const said = outcome.kind === "answer" ? String(outcome.status) : "nothing";
    this.world.mix(outcome.kind === "answer" ? outcome.status : 7);
    this.world.note(() => `${life.name} hears ${said} to ${request.method} ${request.target} ${rangeOf(request)}`);
    if (request.method === "HEAD") return;
    const asking = this.#askingOf(life, host, request.target);
    const text = rangeOf(request);
    for (const range of asking.inFlight) {
      if (text.startsWith(`bytes ${range.start}-${range.end - 1}/`)) asking.inFlight.delete(range);
    }
    if (outcome.kind === "failure" || outcome.status >= 300) asking.mustAsk = true;
  }

  answers(life: Life, host: string, request: WireRequest, { status, fields }: WireAnswer): void {
    this.world.note(
      () =>
        `${life.name} answers ${status} to ${request.method} ${request.target} ${rangeOf(request)}: ${fields.slice(2).join(" ")}`,
    );
    const copy = this.copies.get(`${host} ${request.target.slice(1)}`);
    const field = (name: string) => parseSize(fields[fields.indexOf(name) + 1]);
    const offset = fields.includes("Upload-Offset") ? field("Upload-Offset") : undefined;
    const end = request.method === "PUT" && status < 300 ? parseContentRange(rangeOf(request))?.end : offset;
    if (end === undefined) return;
    if (offset !== undefined && offset !== end) this.#violate(`Upload-Offset ${offset} is not the end ${end}`);
    if (copy === undefined) {
      if (end > 0) this.#violate(`${host} speaks of ${end} bytes of ${request.target}, of which nobody sent any`);
      return;
    }
    const durable = durableAt(this.diskOf(host), copy.path);
    if (durable < end) {
      this.#violate(`${host} vouches for ${end} bytes of ${copy.path}, and a power cut would leave ${durable}`);
    }
    // With 409 and in trouble it says what it knows, which may be less; with a digest, what it knew when it began to read.
    const isCurrent = !fields.includes("Shaftlog-Digest") || request.method === "PUT";
    if (end < copy.said && isCurrent && (status < 400 || status === 404 || status === 416)) {
      this.#violate(`${host} says ${end} of ${copy.path} and has said ${copy.said} before`);
    }
    copy.said = Math.max(copy.said, end);
    copy.everSaid = Math.max(copy.everSaid, end);
  }

  /** What a server must hold after its power was cut. */
  survived(host: string): void {
    for (const copy of this.copies.values()) {
      if (copy.host !== host) continue;
      const size = this.bytesOf(copy)?.size ?? 0;
      const content = this.bytesOf(copy);
      copy.verified = new Map();
      copy.spoiled = content !== undefined && !isPrefix(copy, content);
      if (size < copy.said) this.#violate(`${copy.path} has ${size} bytes after a power cut, ${copy.said} were said`);
    }
  }

  #judgeRange(life: Life, request: WireRequest, range: Range): void {
    const name = (decodePath(request.target) ?? "").slice(PREFIX.length + 2);
    const base = name.replace(/\.g\d+-from-\d+$/, "");
    // Behind a sealed copy the client goes on under a name that it makes up.
    const inode = this.#given.get(name) ?? this.#given.get(base);
    const source = inode === undefined ? undefined : this.sources.get(inode);
    if (inode === undefined || source === undefined) {
      this.#violate(`${name} is sent, which is no log file`);
      return;
    }
    const start = parseGeneration(name)?.start ?? 0;
    const held = this.client.find(`${SPOOL}/${name}`) === inode;
    if (held && this.client.findDurable(`${SPOOL}/${name}`) !== inode) {
      this.#violate(`${name} is sent before its name is durable in the spool`);
    }
    const owner = this.#owners.get(name) ?? source;
    this.#owners.set(name, owner);
    if (owner !== source) this.#violate(`the name ${name} of file ${owner.id} is given to file ${source.id}`);
    source.name ??= base;
    if (source.name !== base) this.#violate(`file ${source.id} is sent as ${name} and was sent as ${source.name}`);
    const from = start + range.start;
    const isCoded = request.fields.includes("content-encoding");
    if (isCoded) this.compressed++;
    const body = isCoded ? decompress(request.body, range.end - range.start) : request.body;
    if (body.byteLength !== range.end - range.start) this.#violate(`${name}: the body is not as long as its range`);
    if (!holdsSomewhere(source, from, body)) {
      this.#violate(`${name} is sent with bytes at ${from} that file ${source.id} never had there`);
    }
    source.sentTo = Math.max(source.sentTo, start + range.end);
    source.sentBy = life.name;
    for (const { host } of this.#servers) {
      const key = `${host} ${PREFIX}/${name}`;
      if (this.copies.has(key)) continue;
      const path = `${PREFIX}/${name}`;
      this.copies.set(key, { host, path, source, start, verified: new Map(), said: 0, everSaid: 0, spoiled: false });
    }
  }

  #made(inode: Inode): void {
    if (inode.kind !== "file" || !inode.label.startsWith(`${LOGS}/`)) return;
    this.sources.set(inode, newSource(this.sources.size + 1, inode));
  }

  #named(inode: Inode, directory: Inode, name: Bytes): void {
    if (inode.kind !== "file" || !directory.label.startsWith(SPOOL) || name.startsWith(".")) return;
    const source = this.sources.get(inode);
    if (source !== undefined) source.namedAt = this.world.now;
    this.#given.set(`${directory.label}/${name}`.slice(SPOOL.length + 1), inode);
  }

  #replaced(inode: Inode, before: Content): void {
    const source = this.sources.get(inode);
    if (source === undefined) return;
    source.variants.push(inode.content);
    if (!this.cuttingPower) source.sentTo = 0;
    // Without any common beginning, and without its memory, the client must take the remote for another's.
    else if (source.name !== undefined && commonLength(before, inode.content) === 0) {
      this.blur(source, "its host lost it from its first byte on");
    }
  }

  #orphaned(inode: Inode): void {
    const source = this.sources.get(inode);
    if (source !== undefined) source.finalSize ??= inode.content.size;
  }

  /** A server's file has more bytes now. */
  #stored(host: string, inode: Inode): void {
    if (!inode.label.startsWith(`${DATA}/${PREFIX}/`) || inode.label.includes("/.")) return;
    const copy = this.copies.get(`${host} ${inode.label.slice(DATA.length + 1)}`);
    if (copy === undefined) this.#violate(`${host} has bytes in ${inode.label} that nobody sent`);
    else if (copy.spoiled) this.#violate(`${copy.path} at ${host} goes on behind bytes that nobody sent`);
    else if (!isPrefix(copy, inode.content)) {
      this.#violate(
        `${copy.path} at ${host} (${inode.content.size} bytes) is no beginning of file ${copy.source.id}: ${JSON.stringify(inode.content.view().toString("latin1").slice(-200))}`,
      );
    }
  }

  /** A server's file was cut. */
  #shortened(host: string, inode: Inode): void {
    const copy = this.copies.get(`${host} ${inode.label.slice(DATA.length + 1)}`);
    if (copy === undefined) return;
    copy.verified = new Map();
    if (inode.content.size < copy.said) this.#violate(`${copy.path} is cut below ${copy.said}, which was said`);
  }

  #askingOf(life: Life, host: string, target: string): { readonly inFlight: Set<Range>; mustAsk: boolean } {
    const key = `${life.name} ${host} ${target}`;
    const asking = this.#asking.get(key) ?? { inFlight: new Set(), mustAsk: false };
    this.#asking.set(key, asking);
    return asking;
  }

  #violate(text: string): void {
    this.world.violate(text);
  }
}
