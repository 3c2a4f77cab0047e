// What a station has to say to the operator. Stations do not log: they hand events to one port. Each
// station's `events.ts` holds its events, one function each; docs/OPERATIONS.md lists every name with its
// level and what to do (a test compares). warn = odd, will heal by itself; error = someone must act.

export type Level = "debug" | "info" | "warn" | "error";

export interface Event {
  /** Stable, lower case with hyphens, for alerts and grep. */
  readonly name: string;
  readonly level: Level;
  /** One line, foreign parts quoted; a failure begins with what failed. */
  readonly text: string;
}

/** The port through which every station speaks. Must not throw. */
export type Emit = (event: Event) => void;

export function debug(name: string, text: string): Event {
  return { name, level: "debug", text };
}

export function info(name: string, text: string): Event {
  return { name, level: "info", text };
}

export function warn(name: string, text: string): Event {
  return { name, level: "warn", text };
}

export function error(name: string, text: string): Event {
  return { name, level: "error", text };
}
