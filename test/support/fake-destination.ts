// A Destination over a fake network and clock, whose spool hears everything and does nothing, until a test says otherwise.

import { createHash } from "node:crypto";
import { Destination } from "../../src/transfer/destination.ts";
import type { DestinationParts, SpoolDesk } from "../../src/transfer/destination-parts.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeHttp } from "./fake-http.ts";

interface Overrides extends Partial<Omit<DestinationParts, "http" | "clock" | "spool">> {
  readonly http?: FakeHttp;
  readonly clock?: FakeClock;
  readonly spool?: Partial<SpoolDesk>;
}

export interface FakeDestination {
  readonly http: FakeHttp;
  readonly clock: FakeClock;
  readonly destination: Destination;
}

export function fakeDestination({
  http = new FakeHttp(),
  clock = new FakeClock(),
  spool,
  ...parts
}: Overrides = {}): FakeDestination {
  const destination = new Destination({
    url: new URL("http://log.test:10655/host/"),
    http,
    clock,
    random: () => 0.5,
    newHash: () => createHash("sha256"),
    compareAll: false,
    spool: { noticed: () => {}, supersede: () => {}, rewritten: () => {}, acknowledged: () => {}, ...spool },
    emit: () => {},
    ...parts,
  });
  return { http, clock, destination };
}
