// The recipes of docs/OPERATIONS.md do what they say: every shell block of that section is run as it stands there, under a
// real systemd in a container, in which log servers of other names are other loopback addresses. Only what no test can
// have is replaced: certificates, another machine's disk, long waits.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { before, describe, test } from "node:test";
import { BINARY } from "../support/processes.ts";
import { inContainer, noContainer } from "./container.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const RECIPES =
  /\n## Recipes\n(.*?)\n## /s.exec(fs.readFileSync(path.join(ROOT, "docs/OPERATIONS.md"), "utf8"))?.[1] ?? "";
const REPLACED = [
  ["https://", "http://"],
  ["--timeout 1m", "--timeout 1s"],
  ["sleep 5", "sleep 0.1"],
  ["mount -o ro /dev/vg/snapshot", "mount -o bind,ro /root/dead"],
  ["log3.example.com:/var/log/shaftlog-server/", "/var/log/log3/"],
] as const;

/** The shell blocks of each recipe, by its heading. */
const blocks = new Map(
  RECIPES.split("\n### ")
    .slice(1)
    .map((part) => [
      part.split("\n", 1)[0] ?? "",
      [...part.matchAll(/```sh\n(.*?)```/gs)].map(([, text = ""]) =>
        REPLACED.reduce((now, [from, to]) => now.replaceAll(from, to), text),
      ),
    ]),
);
const run = new Set<string>();

/** One block, for the script. */
function recipe(heading: string, index = 0): string {
  run.add(`${heading} ${index}`);
  const text = blocks.get(heading)?.[index];
  assert.ok(text !== undefined, `no block ${index} below ${heading}`);
  return text;
}

