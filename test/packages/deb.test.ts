// The package as a host sees it, under a real systemd in a container: it installs without starting anything, delivers once
// it is configured, out of every directory, restarts a process that hangs, goes on over an upgrade, and leaves nothing
// but log files behind.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import path from "node:path";
import { before, describe, test } from "node:test";
import { inContainer, noContainer } from "./container.ts";

const ROOT = path.join(import.meta.dirname, "../..");

const SCRIPT = `
say() { echo "== $1"; }
when() { for i in $(seq 300); do eval "$1" && return; sleep 0.1; done; echo "never: $1"; }
pid() { systemctl show -p MainPID --value "shaftlog-$1"; }
active() { systemctl is-active shaftlog-client shaftlog-server; }
say install; dpkg -i /root/shaftlog_*.deb || exit 1
say user; getent passwd shaftlog; stat -c '%U %a' /var/log/shaftlog-server
say units; systemd-analyze verify --man=no /lib/systemd/system/shaftlog-*.service
for unit in client server; do systemd-analyze security --no-pager "shaftlog-$unit.service" | tail -n 1; done
say unedited; systemctl start shaftlog-client shaftlog-server; active
shaftlog init server --address 127.0.0.1 >/dev/null
cat >/etc/shaftlog-client-config.yaml <<Y
scan_paths:
- {name: app, pattern: /var/log/app/*.log}
- {name: opt, pattern: /opt/app/*.log}
destinations:
- url: http://127.0.0.1:10655/h/
Y
useradd -r app; mkdir -p /var/log/app /opt/app; seq 1000 >/var/log/app/a.log; seq 500 >/opt/app/b.log
chown -R app /var/log/app; chmod -R go= /var/log/app
say started; systemctl enable --now shaftlog-server shaftlog-client; active
when 'cmp -s /var/log/app/a.log /var/log/shaftlog-server/h/app.*'; when 'cmp -s /opt/app/b.log /var/log/shaftlog-server/h/opt.*'
systemctl show -p StatusText --value shaftlog-client
say hung; mkdir -p /run/systemd/system/shaftlog-client.service.d
printf '[Service]\\nWatchdogSec=1s\\n' >/run/systemd/system/shaftlog-client.service.d/test.conf
systemctl daemon-reload; systemctl restart shaftlog-client; hung=$(pid client); sleep 2; [ "$hung" = "$(pid client)" ] && echo kept
kill -STOP "$hung"; when '[ "$(systemctl show -p NRestarts --value shaftlog-client)" = 1 ]'
when 'systemctl is-active -q shaftlog-client'; seq 1001 1100 >>/var/log/app/a.log
when 'cmp -s /var/log/app/a.log /var/log/shaftlog-server/h/app.*'
rm -r /run/systemd/system/shaftlog-client.service.d; systemctl daemon-reload
say rotated; logrotate -f /etc/logrotate.d/shaftlog && when '[ -s /var/log/shaftlog-server.log.1 ]'
systemctl reload shaftlog-server && when 'ls -l /proc/$(pid server)/fd | grep -q "shaftlog-server.log$"'
say upgraded; old=$(pid server); dpkg -i /root/shaftlog_*.deb >/dev/null; [ "$old" = "$(pid server)" ] || echo another; active
seq 1101 1200 >>/var/log/app/a.log; when 'cmp -s /var/log/app/a.log /var/log/shaftlog-server/h/app.*'
say removed; dpkg -r shaftlog; active; ls /etc/shaftlog-*-config.yaml
say purged; dpkg -P shaftlog; find /etc /usr /lib /var /opt -xdev -name '*shaftlog*' ! -path '/var/lib/dpkg/*'
say end
`;

describe("the Debian package", { skip: noContainer }, () => {
  let output = "";
  const part = (name: string) => output.split(`== ${name}\n`)[1]?.split("== ")[0] ?? "";

  before(() => {
    execFileSync(process.execPath, ["scripts/deb.ts"], { cwd: ROOT, stdio: "ignore" });
    const { version } = JSON.parse(execFileSync("cat", ["package.json"], { cwd: ROOT, encoding: "utf8" }));
    output = inContainer(SCRIPT, [path.join(ROOT, `dist/shaftlog_${version}_amd64.deb`)]);
    assert.match(output, /== end\n$/, output);
    assert.doesNotMatch(output, /^never:/m, output);
  });

  test("installs, makes the server's user and directory, and starts nothing", () => {
    assert.match(part("install"), /edit \/etc\/shaftlog-client-config\.yaml/);
    assert.match(part("user"), /^shaftlog:.*nologin\nshaftlog 750\n$/);
    assert.equal(part("unedited"), "inactive\ninactive\n");
  });

  test("its units are sound and confined", () => {
    const exposures = [...part("units").matchAll(/Overall exposure level for \S+: (\d+\.\d)/g)].map(([, level]) =>
      Number(level),
    );
    assert.equal(exposures.length, 2, part("units"));
    for (const level of exposures) assert.ok(level < 3, part("units"));
    assert.doesNotMatch(part("units"), /shaftlog-\w+\.service:\d/);
  });

  test("delivers files of other users and from other directories once it is configured", () => {
    assert.match(part("started"), /^active\nactive\ndelivering to 1 destination$/m);
  });

  test("a process that hangs is restarted, one that does not is let be", () => assert.match(part("hung"), /^kept$/m));

  test("its own logs are rotated", () => assert.equal(part("rotated"), ""));

  test("an upgrade restarts what runs, and delivery goes on", () => {
    assert.equal(part("upgraded"), "another\nactive\nactive\n");
  });

  test("removing stops the daemons and keeps the configuration, purging leaves log files only", () => {
    assert.match(
      part("removed"),
      /inactive\ninactive\n\/etc\/shaftlog-client-config\.yaml\n\/etc\/shaftlog-server-config\.yaml\n$/,
    );
    const left = part("purged")
      .split("\n")
      .filter((line) => line.startsWith("/"));
    assert.deepEqual(left.sort(), ["/var/log/shaftlog-client", "/var/log/shaftlog-server"]);
  });
});

test("a machine without dpkg-deb is told so", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/deb.ts"], {
    cwd: ROOT,
    encoding: "utf8",
    env: { PATH: "/nowhere", SOURCE_DATE_EPOCH: "1" },
  });
  assert.equal(status, 1);
  assert.match(stderr, /^Cannot make the package: .*dpkg-deb.*apt-get install dpkg/m);
  assert.doesNotMatch(stderr, /\n\s+at /);
});
