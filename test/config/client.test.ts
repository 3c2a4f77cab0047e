// The client's configuration: every key with its default, its values, and the options that come of them. What the
// original's example means is a fact of the original; the fixture says it again in another layout.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseClientConfig } from "../../src/config/client.ts";
import type { ClientConfig } from "../../src/config/options.ts";

const MINIMAL = "scan_paths:\n- name: a\n  pattern: /a/*\ndestinations:\n- url: http://h/\n";

const PATTERN_DEFAULTS = {
  exclude: undefined,
  rename: "{name}.{mtime}",
  regex: undefined,
  followSymlinks: false,
  datadir: undefined,
};

function read(text: string): ClientConfig {
  const parsed = parseClientConfig(text, "/etc/c.yaml");
  assert.ok("config" in parsed, JSON.stringify(parsed));
  return parsed.config;
}

test("a minimal file has every default", () => {
  assert.deepEqual(read(MINIMAL), {
    path: "/etc/c.yaml",
    datadir: "/var/log/shaftlog-client",
    logfile: "/var/log/shaftlog-client.log",
    scanInterval: 30_000,
    statusInterval: 300_000,
    periodicTriggerInterval: 1000,
    retention: 86_400_000,
    syncSource: false,
    patterns: [{ name: "a", pattern: "/a/*", ...PATTERN_DEFAULTS }],
    destinations: [{ url: "http://h/" }],
    admin: undefined,
  });
});

test("the original's example means what it meant", () => {
  const plain = (name: string, pattern: string) => ({ name, pattern, ...PATTERN_DEFAULTS, exclude: "*.{gz,bz2,xz}" });
  const text = readFileSync(new URL("fixtures/original-client.yaml", import.meta.url), "utf8");
  assert.deepEqual(read(text), {
    ...read(MINIMAL),
    patterns: [
      plain("messages", "/var/log/messages*"),
      plain("cron", "/var/log/cron*"),
      plain("maillog", "/var/log/maillog*"),
      plain("secure", "/var/log/secure*"),
      plain("yum", "/var/log/yum.log*"),
      plain("audit", "/var/log/audit/audit.log*"),
      plain("dmesg", "/var/log/dmesg*"),
      plain("cloudinit", "/var/log/cloud-init.log*"),
      plain("shaftlog-client", "/var/log/shaftlog-client.log*"),
      plain("shaftlog-server", "/var/log/shaftlog-server.log*"),
      {
        ...PATTERN_DEFAULTS,
        name: "sudo-io",
        pattern: "/var/log/sudo-io/**/{log,stderr,stdin,stdout,timing,ttyin,ttyout}",
        regex: { from: /^\/var\/log\/sudo-io\/(.*)/, to: "sudo-io/$1" },
      },
    ],
    destinations: [
      { url: "http://log1.my.domain.invalid:10655/{hostname}/" },
      { url: "http://log2.my.domain.invalid:10655/{hostname}/" },
    ],
  });
});