const SCRIPT = String.raw`
say() { echo "== $1"; }
when() { for i in $(seq 600); do eval "$1" && return; sleep 0.1; done; echo "never: $1"; }
copied() { cmp -s "$1" "$2"/*/"$(basename "$1")".*; }
host=$(hostname)
install -m 755 shaftlog /usr/bin/shaftlog; cp shaftlog-*.service /etc/systemd/system/; useradd -r shaftlog
install -d -o shaftlog /var/log/shaftlog-server /srv/log2; mkdir -p /var/log/app
for i in 1 2 3; do echo "127.0.0.$i log$i.example.com"; done >>/etc/hosts
shaftlog init server --address 127.0.0.1 --datadir /var/log/shaftlog-server >/dev/null
shaftlog init server --address 127.0.0.2 --datadir /srv/log2 -f /etc/log2.yaml >/dev/null
cat >/etc/systemd/system/log2.service <<'X'
[Service]
Type=notify
NotifyAccess=all
ExecStart=/usr/bin/shaftlog server -f /etc/log2.yaml
X
cat >/etc/systemd/system/nginx.service <<'X'
[Service]
ExecStart=/bin/sleep infinity
ExecStop=/bin/sh -c 'for i in $(seq 300); do seq 2000 >/var/log/app/end-$(date +%%s%%N).log; done'
X
systemctl daemon-reload; systemctl start shaftlog-server log2; seq 1000 >/var/log/app/a.log

say two; ${recipe("Two destinations in two places")}
when 'copied /var/log/app/a.log /var/log/shaftlog-server'; when 'copied /var/log/app/a.log /srv/log2'
say lacks; ${recipe("Two destinations in two places", 1)}

say cron; ${recipe("From cron")}
cut -d' ' -f7- /etc/cron.d/shaftlog >cron
by_cron() { env -i PATH=/usr/bin:/bin HOME=/root /bin/sh cron 2>&1; echo "$?"; }
seq 1001 1100 >>/var/log/app/a.log; by_cron; copied /var/log/app/a.log /srv/log2 && echo there
systemctl stop shaftlog-client; seq 1101 1200 >>/var/log/app/a.log; by_cron; copied /var/log/app/a.log /srv/log2 && echo there

say before; ${recipe("Before a host goes away")}
say missing; ${recipe("Before a host goes away", 1)}

say dead; cp -a /var/log/shaftlog-server /backup-shaftlog-server
seq 1201 1300 >>/var/log/app/a.log; seq 100 >/var/log/app/b.log
mkdir -p dead/etc dead/var/log /mnt/web1; echo "$host" >dead/etc/hostname
cp /etc/shaftlog-client-config.yaml dead/etc; cp -a /var/log/app /var/log/shaftlog-client dead/var/log
${recipe("A backup or a dead host's disk")}
copied /var/log/app/a.log /var/log/shaftlog-server && copied /var/log/app/b.log /var/log/shaftlog-server && echo there
umount /mnt/web1

say moves; systemctl start shaftlog-client
${recipe("A log server moves")}
seq 1301 1400 >>/var/log/app/a.log
mv /var/log/shaftlog-server /var/log/old; sed -i '/log1/s/0.0.1/0.0.3/' /etc/hosts
sed -i 's/127.0.0.1/127.0.0.3/; s|datadir:.*|datadir: /var/log/log3|' /etc/shaftlog-server-config.yaml
${recipe("A log server moves", 1)}
when 'copied /var/log/app/a.log /var/log/log3'; copied /var/log/app/b.log /var/log/log3 && ls /var/log/log3/*/* | wc -l
sed -i 's|datadir:.*|datadir: /var/log/shaftlog-server|' /etc/shaftlog-server-config.yaml
systemctl stop shaftlog-server; mv /var/log/log3 /var/log/shaftlog-server

say restored; mkdir /backup; mv /backup-shaftlog-server /backup/shaftlog-server
${recipe("A log server is restored")}
${recipe("A log server is restored", 1)}
copied /var/log/app/a.log /var/log/shaftlog-server && copied /var/log/app/b.log /var/log/shaftlog-server && echo there

say group; ${recipe("An instance of an auto-scaling group")}
cat >/usr/local/bin/aws <<'X'
#!/bin/sh
echo "$*" >>/root/aws
case $2 in record*) systemctl start shaftlog-server ;; esac
X
chmod 755 /usr/local/bin/aws; systemctl start nginx; systemctl stop shaftlog-server
/usr/local/sbin/before-termination i-0123 >/dev/null 2>&1; uniq aws
ls /var/log/shaftlog-server/*/end-* | wc -l; systemctl is-active nginx

say room; systemctl stop shaftlog-client log2; mkdir /data; mount -t tmpfs -o size=32m tmpfs /data; mkdir /data/log
cp /etc/shaftlog-client-config.yaml two.yaml
shaftlog init client --force --pattern '/data/log/*.log' --datadir /data/spool \
  --destination 'http://log1.example.com:10655/{hostname}/,http://log2.example.com:10655/{hostname}/' >/dev/null
echo 'scan_interval: 500ms' >>/etc/shaftlog-client-config.yaml
systemctl start shaftlog-client; head -c 30M /dev/zero | tr '\0' x >/data/log/big.log
when 'copied /data/log/big.log /var/log/shaftlog-server'; rm /data/log/big.log
when 'shaftlog status --json | jq -e ".spool[0].bytes_only_here > 30000000 and .destinations[1].state == \"in error\"" >/dev/null'
${recipe("A partition without room")}
${recipe("A partition without room", 1)}
when '[ "$(df --output=avail -B 1M /data | tail -n 1)" -gt 30 ]'

say off; systemctl stop shaftlog-client nginx
# Slower than what is written last, so that nobody could send it all by chance.
sed 's/^  - url:.*/&\n    rate_limit: 1MB/' two.yaml >/etc/shaftlog-client-config.yaml; systemctl start log2
${recipe("A host that is powered off", 1)}
seq 100 >/var/log/app/c.log; systemctl disable --now shaftlog-last-bytes 2>/dev/null; copied /var/log/app/c.log /srv/log2 && echo there
${recipe("A host that is powered off")}
mkdir -p /etc/systemd/system/{shaftlog-server,log2}.service.d
printf '[Unit]\nBefore=shaftlog-client.service\n' | tee /etc/systemd/system/{shaftlog-server,log2}.service.d/order.conf >/dev/null
rm /var/log/app/end-*; systemctl daemon-reload; systemctl start shaftlog-client nginx
say end
`;

