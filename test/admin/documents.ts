// Status documents as a running client and server would tell them, in the states that an operator meets.
// Names of files and hosts are hostile in some: whoever writes a log file chooses its name.

import { History } from "../../src/admin/history.ts";
import type { ClientStatus, DestinationStatus, FileBehind } from "../../src/status/client-document.ts";
import type { IdentityStatus, ServerStatusDocument } from "../../src/status/server-document.ts";

export const NOW = Date.now();
export const iso = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1000).toISOString();

export const LOG1 = "http://log1.example:10655/web1/";
export const LOG2 = "https://log2.example:10655/web1/";

/** Texts that would act if they were taken for markup, or that upset a layout. */
export const NAUGHTY: readonly string[] = [
  '<img src=x onerror="document.title=`owned`">',
  "<script>document.title = 'owned'</script>",
  "</style></script><svg onload=alert(1)>",
  '" onmouseover="document.title=1',
  "&lt;b&gt;&amp;",
  "{{constructor.constructor('return 1')()}}",
  "\u202egnp.exe\u202c right to left",
  "ＦＵＬＬ\u0301\u0302\u0303 𝓌𝒾𝒹𝑒 🧨",
  `long-${"x".repeat(240)}`,
];

export function destination(url: string, some: Partial<DestinationStatus> = {}): DestinationStatus {
  return {
    url,
    state: "in sync",
    backlog_bytes: 0,
    files_behind: 0,
    lag_seconds: 0,
    bytes_sent: 48_318_382_080,
    bytes_spared: 0,
    rate_bytes_per_second: 143_360,
    catch_up_seconds: 0,
    files_refused: 0,
    requests: { appended: 1_204_331, asked: 812, refused: 0, failed: 3 },
    last_error: null,
    last_acknowledged_at: iso(1),
    certificate_days_left: null,
    ...some,
  };
}

export function fileBehind(name: string, some: Partial<FileBehind> = {}): FileBehind {
  return {
    destination: LOG2,
    name,
    source: `/var/log/${name}`,
    size: 9_876_543_210,
    acknowledged: 8_000_000_000,
    backlog_bytes: 1_876_543_210,
    lag_seconds: 254,
    trouble: null,
    ...some,
  };
}

export function client(some: Partial<ClientStatus> = {}): ClientStatus {
  return {
    schema: 1,
    role: "client",
    version: "0.9.0",
    pid: 1742,
    config: "/etc/shaftlog-client-config.yaml",
    started_at: iso(11 * 86_400 + 4_000),
    now: iso(0),
    destinations: [destination(LOG1), destination(LOG2, { certificate_days_left: 61 })],
    behind: [],
    files: { adopted: 1_284, live: 37, released: 20_412, found: 21_696 },
    spool: [
      {
        datadir: "/var/log/shaftlog-client",
        bytes: 22_333_444_555,
        bytes_only_here: 4_123_456_789,
        free_bytes: 61_234_567_890,
        size_bytes: 107_374_182_400,
      },
    ],
    watches_exhausted: false,
    errors: [],
    ...some,
  };
}

export const behind = (): ClientStatus =>
  client({
    destinations: [
      destination(LOG1),
      destination(LOG2, {
        state: "sending",
        backlog_bytes: 4_512_345_678,
        files_behind: 14,
        lag_seconds: 254,
        rate_bytes_per_second: 38_123_456,
        catch_up_seconds: 119,
        certificate_days_left: 12,
      }),
    ],
    behind: [
      fileBehind("nginx/access.log.1764000000000"),
      fileBehind("messages.1764000000001", { backlog_bytes: 912_345_678, lag_seconds: 90 }),
      fileBehind("mysql/binlog.000412", { backlog_bytes: 123_456, lag_seconds: 3, source: null }),
    ],
    errors: [
      {
        at: iso(300),
        level: "warn",
        event: "destination-unavailable",
        text: `Cannot deliver to ${LOG2}: answered 507, no room. Tried again by itself; nothing is lost meanwhile`,
      },
    ],
  });

