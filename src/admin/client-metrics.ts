// The client's metrics, read from its status document: by destination, by spool, and for the client as a whole.
// Pure.

import type { ClientStatus, DestinationStatus, SpoolStatus } from "../status/client-document.ts";
import { each, type Metric, SECONDS_A_DAY, single, timestamp } from "./metric.ts";

const ofDestination = each<ClientStatus, DestinationStatus>(
  ({ destinations }) => destinations,
  ({ url }) => ({ destination: url }),
  ["destination"],
);
const ofSpool = each<ClientStatus, SpoolStatus>(
  ({ spool }) => spool,
  ({ datadir }) => ({ datadir }),
  ["datadir"],
);

export const CLIENT_METRICS: readonly Metric<ClientStatus>[] = [
  ofDestination(
    "gauge",
    "shaftlog_destination_up",
    "Whether the destination takes requests: 1, or 0 while it is in error.",
    (one) => (one.state === "in error" ? 0 : 1),
  ),
  ofDestination(
    "gauge",
    "shaftlog_destination_backlog_bytes",
    "Bytes that the destination has not acknowledged.",
    (one) => one.backlog_bytes,
  ),
  ofDestination(
    "gauge",
    "shaftlog_destination_lag_seconds",
    "Time since the oldest byte that is not acknowledged was first seen; 0 where there is none.",
    (one) => one.lag_seconds,
  ),
  ofDestination(
    "gauge",
    "shaftlog_destination_files_behind",
    "Files of which the destination lacks bytes.",
    (one) => one.files_behind,
  ),
  ofDestination(
    "gauge",
    "shaftlog_destination_files_refused",
    "Files that do not get on by themselves.",
    (one) => one.files_refused,
  ),
  ofDestination(
    "counter",
    "shaftlog_destination_sent_bytes_total",
    "Bytes that the destination acknowledged.",
    (one) => one.bytes_sent,
  ),
  ofDestination(
    "counter",
    "shaftlog_destination_spared_bytes_total",
    "Of the bytes that the destination acknowledged, those that compression spared the network.",
    (one) => one.bytes_spared,
  ),
  {
    name: "shaftlog_destination_requests_total",
    type: "counter",
    help: "Requests by outcome: appended, asked, refused, failed.",
    labels: ["destination", "outcome"],
    samples: ({ destinations }) =>
      destinations.flatMap(({ url, requests }) =>
        Object.entries(requests).map(([outcome, count]) => [{ destination: url, outcome }, count as number] as const),
      ),
  },
  ofDestination(
    "gauge",
    "shaftlog_destination_last_acknowledged_timestamp_seconds",
    "When the destination acknowledged bytes last; absent before the first.",
    (one) => timestamp(one.last_acknowledged_at),
  ),
  ofDestination(
    "gauge",
    "shaftlog_destination_certificate_remaining_seconds",
    "Until our certificate for the destination expires, to the day; negative afterwards, absent without one.",
    (one) => (one.certificate_days_left === null ? null : one.certificate_days_left * SECONDS_A_DAY),
  ),
  single("gauge", "shaftlog_files_adopted", "Files that are held.", ({ files }) => files.adopted),
  single(
    "gauge",
    "shaftlog_files_live",
    "Files that are held and changed within the last hour.",
    ({ files }) => files.live,
  ),
  single("counter", "shaftlog_files_released_total", "Files that were let go of.", ({ files }) => files.released),
  single(
    "gauge",
    "shaftlog_watches_exhausted",
    "1 where the kernel has no more inotify watches, so that changes are found by looking only.",
    ({ watches_exhausted }) => Number(watches_exhausted),
  ),
  ofSpool("gauge", "shaftlog_spool_bytes", "Bytes of all files that are held.", (one) => one.bytes),
  ofSpool(
    "gauge",
    "shaftlog_spool_only_here_bytes",
    "Bytes on disk that only the spool holds: their owner deleted them.",
    (one) => one.bytes_only_here,
  ),
  ofSpool(
    "gauge",
    "shaftlog_spool_filesystem_free_bytes",
    "Free bytes of the file system of the spool.",
    (one) => one.free_bytes,
  ),
  ofSpool(
    "gauge",
    "shaftlog_spool_filesystem_size_bytes",
    "Size of the file system of the spool.",
    (one) => one.size_bytes,
  ),
];
