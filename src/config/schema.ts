// A configuration file described once: which keys it has, of which type, with which default. A type reads a place and
// reports all that is wrong there; a new key is one line in client.ts or server.ts. `listKeys` enumerates the keys, so
// that tests hold docs/CONFIGURATION.md and etc/ against them.

import { isMap, isNode, isScalar, isSeq, type YAMLMap } from "yaml";
import { assert } from "../base/assert.ts";
import { nearest } from "./nearest.ts";
import { describeNode, type Place, pathOfKey, placeOf, rememberPlace, report } from "./place.ts";

export interface Type<T> {
  /** A noun phrase, after "expected". */
  readonly expected: string;
  /** The value; undefined or partly so after something was reported. */
  readonly read: (place: Place) => T | undefined;
  /** Of a map: its keys. */
  readonly keys?: Keys;
  /** Of a list: the type of its entries. */
  readonly items?: Type<unknown>;
}

export type Keys = Readonly<Record<string, Key<unknown>>>;

export interface Key<T> {
  readonly type: Type<T>;
  readonly required: boolean;
  /** The default as one would write it in the file. */
  readonly written?: ScalarValue;
  /** The value where the key is absent. */
  readonly absent: T | undefined;
}

/** What YAML makes of a single value. */
export type ScalarValue = string | number | boolean;

/** A type's opinion of a single value: what it means, or what is wrong with it (to follow the key's path). */
export type Judged<T> = { readonly value: T } | { readonly wrong: string; readonly suggestion?: string | undefined };

export interface ScalarType<T> extends Type<T> {
  readonly judge: (value: ScalarValue) => Judged<T>;
}

export type Values<K extends Keys> = { readonly [N in keyof K]: K[N] extends Key<infer T> ? T : never };

/** Values of which any part may be missing because it was wrong. */
export type Partly<T> = T extends RegExp
  ? T
  : T extends readonly (infer E)[]
    ? readonly (Partly<E> | undefined)[]
    : T extends object
      ? { readonly [N in keyof T]?: Partly<T[N]> | undefined }
      : T;

/** Looks at several keys at once. `at` gives the place of a key below the map, undefined where it is not written. */
export type Check<K extends Keys> = (values: Partly<Values<K>>, at: (path: string) => Place | undefined) => void;

export function required<T>(type: Type<T>): Key<T> {
  return { type, required: true, absent: undefined };
}

export function optional<T>(type: Type<T>): Key<T | undefined> {
  return { type, required: false, absent: undefined };
}

/** A map that need not be there, with keys that need not be there either: what it lacks has its default. */
export function section<K extends Keys>(keys: K, check?: Check<K>): Key<Values<K>> {
  const absent = Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, key.absent]));
  return { type: map(keys, check), required: false, absent: absent as Values<K> };
}

/** `written` is the default as one would write it in the file; it passes through the type like any other value. */
export function withDefault<T>(type: ScalarType<T>, written: ScalarValue): Key<T> {
  const judged = type.judge(written);
  assert("value" in judged, `default ${written}: expected ${type.expected}`);
  return { type, required: false, written, absent: judged.value };
}

export function scalar<T>(expected: string, judge: (value: ScalarValue) => Judged<T>): ScalarType<T> {
  const read = (place: Place): T | undefined => {
    const { node } = place;
    if (node === undefined) return undefined;
    const value: unknown = isScalar(node) ? node.value : undefined;
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
      report(place, describeNode(node), expected);
      return undefined;
    }
    const judged = judge(value);
    if ("value" in judged) return judged.value;
    report(place, judged.wrong, expected, judged.suggestion);
    return undefined;
  };
  return { expected, judge, read };
}

/** A list with at least one entry. */
export function list<T>(items: Type<T>): Type<readonly T[]> {
  const expected = "a list with at least one entry";
  const read = (place: Place): readonly T[] | undefined => {
    const { sheet, path, node } = place;
    if (node === undefined) return undefined;
    if (!isSeq(node) || node.items.length === 0) {
      report(place, isSeq(node) ? "is an empty list" : describeNode(node), expected);
      return undefined;
    }
    return node.items.map((item, i) => {
      const entry = isNode(item) ? item : null;
      return items.read(rememberPlace(placeOf(sheet, `${path}[${i}]`, entry))) as T;
    });
  };
  return { expected, items, read };
}

/** A map that has these keys and no others. */
export function map<K extends Keys>(keys: K, check?: Check<K>): Type<Values<K>> {
  const names = Object.keys(keys);
  const expected = `a map with the ${names.length === 1 ? "key" : "keys"} ${names.join(", ")}`;
  const read = (place: Place): Values<K> | undefined => {
    const { sheet, path, node } = place;
    if (node === undefined) return undefined;
    if (!isMap(node)) {
      report(place, describeNode(node), expected);
      return undefined;
    }
    const places = placesOfKeys(place, node, keys);
    const values: Record<string, unknown> = {};
    for (const [name, key] of Object.entries(keys)) {
      const at = places.get(name);
      values[name] = at === undefined ? key.absent : key.type.read(at);
      if (at === undefined && key.required) {
        report({ ...place, path: pathOfKey(path, name) }, "is missing", key.type.expected);
      }
    }
    const prefix = path === "" ? "" : `${path}.`;
    check?.(values as Partly<Values<K>>, (below) => sheet.places.get(prefix + below));
    return values as Values<K>;
  };
  return { expected, keys, read };
}

/** Where each known key's value stands; reports keys that are unknown and keys that come twice. */
function placesOfKeys(place: Place, node: YAMLMap, keys: Keys): Map<string, Place> {
  const { sheet, path } = place;
  const known = Object.keys(keys);
  const firstSeen = new Map<string, number>();
  const places = new Map<string, Place>();
  for (const { key, value } of node.items) {
    // Any other key is among the findings of the tree.
    if (!isScalar(key) || typeof key.value !== "string") continue;
    const name = key.value;
    const keyPlace = placeOf(sheet, pathOfKey(path, name), key);
    const earlier = firstSeen.get(name);
    if (earlier !== undefined) {
      report(keyPlace, `is set twice, first in line ${sheet.tree.locate(earlier).line}`, "each key once");
      continue;
    }
    firstSeen.set(name, keyPlace.start);
    if (Object.hasOwn(keys, name)) {
      places.set(name, rememberPlace(placeOf(sheet, keyPlace.path, isNode(value) ? value : null, keyPlace.start)));
    } else {
      report(keyPlace, "unknown key", `one of ${known.join(", ")}`, nearest(name, known));
    }
  }
  return places;
}

export interface KeyInfo {
  /** Such as `scan_paths[].name`. */
  readonly path: string;
  readonly required: boolean;
  readonly written: ScalarValue | undefined;
}

/** Every key below a type, outer before inner. */
export function listKeys(type: Type<unknown>, prefix = ""): KeyInfo[] {
  if (type.items !== undefined) return listKeys(type.items, `${prefix}[]`);
  return Object.entries(type.keys ?? {}).flatMap(([name, key]) => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    return [{ path, required: key.required, written: key.written }, ...listKeys(key.type, path)];
  });
}
