// Keeps the TLS files of destinations up to date while the client runs: looks for changes every few seconds and at
// SIGHUP, has new ones tried before they are used, and warns of a certificate that will expire. A change is acted
// on once the files have kept still between two looks, so that a certificate is not tried with the key before it.

import type { Emit } from "../base/events.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { HttpsClient } from "../platform/https-client.ts";
import { expires, notRenewed, renewed } from "./tls-events.ts";
import type { Transport } from "./transports.ts";

const LOOK_EVERY = 2_000;
/** Files that could not be used are tried again after this long, unchanged: a certificate may not be valid yet. */
const TRY_AGAIN = 3_600_000;
const DAY = 86_400_000;
/** Days. */
const WARN_FROM = 30;

export interface Renewable {
  readonly url: string;
  readonly tls: HttpsClient;
}

/** The destinations that have TLS, in their order. */
export function renewablesOf(urls: readonly URL[], transports: readonly Transport[]): Renewable[] {
  return urls.flatMap(({ href }, i) => {
    const tls = transports[i]?.tls;
    return tls === undefined ? [] : [{ url: href, tls }];
  });
}

/** Whole days until our certificate for a destination expires; undefined where there is none. */
export function daysLeft(tls: HttpsClient | undefined, now: number): number | undefined {
  return tls?.notAfter === undefined ? undefined : Math.floor((tls.notAfter - now) / DAY);
}

/** Warns of each certificate that expires soon, or has. `now`: ms since 1970. */
export function tellExpiry(renewables: readonly Renewable[], now: number, emit: Emit): void {
  for (const { url, tls } of renewables) {
    const days = daysLeft(tls, now);
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
      seen: one.tls.stamp,
      failed: undefined,
    }));
    this.#warn();
    this.#next();
  }

  /** Looks now, and does not wait for the files to keep still. */
  now(): void {
    for (const one of this.#watched) {
      one.seen = one.tls.stampNow();
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
    const stamp = one.tls.stampNow();
    const still = stamp === one.seen;
    one.seen = stamp;
    if (still) this.#renew(one);
  }

  #renew(one: Watched): void {
    const { tls, url, seen, failed } = one;
    if (seen === tls.stamp) return;
    const now = this.#clock.elapsed();
    if (failed?.stamp === seen && now - failed.at < TRY_AGAIN) return;
    try {
      tls.renew(this.#clock.now());
      one.failed = undefined;
      this.#emit(renewed(url));
    } catch (error) {
      one.failed = { stamp: seen, at: now };
      this.#emit(notRenewed(url, error instanceof Error ? error.message : String(error)));
    }
  }

  #warn(): void {
    this.#warnedAt = this.#clock.elapsed();
    tellExpiry(this.#watched, this.#clock.now(), this.#emit);
  }
}
