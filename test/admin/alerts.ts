// For each alert of etc/prometheus-alerts.yml series with which it fires and with which it does not, as promtool's
// tests of rules have them. The last sample is looked at after two hours.

interface Case {
  readonly alert: string;
  readonly series: string;
  readonly fires: string;
  readonly silent: string;
}

const AT = 'instance="h:1"';
const TO = `${AT},destination="http://d/"`;

export const CASES: readonly Case[] = [
  { alert: "ShaftlogDown", series: `up{job="shaftlog",${AT}}`, fires: "0", silent: "1" },
  { alert: "ShaftlogDestinationInError", series: `shaftlog_destination_up{${TO}}`, fires: "0", silent: "1" },
  { alert: "ShaftlogBehindSeconds", series: `shaftlog_destination_lag_seconds{${TO}}`, fires: "601", silent: "600" },
  {
    alert: "ShaftlogBehindBytes",
    series: `shaftlog_destination_backlog_bytes{${TO}}`,
    fires: "10737418241",
    silent: "10737418240",
  },
  { alert: "ShaftlogFilesRefused", series: `shaftlog_destination_files_refused{${TO}}`, fires: "1", silent: "0" },
  {
    alert: "ShaftlogCertificateExpires",
    series: `shaftlog_destination_certificate_remaining_seconds{${TO}}`,
    fires: "-86400",
    silent: "1209600",
  },
  {
    alert: "ShaftlogCertificateExpires",
    series: `shaftlog_server_certificate_remaining_seconds{${AT}}`,
    fires: "1123200",
    silent: "1209600",
  },
  {
    alert: "ShaftlogSpoolDiskFull",
    series: `shaftlog_spool_filesystem_free_bytes{${AT},datadir="/s"}`,
    fires: "4",
    silent: "6",
  },
  {
    alert: "ShaftlogServerDiskFull",
    series: `shaftlog_server_filesystem_free_bytes{${AT}}`,
    fires: "4",
    silent: "6",
  },
  { alert: "ShaftlogHostSilent", series: `shaftlog_identity_silent{${AT},identity="web1"}`, fires: "1", silent: "0" },
  {
    alert: "ShaftlogFsyncSlow",
    series: `shaftlog_server_fsync_duration_seconds_bucket{${AT},le="0.5"}`,
    fires: "0+90",
    silent: "0+100",
  },
];

/** What stands beside, whatever is tried. */
const BESIDE = [
  [`shaftlog_spool_filesystem_size_bytes{${AT},datadir="/s"}`, "100"],
  [`shaftlog_server_filesystem_size_bytes{${AT}}`, "100"],
  [`shaftlog_server_fsync_duration_seconds_bucket{${AT},le="1"}`, "0+100"],
  [`shaftlog_server_fsync_duration_seconds_bucket{${AT},le="+Inf"}`, "0+100"],
] as const;

/** The file for `promtool test rules`; `names`: the summary of each alert that fires, by promtool's own words. */
export function ruleTests(rules: string): string {
  const tests = CASES.flatMap(({ alert, series, fires, silent }) =>
    [fires, silent].map((value) => ({
      interval: "1m",
      input_series: [[series, value] as const, ...BESIDE].map(([name, sample]) => ({
        series: name,
        values: `${sample}x120`,
      })),
      promql_expr_test: [
        {
          expr: `count(ALERTS{alertname="${alert}",alertstate="firing"})`,
          eval_time: "2h",
          exp_samples: value === fires ? [{ value: 1 }] : [],
        },
      ],
    })),
  );
  return JSON.stringify({ rule_files: [rules], evaluation_interval: "1m", tests });
}
