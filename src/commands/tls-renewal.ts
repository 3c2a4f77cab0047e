// Keeps the TLS and token files of destinations up to date while the client runs: looks for changes every few seconds and at
// SIGHUP, has new ones tried before they are used, and warns of a certificate that will expire. A change is acted
// on once the files have kept still between two looks, so that a certificate is not tried with the key before it.

import type { Emit } from "../base/events.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { expires, notRenewed, renewed } from "./tls-events.ts";
import type { Transport } from "./transports.ts";

const LOOK_EVERY = 2_000;
/** Files that could not be used are tried again after this long, unchanged: a certificate may not be valid yet. */
const TRY_AGAIN = 3_600_000;
const DAY = 86_400_000;
/** Days. */
const WARN_FROM = 30;

/** Files that a destination is reached with. */
interface Files {
  readonly what: string;
  /** What they were when those in use were read, and what they are now. */
  readonly stamp: string;
  stampNow(): string;
  /** Reads them anew; throws and goes on with what it has where they cannot be used at that time (ms since 1970). */
  renew(now: number): void;
  /** When our certificate among them expires, ms since 1970. */
  readonly notAfter?: number | undefined;
}

export interface Renewable {
  readonly url: string;
  readonly files: Files;
}

/** The destinations that have TLS, in their order. */
export function renewablesOf(urls: readonly URL[], transports: readonly Transport[]): Renewable[] {
  return urls.flatMap(({ href }, i) => {
    const { tls, token } = transports[i] ?? {};
    return [tls, token].flatMap((files) => (files === undefined ? [] : [{ url: href, files }]));
  });
}

/** Whole days until our certificate for a destination expires; undefined where there is none. */
export function daysLeft(files: Files | undefined, now: number): number | undefined {
  return files?.notAfter === undefined ? undefined : Math.floor((files.notAfter - now) / DAY);
}

/** Warns of each certificate that expires soon, or has. `now`: ms since 1970. */
export function tellExpiry(renewables: readonly Renewable[], now: number, emit: Emit): void {
  for (const { url, files } of renewables) {
    const days = daysLeft(files, now);
    if (days !== undefined && days < WARN_FROM) emit(expires(url, days));
  }
}

interface Watched extends Renewable {
  /** What the files were at the last look. */
  seen: string;
  /** What they were when they could not be used, and Clock.elapsed() then. */
  failed: { readonly stamp: string; readonly at: number } | undefined;
}

export class TlsRenewal {
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #watched: readonly Watched[];
  #timer: Timer | undefined;
  #warnedAt = 0;

  /** Warns at once of what expires soon. */
  constructor(clock: Clock, emit: Emit, renewables: readonly Renewable[]) {
    this.#clock = clock;
    this.#emit = emit;
    this.#watched = renewables.map((one) => ({
      ...one,
      seen: one.files.stamp,
      failed: undefined,
    }));
    this.#warn();
    this.#next();
  }

  /** Looks now, and does not wait for the files to keep still. */
  now(): void {
    for (const one of this.#watched) {
      one.seen = one.files.stampNow();
      one.failed = undefined;
      this.#renew(one);
    }
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #next(): void {
    if (this.#watched.length === 0) return;
    this.#timer = this.#clock.after(LOOK_EVERY, () => {
      for (const one of this.#watched) this.#look(one);
      if (this.#clock.elapsed() - this.#warnedAt >= DAY) this.#warn();
      this.#next();
    });
  }

  #look(one: Watched): void {
    const stamp = one.files.stampNow();
    const still = stamp === one.seen;
    one.seen = stamp;
    if (still) this.#renew(one);
  }

  #renew(one: Watched): void {
    const { files, url, seen, failed } = one;
    if (seen === files.stamp) return;
    const now = this.#clock.elapsed();
    if (failed?.stamp === seen && now - failed.at < TRY_AGAIN) return;
    try {
      files.renew(this.#clock.now());
      one.failed = undefined;
      this.#emit(renewed(url, files.what));
    } catch (error) {
      one.failed = { stamp: seen, at: now };
      this.#emit(notRenewed(url, files.what, error instanceof Error ? error.message : String(error)));
    }
  }

  #warn(): void {
    this.#warnedAt = this.#clock.elapsed();
    tellExpiry(this.#watched, this.#clock.now(), this.#emit);
  }
}