describe("recipes", { skip: noContainer }, () => {
  let output = "";
  // Without TLS each run says so.
  const part = (name: string) =>
    (output.split(`== ${name}\n`)[1]?.split("== ")[0] ?? "").replaceAll(/^\S+ ERROR plain-http .*\n/gm, "");
  /** What the last program to stop wrote at the power-off, and what each server has of such files. */
  let written: string[] = [];
  const held: string[][] = [];

  before(() => {
    const units = ["client", "server"].map((half) => path.join(ROOT, `etc/systemd/shaftlog-${half}.service`));
    output = inContainer(SCRIPT, [BINARY, ...units], (changes) => {
      const ends = (directory: string) => fs.readdirSync(directory).filter((name) => name.startsWith("end-"));
      const logs = path.join(changes, "var/log/app");
      written = ends(logs);
      for (const store of ["var/log/shaftlog-server", "srv/log2"]) {
        const [host = ""] = fs.readdirSync(path.join(changes, store)).filter((name) => !name.startsWith("."));
        const complete = ends(path.join(changes, store, host)).filter((name) => {
          const [, source = ""] = /^(end-.*\.log)\.\d+$/.exec(name) ?? [];
          const there = fs.readFileSync(path.join(changes, store, host, name));
          return written.includes(source) && there.equals(fs.readFileSync(path.join(logs, source)));
        });
        held.push(complete.map((name) => name.replace(/\.\d+$/, "")));
      }
    });
    assert.match(output, /== end\n$/, output);
    assert.doesNotMatch(output, /^never:/m, output);
  });

  test("all are tried here", () => {
    const all = [...blocks].flatMap(([heading, texts]) => texts.map((_, index) => `${heading} ${index}`));
    assert.ok(all.length > 10, `${all.length} blocks`);
    assert.deepEqual(
      all.filter((one) => !run.has(one)),
      [],
    );
  });

  test("two destinations: both have everything, and status tells", () => {
    const told = part("lacks")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { url: string });
    assert.deepEqual(
      told.map(({ url }) => new URL(url).hostname),
      ["log1.example.com", "log2.example.com"],
    );
  });

  test("cron: silent, with a client and without", () => assert.equal(part("cron"), "0\nthere\n0\nthere\n"));

  test("before a host goes away: all is durable, and nothing is missing", () => {
    assert.match(part("before"), /^every byte is durable everywhere$/m);
    assert.equal(part("missing"), "");
  });

  test("a dead host's disk: what was missing is sent under its names", () => assert.match(part("dead"), /^there$/m));

  test("a server moves: clients go on there, and no file has two names", () => assert.match(part("moves"), /^2$/m));

  test("a server is restored: what the backup lacks is sent again", () => assert.match(part("restored"), /^there$/m));

  test("an auto-scaling group: the instance goes when a destination that was away has everything", () => {
    const hook = "--lifecycle-hook-name shaftlog --auto-scaling-group-name web --instance-id i-0123";
    assert.equal(
      part("group"),
      [
        `autoscaling record-lifecycle-action-heartbeat ${hook}`,
        `autoscaling complete-lifecycle-action ${hook} --lifecycle-action-result CONTINUE`,
        "300\ninactive\n",
      ].join("\n"),
    );
  });

  test("a partition without room: who lacks what is told, and there is room once that one is given up", () => {
    const [spool, first, second] = part("room")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.ok(spool.bytes_only_here > 30e6 && spool.free_bytes < 3e6, part("room"));
    assert.equal(first.backlog_bytes, 0);
    assert.equal(second.backlog_bytes, 30 * 1024 * 1024);
  });

  test("a host that is powered off delivers what is written last", () => {
    assert.match(part("off"), /^there$/m);
    assert.equal(written.length, 300);
    for (const names of held) assert.deepEqual(names.sort(), written.sort());
  });
});
