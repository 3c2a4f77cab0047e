// The tables of metrics as text in Prometheus' format, by prom-client, which enters here and is loaded only where there
// is an admin listener. Values are taken when somebody asks. Every process has a registry of its own; nothing global.

import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Level } from "../base/events.ts";
import { CLIENT_METRICS } from "./client-metrics.ts";
import type { Status } from "./health.ts";
import { type Metric, single } from "./metric.ts";
import { SERVER_METRICS } from "./server-metrics.ts";

/** Seconds: from a battery-backed cache to a disk that is in trouble. */
const FSYNC_BUCKETS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** What the process knows beside its status document. */
export interface Surroundings {
  readonly cpuSeconds: () => number;
  readonly residentBytes: () => number;
  readonly nodeVersion: string;
}

export interface Metrics {
  readonly contentType: string;
  text(status: Status): Promise<string>;
  /** One fsync of a server took so many seconds. */
  synced(seconds: number): void;
  /** A warning or an error was told. */
  told(level: Level, event: string): void;
}

export function createMetrics(role: "client" | "server", surroundings: Surroundings): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const table = (role === "client" ? CLIENT_METRICS : SERVER_METRICS) as readonly Metric<Status>[];
  const updates = [...general(surroundings), ...table].map((metric) => register(metric, registry));
  const events = new Counter({
    name: "shaftlog_events_total",
    help: "Warnings and errors by event, as docs/OPERATIONS.md lists them.",
    labelNames: ["level", "event"],
    registers,
  });
  const fsync =
    role === "client"
      ? undefined
      : new Histogram({
          name: "shaftlog_server_fsync_duration_seconds",
          help: "How long it took to make a file's bytes durable.",
          buckets: FSYNC_BUCKETS,
          registers,
        });
  return {
    contentType: registry.contentType,
    text(status) {
      for (const update of updates) update(status);
      return registry.metrics();
    },
    synced: (seconds) => fsync?.observe(seconds),
    told(level, event) {
      if (level === "warn" || level === "error") events.inc({ level, event });
    },
  };
}

function general(process: Surroundings): Metric<Status>[] {
  return [
    {
      name: "shaftlog_build_info",
      type: "gauge",
      help: "1, with what runs here.",
      labels: ["version", "role", "node"],
      samples: ({ version, role }) => [[{ version, role, node: process.nodeVersion }, 1]],
    },
    single("gauge", "process_start_time_seconds", "When the process was started, since 1970.", ({ started_at }) =>
      Math.floor(Date.parse(started_at) / 1000),
    ),
    single("counter", "process_cpu_seconds_total", "Processor time that the process used.", process.cpuSeconds),
    single("gauge", "process_resident_memory_bytes", "Memory of the process.", process.residentBytes),
  ];
}

/** The function that brings it up to date. */
function register({ name, type, help, labels, samples }: Metric<Status>, registry: Registry): (status: Status) => void {
  const configuration = { name, help, labelNames: [...labels], registers: [registry] };
  const counter = type === "counter" ? new Counter(configuration) : undefined;
  const gauge = type === "gauge" ? new Gauge(configuration) : undefined;
  return (status) => {
    counter?.reset();
    gauge?.reset();
    // A value that is not known has no line; prom-client gives a gauge without labels a 0 of its own.
    if (labels.length === 0) gauge?.remove();
    for (const [labelled, value] of samples(status)) {
      if (value === null || value === undefined) continue;
      counter?.inc(labelled, value);
      gauge?.set(labelled, value);
    }
  };
}