export const dead = (): ClientStatus =>
  client({
    destinations: [
      destination(LOG1, { state: "sending", backlog_bytes: 2_048, files_behind: 1, lag_seconds: 0.2 }),
      destination(LOG2, {
        state: "in error",
        backlog_bytes: 91_512_345_678,
        files_behind: 213,
        lag_seconds: 19_804,
        rate_bytes_per_second: 0,
        catch_up_seconds: null,
        files_refused: 2,
        requests: { appended: 804_331, asked: 912, refused: 4, failed: 1_712 },
        last_acknowledged_at: iso(19_804),
        certificate_days_left: -1,
        last_error: {
          text: `Cannot deliver to ${LOG2}: connection refused (ECONNREFUSED). Tried again by itself; nothing is lost meanwhile`,
          event: "destination-unreachable",
          since: iso(19_800),
          at: iso(12),
        },
      }),
    ],
    behind: NAUGHTY.map((name, i) =>
      fileBehind(name, { backlog_bytes: 9_000_000_000 / (i + 1), lag_seconds: 19_804 - i * 60, trouble: name }),
    ),
    errors: [
      {
        at: iso(12),
        level: "error",
        event: "destination-unreachable",
        text: `Cannot deliver to ${LOG2}: connection refused (ECONNREFUSED). Tried again by itself; nothing is lost meanwhile`,
      },
      ...NAUGHTY.map((text, i) => ({ at: iso(40 + i), level: "warn" as const, event: "file-odd", text })),
    ],
  });

export function host(name: string, some: Partial<IdentityStatus> = {}): IdentityStatus {
  return {
    name,
    last_seen: iso(1),
    files: 812,
    bytes: 3_456_789_012,
    bytes_held: 23_456_789_012,
    rate_bytes_per_second: 12_345,
    quota: { files: 1_000_000, bytes: 107_374_182_400 },
    silent_seconds: 1,
    silent: false,
    ...some,
  };
}

export function server(some: Partial<ServerStatusDocument> = {}): ServerStatusDocument {
  return {
    schema: 1,
    role: "server",
    version: "0.9.0",
    pid: 811,
    config: "/etc/shaftlog-server-config.yaml",
    started_at: iso(40 * 86_400),
    now: iso(0),
    address: "0.0.0.0:10655",
    connections: 208,
    files: 151_204,
    bytes: 912_345_678_901,
    requests: { appended: 91_204_331, asked: 48_120, not_at_end: 12, refused: 3, failed: 0, torn: 41 },
    rate_bytes_per_second: 2_345_678,
    fsync: true,
    free_bytes: 1_234_567_890_123,
    size_bytes: 4_000_787_030_016,
    certificate_days_left: 83,
    identities: [host("web1"), host("web2", { rate_bytes_per_second: 0, silent_seconds: 95, last_seen: iso(95) })],
    errors: [],
    ...some,
  };
}

/** Two hundred hosts, some of them silent, some with names that would act as markup. */
export const manyHosts = (): ServerStatusDocument =>
  server({
    identities: Array.from({ length: 200 }, (_, i) => {
      const silent = i % 67 === 5;
      const name = i % 50 === 7 ? (NAUGHTY[Math.floor(i / 50)] ?? "") : `web${i + 1}.eu-central.example`;
      return host(name, {
        bytes: 1e9 * ((i * 7919) % 200),
        rate_bytes_per_second: i % 3 === 0 ? 0 : (i * 7919) % 200_000,
        silent,
        silent_seconds: silent ? 4_000 + i * 100 : i % 9,
        last_seen: iso(silent ? 4_000 + i * 100 : i % 9),
      });
    }),
    errors: [
      {
        at: iso(86_400 * 2),
        level: "warn",
        event: "client-refused",
        text: '10.1.2.3 is told 401: the client certificate of "web9" has expired',
      },
    ],
  });

/** An hour in which these were busy in waves, and ends with what they show now. */
export function hourOf(status: ClientStatus | ServerStatusDocument): History {
  const history = new History();
  const ends =
    status.role === "client"
      ? status.destinations.map((one) => ({ ...one, name: one.url }))
      : [{ ...status, name: "" }, ...status.identities].map((one) => ({ ...one, backlog_bytes: 0 }));
  const totals = ends.map(() => 0);
  for (let point = 0; point < 120; point++) {
    const readings = ends.map(({ name, rate_bytes_per_second: end, backlog_bytes: backlog }, i) => {
      const wave = 1 + 0.5 * Math.sin(point / 9 + i) + 0.3 * Math.sin(point * 1.7 + i * 3);
      totals[i] = (totals[i] ?? 0) + Math.max(end, 4_000) * wave * (end === 0 && point > 60 ? 0 : 30);
      const lacks = backlog > 1e6 ? Math.max(0, point - 70) * (backlog / 49) : Math.max(0, Math.sin(point / 3)) * 2e5;
      return { name, bytes: totals[i] ?? 0, ...(status.role === "client" ? { backlog: lacks } : {}) };
    });
    history.sample(readings, point * 30_000);
  }
  return history;
}
