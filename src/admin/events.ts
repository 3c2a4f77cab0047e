// What the admin listener has to say: where it listens, and whether others than this host can reach it.
// docs/OPERATIONS.md lists each with what to do.

import { type Event, error, info } from "../base/events.ts";

export const adminListening = (authority: string): Event =>
  info("admin-listening", `Metrics, health and the status page are at http://${authority}/`);

export const adminExposed = (authority: string): Event =>
  error(
    "admin-exposed",
    `The admin listener on ${authority} can be reached from other hosts, and asks nobody who he is: names of files and ` +
      "hosts can be read there; listen on 127.0.0.1, or have a proxy or firewall before it",
  );