test("every key reaches its option", () => {
  const text = `
datadir: /s/
logfile: /l
scan_interval: 2m
status_interval: 1
periodic_trigger_interval: 500ms
retention: never
scan_paths:
- name: a
  pattern: /a
  exclude: "*.gz"
  rename: "x/{name}{time}{atime}{mtime}{ctime}{ino}{dev}"
  regex_from: ^/
  regex_to: ""
  follow_symlinks: true
  datadir: /d
destinations:
- url: https://{hostname}.example.com/{machine}/a%20b/
admin:
  listen: localhost:10656
`;
  assert.deepEqual(read(text), {
    path: "/etc/c.yaml",
    datadir: "/s",
    logfile: "/l",
    scanInterval: 120_000,
    statusInterval: 1,
    periodicTriggerInterval: 500,
    retention: Number.POSITIVE_INFINITY,
    syncSource: false,
    patterns: [
      {
        name: "a",
        pattern: "/a",
        exclude: "*.gz",
        rename: "x/{name}{time}{atime}{mtime}{ctime}{ino}{dev}",
        regex: { from: /^\//, to: "" },
        followSymlinks: true,
        datadir: "/d",
      },
    ],
    destinations: [{ url: "https://{hostname}.example.com/{machine}/a%20b/" }],
    admin: { host: "localhost", port: 10_656 },
  });
});

const TIMES: readonly (readonly [key: string, written: string, ms: number])[] = [
  ["scan_interval", "1", 1],
  ["scan_interval", "2147483647", 2_147_483_647],
  ["scan_interval", "3e4", 30_000],
  ["scan_interval", '"30000"', 30_000],
  ["scan_interval", "24d", 2_073_600_000],
  ["retention", "0", 0],
  ["retention", "0s", 0],
  ["retention", "400d", 34_560_000_000],
  ["retention", "34560000000", 34_560_000_000],
];

test("times are milliseconds or have a unit", () => {
  const options = { scan_interval: "scanInterval", retention: "retention" } as const;
  for (const [key, written, ms] of TIMES) {
    const option = options[key as keyof typeof options];
    assert.equal(read(`${key}: ${written}\n${MINIMAL}`)[option], ms, written);
  }
});

const URLS = [
  "http://h/",
  "HTTP://LOG1/",
  "https://h:1/a/b/",
  "http://[::1]:10655/{hostname}/",
  "http://10.0.0.1/{hostname}-{machine}/",
  "http://{machine}:10655/",
  "http://h/~a/!$&'()*+,;=:@/",
];

test("a destination is taken as it is written", () => {
  for (const url of URLS) {
    assert.deepEqual(read(MINIMAL.replace("http://h/", () => url)).destinations, [{ url }]);
  }
});

test("what tls names reaches its option", () => {
  const tls = "{ca: /ca, cert: /c, key: /k, server_name: log.example.com}";
  const text = MINIMAL.replace(
    "http://h/",
    () => `https://h/\n  tls: ${tls}\n- url: https://i/\n  tls: {}\n  authorization: {token_file: /t}`,
  );
  const none = { ca: undefined, cert: undefined, key: undefined, serverName: undefined };
  assert.deepEqual(read(text).destinations, [
    { url: "https://h/", tls: { ca: "/ca", cert: "/c", key: "/k", serverName: "log.example.com" } },
    { url: "https://i/", tls: none, tokenFile: "/t" },
  ]);
});

test("scan paths may share a name, a pattern and a datadir; aliases save typing", () => {
  const text = `
scan_paths:
- &first {name: a, pattern: /a, datadir: /var/log/shaftlog-client}
- *first
- {name: b, pattern: /b, datadir: &other /var/log/shaftlog-client-2}
- {name: c, pattern: /c, datadir: *other}
destinations: [url: http://h/]
`;
  const { patterns } = read(text);
  assert.deepEqual(patterns[1], patterns[0]);
  assert.equal(patterns[3]?.datadir, "/var/log/shaftlog-client-2");
});

test("a byte of a line end or a mark before the text changes nothing", () => {
  assert.deepEqual(read(MINIMAL.replaceAll("\n", "\r\n")), read(MINIMAL));
  assert.deepEqual(read(`---\n${MINIMAL}...\n`), read(MINIMAL));
});

test("a rate is in powers of 1000 or of 1024, as it is written", () => {
  const written = ["1000", "500kB", "10MB", "1GB", "512KiB", "10MiB"];
  const text = written.map((rate, i) => `- {url: http://h${i}/, rate_limit: ${rate}, concurrency: 4}\n`).join("");
  const { destinations } = read(`scan_paths: [{name: a, pattern: /a/*}]\ndestinations:\n${text}`);
  assert.deepEqual(
    destinations.map(({ rateLimit }) => rateLimit),
    [1000, 500_000, 10_000_000, 1_000_000_000, 524_288, 10_485_760],
  );
  assert.equal(destinations[0]?.concurrency, 4);
});
