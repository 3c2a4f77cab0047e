// The form of files that only remember something: a header line `KIND VERSION`, then records, each with a checksum
// over itself and all before it. Only appended to; a record that is torn, damaged or out of its place ends what the
// file says. Nothing hangs on such a file but work, so it is never fsynced; a newer version is left alone. Pure.
//
//   length (4 bytes, big-endian)  payload  seal: 8 bytes of SHA-256(seal before, length, payload)

import { type NewHash, sameDigest } from "./tree-hash.ts";

export interface Format {
  readonly kind: string;
  readonly version: number;
}

const SEAL = 8;
const LENGTH = 4;

/** Makes records, one behind the other. */
export class Sealer {
  readonly #newHash: NewHash;
  #seal: Uint8Array;
  /** Bytes of the file up to here. */
  bytes: number;

  constructor(format: Format, newHash: NewHash) {
    const header = headerOf(format);
    this.#newHash = newHash;
    this.#seal = digest(newHash, [header]);
    this.bytes = header.byteLength;
  }

  /** The next record. */
  record(payload: Uint8Array): Uint8Array {
    const bytes = Buffer.alloc(LENGTH + payload.byteLength + SEAL);
    bytes.writeUInt32BE(payload.byteLength);
    bytes.set(payload, LENGTH);
    this.#seal = digest(this.#newHash, [this.#seal, bytes.subarray(0, LENGTH + payload.byteLength)]);
    bytes.set(this.#seal, LENGTH + payload.byteLength);
    this.bytes += bytes.byteLength;
    return bytes;
  }

  /** Reads the record at `at` of `file` if it is the next one. */
  take(file: Uint8Array, at: number): Uint8Array | undefined {
    if (file.byteLength < at + LENGTH + SEAL) return undefined;
    const length = Buffer.from(file.buffer, file.byteOffset + at, LENGTH).readUInt32BE();
    const end = at + LENGTH + length;
    if (file.byteLength < end + SEAL) return undefined;
    const seal = digest(this.#newHash, [this.#seal, file.subarray(at, end)]);
    if (!sameDigest(seal, file.subarray(end, end + SEAL))) return undefined;
    this.#seal = seal;
    this.bytes = end + SEAL;
    return file.subarray(at + LENGTH, end);
  }
}

export type Parsed =
  /** `sealer`: goes on behind the last sound record. */
  | { readonly kind: "records"; readonly payloads: readonly Uint8Array[]; readonly sealer: Sealer }
  /** Written by a newer version: neither used nor changed. */
  | { readonly kind: "newer" }
  /** Not of this kind, or not even its header is whole. */
  | { readonly kind: "nothing" };

export function headerOf({ kind, version }: Format): Uint8Array {
  return Buffer.from(`${kind} ${version}\n`, "latin1");
}

/** `file`: all its bytes. */
export function parseRecords(format: Format, file: Uint8Array, newHash: NewHash): Parsed {
  const line = Buffer.from(file.buffer, file.byteOffset, Math.min(file.byteLength, LONGEST_HEADER));
  const [kind, version = ""] = line.toString("latin1", 0, Math.max(0, line.indexOf(0x0a))).split(" ");
  if (kind !== format.kind || !/^[1-9][0-9]*$/.test(version)) return { kind: "nothing" };
  if (version !== String(format.version)) return { kind: Number(version) > format.version ? "newer" : "nothing" };
  const sealer = new Sealer(format, newHash);
  const payloads: Uint8Array[] = [];
  for (;;) {
    const payload = sealer.take(file, sealer.bytes);
    if (payload === undefined) return { kind: "records", payloads, sealer };
    payloads.push(payload);
  }
}

const LONGEST_HEADER = 64;

function digest(newHash: NewHash, pieces: readonly Uint8Array[]): Uint8Array {
  const hash = newHash();
  for (const piece of pieces) hash.update(piece);
  return hash.digest().subarray(0, SEAL);
}
