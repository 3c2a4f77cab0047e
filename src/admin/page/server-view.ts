// What a server shows: its throughput, its disk, and its hosts, which can be sorted and filtered.
// Hosts that are silent come first, until somebody sorts them otherwise.

import type { IdentityStatus, ServerStatusDocument } from "../../status/server-document.ts";
import { titled } from "./client-view.ts";
import { diskBars } from "./disks.ts";
import { byId, element, setText } from "./dom.ts";
import type { History } from "./feed.ts";
import { allOf, bytes, clock, count, counted, duration, rate } from "./format.ts";
import { type Mood, stateLabel } from "./mark.ts";
import { showHeadline, showTiles } from "./overview.ts";
import { plot } from "./plot.ts";
import { type Column, table, textCell } from "./table.ts";

interface Host {
  readonly status: IdentityStatus;
  readonly history: History;
}

const WORDS = ["silent", "sending", "quiet"] as const;
const MOODS: Readonly<Record<(typeof WORDS)[number], Mood>> = { silent: "warn", sending: "active", quiet: "calm" };

export function serverView(): (status: ServerStatusDocument, history: History) => void {
  const throughput = plot("Throughput of all hosts", rate, "tall");
  const disks = diskBars();
  const hosts = table("Hosts", HOST_COLUMNS, ({ status }) => status.name, "scroll long");
  const filter = element("input", { type: "search", spellcheck: "false", autocomplete: "off" });
  const only = element("select", {}, ...["all", ...WORDS].map((word) => element("option", { value: word }, word)));
  const shown = element("p", { class: "empty", "aria-live": "polite" });
  const tools = element(
    "div",
    { class: "tools" },
    element("h2", { id: "hosts-title" }, "Hosts"),
    element("label", {}, "Name has", filter),
    element("label", {}, "State", only),
  );
  byId("view").replaceChildren(
    titled("Load", element("div", { class: "plots" }, throughput.node)),
    element("section", { "aria-labelledby": "hosts-title" }, tools, shown, hosts.node),
    titled("Disk", disks.node),
  );
  let all: readonly Host[] = [];
  const showHosts = () => {
    const wanted = filter.value.trim().toLowerCase();
    const some = all.filter(
      ({ status }) =>
        status.name.toLowerCase().includes(wanted) && (only.value === "all" || stateOf(status) === only.value),
    );
    hosts.show(some);
    hosts.node.hidden = some.length === 0;
    shown.hidden = all.length > 0 && some.length === all.length;
    setText(
      shown,
      all.length === 0 ? "No host has asked anything yet." : `${count(some.length)} of ${counted(all.length, "host")}`,
    );
  };
  filter.addEventListener("input", showHosts);
  only.addEventListener("input", showHosts);
  return (status, history) => {
    headline(status);
    tiles(status);
    throughput.show(history.get("")?.bytes_per_second ?? [null], status.rate_bytes_per_second);
    all = [...status.identities].sort(byState).map((one) => ({ status: one, history }));
    showHosts();
    const { free_bytes: free, size_bytes: size, address } = status;
    disks.show([{ title: "data directory", free, size, ours: 0, words: `serves ${address}` }]);
  };
}

function stateOf({ silent, rate_bytes_per_second }: IdentityStatus): (typeof WORDS)[number] {
  return silent ? "silent" : rate_bytes_per_second > 0 ? "sending" : "quiet";
}

/** What needs somebody first. */
function byState(a: IdentityStatus, b: IdentityStatus): number {
  return Number(b.silent) - Number(a.silent) || byName(a, b);
}

function byName(a: IdentityStatus, b: IdentityStatus): number {
  return a.name.localeCompare(b.name, "en", { numeric: true });
}

function headline({ identities, certificate_days_left: days }: ServerStatusDocument): void {
  const silent = identities.filter((one) => one.silent).length;
  const hosts = counted(identities.length, "host");
  if (days !== null && days < 0) showHeadline("bad", "The certificate has expired");
  else if (silent > 0) showHeadline("warn", `${silent} of ${hosts} silent`);
  else if (identities.length === 0) showHeadline("calm", "No host yet");
  else
    showHeadline(
      "good",
      identities.length === 1 ? "The host is heard from" : `${allOf(identities.length, "host")} heard from`,
    );
}

function tiles(status: ServerStatusDocument): void {
  const { requests, certificate_days_left: days } = status;
  const troubled = requests.refused + requests.failed + requests.torn;
  showTiles([
    { name: "Throughput", value: rate(status.rate_bytes_per_second), more: status.fsync ? "" : "fsync is off" },
    { name: "Appended since start", value: bytes(status.bytes), more: `${counted(status.files, "new file")}` },
    { name: "Connections", value: count(status.connections) },
    {
      name: "Requests",
      value: count(requests.appended + requests.asked),
      more: `${count(requests.appended)} appended, ${count(requests.asked)} asked`,
    },
    {
      name: "Refused, failed, torn",
      value: count(troubled),
      more: `${count(requests.refused)}, ${count(requests.failed)}, ${count(requests.torn)}`,
    },
    ...(days === null ? [] : [{ name: "Certificate", value: days < 0 ? "expired" : `${counted(days, "day")} left` }]),
  ]);
}

const HOST_COLUMNS: readonly Column<Host>[] = [
  {
    title: "Host",
    names: true,
    look: "foreign",
    order: (a, b) => byName(a.status, b.status),
    cell: textCell(({ status }) => status.name),
  },
  {
    title: "State",
    order: (a, b) => WORDS.indexOf(stateOf(a.status)) - WORDS.indexOf(stateOf(b.status)) || byName(a.status, b.status),
    cell: () => {
      const label = stateLabel();
      return {
        content: label.node,
        update({ status }) {
          const state = stateOf(status);
          label.show(MOODS[state], state);
        },
      };
    },
  },
  {
    title: "Last seen",
    look: "number",
    order: (a, b) => a.status.silent_seconds - b.status.silent_seconds,
    cell: () => {
      const content = element("span");
      return {
        content,
        update({ status }) {
          setText(content, status.silent_seconds < 2 ? "now" : `${duration(status.silent_seconds)} ago`);
          content.title = clock(status.last_seen);
        },
      };
    },
  },
  {
    title: "Throughput",
    look: "number optional",
    order: (a, b) => a.status.rate_bytes_per_second - b.status.rate_bytes_per_second,
    cell: textCell(({ status }) => rate(status.rate_bytes_per_second)),
  },
  {
    title: "Last hour",
    look: "plotted optional",
    cell: ({ status: { name } }) => {
      const small = plot(`Throughput of ${name}`, rate, "small");
      return {
        content: small.node,
        update: ({ status, history }) =>
          small.show(history.get(name)?.bytes_per_second ?? [null], status.rate_bytes_per_second),
      };
    },
  },
  {
    title: "Appended",
    look: "number optional",
    order: (a, b) => a.status.bytes - b.status.bytes,
    cell: textCell(({ status }) => bytes(status.bytes)),
  },
  {
    title: "Files",
    look: "number optional",
    order: (a, b) => (a.status.files ?? 0) - (b.status.files ?? 0),
    cell: textCell(({ status }) => (status.files === null ? "–" : count(status.files))),
  },
  {
    title: "Holds, of quota",
    look: "number optional",
    order: (a, b) => (a.status.bytes_held ?? 0) - (b.status.bytes_held ?? 0),
    cell: textCell(({ status: { bytes_held: held, quota } }) =>
      held === null ? "–" : quota?.bytes == null ? bytes(held) : `${bytes(held)} of ${bytes(quota.bytes)}`,
    ),
  },
];
