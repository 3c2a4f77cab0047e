// A server's document for people: itself, then each client, those that are silent for too long first; nothing that
// is foreign gets to the terminal as it is. Pure.

import { humanDuration, humanSize } from "../base/amounts.ts";
import { errorLines, headLines, section } from "./client-screen.ts";
import { type Cell, left, type Paint, right, safe, table } from "./screen.ts";
import type { IdentityStatus, ServerStatusDocument } from "./server-document.ts";

export function serverScreen(status: ServerStatusDocument, paint: Paint): string[] {
  const { address, connections, files, bytes, requests, fsync, free_bytes, size_bytes } = status;
  const scarce = free_bytes !== null && size_bytes !== null && free_bytes < size_bytes / 20;
  const free =
    free_bytes === null || size_bytes === null ? "?" : `${humanSize(free_bytes)} of ${humanSize(size_bytes)}`;
  const days = status.certificate_days_left;
  return [
    ...headLines(status, paint),
    `  ${address}, ${connections} connections, ${humanSize(status.rate_bytes_per_second)}/s`,
    `  since the start: ${humanSize(bytes)} (${bytes} bytes) appended, ${files} files made`,
    `  requests: ${requests.appended} appended, ${requests.asked} asked, ${requests.not_at_end} not at end, ${requests.refused} refused, ${requests.failed} failed, ${requests.torn} torn`,
    `  disk: ${scarce ? paint("bad", `${free} free`) : `${free} free`}`,
    ...(fsync ? [] : [`  ${paint("busy", "fsync is off: what was acknowledged may be gone after a power cut")}`]),
    ...(days === null || days >= 30
      ? []
      : [`  ${paint("busy", days < 0 ? "a certificate has expired" : `a certificate expires in ${days} days`)}`]),
    ...section("Clients", identityLines(status.identities, paint), paint),
    ...errorLines(status.errors, status.now, paint),
  ];
}

function identityLines(identities: readonly IdentityStatus[], paint: Paint): string[] {
  if (identities.length === 0) return ["  none since the start"];
  const silentFirst = [...identities].sort((a, b) => Number(b.silent) - Number(a.silent) || (a.name < b.name ? -1 : 1));
  const head = [
    left("STATE"),
    right("LAST SEEN"),
    right("RATE"),
    right("APPENDED"),
    right("HELD"),
    right("OF QUOTA"),
    left("CLIENT"),
  ];
  return table(
    head,
    silentFirst.map((one): Cell[] => [
      left(one.silent ? "silent" : "seen", one.silent ? "bad" : "good"),
      right(`${humanDuration(one.silent_seconds)} ago`),
      right(`${humanSize(one.rate_bytes_per_second)}/s`),
      right(humanSize(one.bytes)),
      right(one.bytes_held === null ? "-" : `${humanSize(one.bytes_held)} in ${one.files}`),
      right(quotaUsed(one)),
      left(safe(one.name)),
    ]),
    paint,
  );
}

/** The share of what may be had that is used, of files or bytes, whichever is more. */
function quotaUsed({ quota, files, bytes_held }: IdentityStatus): string {
  if (quota === null) return "-";
  const shares = [
    quota.files === null || files === null ? 0 : files / quota.files,
    quota.bytes === null || bytes_held === null ? 0 : bytes_held / quota.bytes,
  ];
  return `${Math.round(100 * Math.max(...shares))} %`;
}
