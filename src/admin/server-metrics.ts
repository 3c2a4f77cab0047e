// The server's metrics, read from its status document. The identities that are told of are bounded in number: those
// that were seen last. Pure.

import type { IdentityStatus, ServerStatusDocument } from "../status/server-document.ts";
import { each, type Metric, SECONDS_A_DAY, single, timestamp } from "./metric.ts";

/** Identities with metrics of their own. */
export const MOST_IDENTITIES = 1_000;

const ofIdentity = each<ServerStatusDocument, IdentityStatus>(
  ({ identities }) => seenLast(identities),
  ({ name }) => ({ identity: name }),
  ["identity"],
);

function seenLast(identities: readonly IdentityStatus[]): readonly IdentityStatus[] {
  if (identities.length <= MOST_IDENTITIES) return identities;
  return [...identities].sort((a, b) => a.silent_seconds - b.silent_seconds).slice(0, MOST_IDENTITIES);
}

export const SERVER_METRICS: readonly Metric<ServerStatusDocument>[] = [
  single("gauge", "shaftlog_server_connections", "Open connections.", ({ connections }) => connections),
  single("counter", "shaftlog_server_files_created_total", "Files that were made.", ({ files }) => files),
  single("counter", "shaftlog_server_appended_bytes_total", "Bytes that were appended.", ({ bytes }) => bytes),
  {
    name: "shaftlog_server_requests_total",
    type: "counter",
    help: "Requests by outcome: appended, asked, not_at_end, refused, failed, torn.",
    labels: ["outcome"],
    samples: ({ requests }) =>
      Object.entries(requests).map(([outcome, count]) => [{ outcome }, count as number] as const),
  },
  single(
    "gauge",
    "shaftlog_server_filesystem_free_bytes",
    "Free bytes of the file system of the data directory.",
    ({ free_bytes }) => free_bytes,
  ),
  single(
    "gauge",
    "shaftlog_server_filesystem_size_bytes",
    "Size of the file system of the data directory.",
    ({ size_bytes }) => size_bytes,
  ),
  single(
    "gauge",
    "shaftlog_server_certificate_remaining_seconds",
    "Until the first of the server's certificates expires, to the day; negative afterwards, absent without TLS.",
    ({ certificate_days_left: days }) => (days === null ? null : days * SECONDS_A_DAY),
  ),
  single(
    "gauge",
    "shaftlog_identities",
    "Hosts that were seen, with or without metrics of their own.",
    (source) => source.identities.length,
  ),
  ofIdentity("counter", "shaftlog_identity_appended_bytes_total", "Bytes that the host appended.", (one) => one.bytes),
  ofIdentity("gauge", "shaftlog_identity_last_seen_timestamp_seconds", "When the host asked anything last.", (one) =>
    timestamp(one.last_seen),
  ),
  ofIdentity("gauge", "shaftlog_identity_silent", "1 where the host is silent for longer than expected.", (one) =>
    Number(one.silent),
  ),
  ofIdentity(
    "gauge",
    "shaftlog_identity_files",
    "Files of the host; absent where they are not counted.",
    (one) => one.files,
  ),
  ofIdentity(
    "gauge",
    "shaftlog_identity_held_bytes",
    "Bytes of the host's files; absent where they are not counted.",
    (one) => one.bytes_held,
  ),
  ofIdentity(
    "gauge",
    "shaftlog_identity_quota_bytes",
    "Bytes that the host may have; absent without a quota.",
    (one) => one.quota?.bytes,
  ),
];
