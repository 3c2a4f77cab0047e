// A client's document for people: what matters first, sizes rounded and, where somebody may act on them, exact;
// nothing that is foreign gets to the terminal as it is. Pure.

import { count, humanDuration, humanSize } from "../base/amounts.ts";
import type { ClientStatus, DestinationStatus, RecentError } from "./client-document.ts";
import { type Cell, type Colour, left, type Paint, right, safe, table } from "./screen.ts";

/** Errors that are shown. */
const MOST_ERRORS = 5;
const COLOURS: Readonly<Record<DestinationStatus["state"], Colour>> = {
  "in sync": "good",
  sending: "busy",
  "in error": "bad",
};

export function clientScreen(status: ClientStatus, paint: Paint): string[] {
  const { destinations, behind, spool, files, errors, watches_exhausted } = status;
  return [
    ...headLines(status, paint),
    ...section("Destinations", destinationLines(destinations, status.now, paint), paint),
    ...(behind.length === 0 ? [] : section("Furthest behind", behindLines(status, paint), paint)),
    ...section("Spool", spoolLines(spool, paint), paint),
    `  ${count(files.adopted, "file")} held, ${files.live} of them changed within the hour; since the start ${files.found} found, ${files.released} released`,
    ...(watches_exhausted ? [`  ${paint("busy", "no watches left: changes are found each scan_interval")}`] : []),
    ...errorLines(errors, status.now, paint),
  ];
}

/** What runs. */
export function headLines(
  {
    version,
    role,
    pid,
    config,
    now,
    started_at,
  }: Pick<ClientStatus, "version" | "pid" | "config" | "now" | "started_at"> & {
    readonly role: string;
  },
  paint: Paint,
): string[] {
  const up = humanDuration(ago(started_at, now));
  return [
    `${paint("head", `shaftlog ${role}`)} ${version}, up ${up}, pid ${pid}, ${safe(config)}, ${now.slice(0, 19)}Z`,
  ];
}

export function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return ["", paint("head", title), ...lines];
}

function destinationLines(destinations: readonly DestinationStatus[], now: string, paint: Paint): string[] {
  const head = [
    left("STATE"),
    right("BEHIND"),
    right("FILES"),
    right("OLDEST"),
    right("RATE"),
    right("LEFT"),
    left("URL"),
  ];
  const rows = destinations.map((one): Cell[] => [
    left(one.state, COLOURS[one.state]),
    right(humanSize(one.backlog_bytes)),
    right(String(one.files_behind)),
    right(one.files_behind === 0 ? "-" : humanDuration(one.lag_seconds)),
    right(`${humanSize(one.rate_bytes_per_second)}/s`),
    right(
      one.backlog_bytes === 0 ? "-" : one.catch_up_seconds === null ? "stuck" : humanDuration(one.catch_up_seconds),
    ),
    left(safe(one.url)),
  ]);
  const lines = table(head, rows, paint);
  return [...lines.slice(0, 1), ...destinations.flatMap((one, i) => [lines[i + 1] ?? "", ...details(one, now, paint)])];
}

/** Behind a destination's row: what somebody would ask next. */
function details(one: DestinationStatus, now: string, paint: Paint): string[] {
  const lines: string[] = [];
  if (one.backlog_bytes > 0) {
    const last = one.last_acknowledged_at;
    const when =
      last === null ? "nothing acknowledged since the start" : `last acknowledged ${humanDuration(ago(last, now))} ago`;
    lines.push(`${one.backlog_bytes} bytes in ${count(one.files_behind, "file")} to send; ${when}`);
  }
  if (one.files_refused > 0) lines.push(`${count(one.files_refused, "file")} not taken`);
  if (one.state === "in error" && one.last_error !== null) {
    const { text, since } = one.last_error;
    lines.push(paint("bad", `since ${since.slice(0, 19)}Z (${humanDuration(ago(since, now))}): ${safe(text)}`));
  }
  const days = one.certificate_days_left;
  if (days !== null && days < 30) {
    lines.push(
      paint("busy", days < 0 ? "our certificate has expired" : `our certificate expires in ${count(days, "day")}`),
    );
  }
  return lines.map((line) => `    ${line}`);
}

function behindLines({ behind, destinations }: ClientStatus, paint: Paint): string[] {
  const several = destinations.length > 1;
  const head = [right("BEHIND"), right("OF"), right("OLDEST"), left("FILE")];
  return table(
    head,
    behind.map(({ destination, name, source, size, backlog_bytes, lag_seconds, trouble }) => {
      const where = several ? ` -> ${safe(destination)}` : "";
      return [
        right(humanSize(backlog_bytes)),
        right(humanSize(size)),
        right(humanDuration(lag_seconds)),
        left(`${safe(source ?? `${name} (only in the spool)`)}${where}${trouble === null ? "" : `: ${safe(trouble)}`}`),
      ];
    }),
    paint,
  );
}

function spoolLines(spool: ClientStatus["spool"], paint: Paint): string[] {
  return table(
    [right("HELD"), right("ONLY HERE"), right("BYTES"), right("FREE"), right("OF"), left("DATADIR")],
    spool.map(({ datadir, bytes, bytes_only_here, free_bytes, size_bytes }) => {
      const scarce = free_bytes !== null && size_bytes !== null && free_bytes < size_bytes / 10;
      return [
        right(humanSize(bytes)),
        right(humanSize(bytes_only_here)),
        right(String(bytes_only_here)),
        right(free_bytes === null ? "?" : humanSize(free_bytes), scarce ? "bad" : undefined),
        right(size_bytes === null ? "?" : humanSize(size_bytes)),
        left(safe(datadir)),
      ];
    }),
    paint,
  );
}

export function errorLines(errors: readonly RecentError[], now: string, paint: Paint): string[] {
  if (errors.length === 0) return [];
  const lines = errors.slice(0, MOST_ERRORS).map(({ at, level, event, text }) => {
    const colour = level === "error" ? "bad" : "busy";
    return `  ${humanDuration(ago(at, now)).padStart(6)} ago  ${paint(colour, event)} ${safe(text)}`;
  });
  const more = errors.length > MOST_ERRORS ? [`  and ${errors.length - MOST_ERRORS} more`] : [];
  return section("Last warnings and errors", [...lines, ...more], paint);
}

function ago(at: string, now: string): number {
  return Math.max(0, (Date.parse(now) - Date.parse(at)) / 1000);
}
