// A log file over its whole life, and its copies at the servers, as the simulation knows them: by the inode itself,
// with everything that it ever held.

import type { Bytes } from "../../src/base/text.ts";
import type { Content, Inode } from "./inode.ts";

/** Where the parts lie on the simulated hosts. */
export const SPOOL = "/spool";
export const LOGS = "/log";
export const DATA = "/data";
/** The path of a destination's URL, and so the directory of this client at each server. */
export const PREFIX = "h";

/** One log file for as long as its inode lives. */
export interface Source {
  readonly id: number;
  readonly inode: Inode;
  /** What it held: each is only ever appended to; the last is what it holds now. */
  readonly variants: Content[];
  /** Offset behind the last byte of the last variant that was put on a wire. */
  sentTo: number;
  /** The process that sent some of it last. */
  sentBy: string | undefined;
  /** The name that it was sent under first, without a generation's suffix. */
  name: Bytes | undefined;
  /** When it was cut last. */
  cutAt: number;
  /** When it got a name in the spool last. */
  namedAt: number;
  /** What it held when its last name went. */
  finalSize: number | undefined;
  /** Why nothing more can be demanded for it. */
  blurred: string | undefined;
}

/** One name's file at one server. */
export interface Copy {
  readonly host: string;
  readonly path: Bytes;
  readonly source: Source;
  /** Offset in the source of its first byte. */
  readonly start: number;
  /** Per variant of the source how many bytes of the copy were compared; -1: they differ. */
  verified: Map<Content, number>;
  /** Bytes that the server has said are durable. */
  said: number;
  /** The same, whatever was restored since. */
  everSaid: number;
  /** A power cut left bytes there that nobody sent: it must stay as it is. */
  spoiled: boolean;
}

export function holdsSomewhere({ variants }: Source, from: number, body: Uint8Array): boolean {
  return variants.some((content) => content.view(from, from + body.byteLength).equals(body));
}

/** Whether the copy is the beginning of something that its source held, from its generation's start on. */
export function isPrefix({ source, start, verified }: Copy, content: Content): boolean {
  let found = false;
  for (const variant of source.variants) {
    const done = verified.get(variant) ?? 0;
    if (done < 0) continue;
    const to = Math.min(content.size, variant.size - start);
    const same = to <= done || content.view(done, to).equals(variant.view(start + done, start + to));
    verified.set(variant, same ? Math.max(done, to) : -1);
    found ||= same && to === content.size;
  }
  return found;
}

export function commonLength(a: Content, b: Content): number {
  const most = Math.min(a.size, b.size);
  if (a.view(0, most).equals(b.view(0, most))) return most;
  let length = 0;
  while (a.bytes[length] === b.bytes[length]) length++;
  return length;
}

export function newSource(id: number, inode: Inode): Source {
  return {
    id,
    inode,
    variants: [inode.content],
    sentTo: 0,
    sentBy: undefined,
    name: undefined,
    cutAt: Number.NEGATIVE_INFINITY,
    namedAt: Number.NEGATIVE_INFINITY,
    finalSize: undefined,
    blurred: undefined,
  };
}
