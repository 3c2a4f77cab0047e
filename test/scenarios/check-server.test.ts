// `shaftlog check` of a server: beside one that runs and where none does, each wrong set-up by its name, and nothing
// changed by it.

import assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { Authority, noOpenssl } from "../support/certificates.ts";
import { check, finding, levels } from "../support/check.ts";
import { writeServerConfig } from "../support/configs.ts";
import { tmpfs } from "../support/mounts.ts";
import { sh, start } from "../support/processes.ts";
import { asNobody, giveToNobody, needsRoot } from "../support/restricted.ts";
import { tempDir } from "../support/temp-dir.ts";
import { noStrace, picture, touches, watched } from "../support/untouched.ts";

type Config = Readonly<Record<string, unknown>>;

interface Stage {
  readonly home: string;
  readonly datadir: string;
  readonly config: string;
  readonly configure: (more: Config) => void;
}

async function stage(more: Config = {}): Promise<Stage> {
  const home = tempDir();
  const config = path.join(home, "server.yaml");
  const datadir = path.join(home, "store");
  const port = await freePort();
  const configure = (extra: Config) =>
    writeServerConfig(config, {
      datadir,
      logfile: path.join(home, "server.log"),
      bind_address: "127.0.0.1",
      listen_port: port,
      ...extra,
    });
  configure(more);
  return { home, datadir, config, configure };
}

async function freePort(): Promise<number> {
  const { server, port } = await listen("127.0.0.1");
  server.close();
  await once(server, "close");
  return port;
}

async function listen(address: string): Promise<{ server: net.Server; port: number }> {
  const server = net.createServer();
  server.listen(0, address);
  await once(server, "listening");
  return { server, port: (server.address() as net.AddressInfo).port };
}

test("before the first start, and beside a running server, which it does not touch", { skip: noStrace }, async (t) => {
  const { home, datadir, config, configure } = await stage();
  const before = check(config);
  assert.match(finding(before, "server-datadir").text, /not there yet/);
  assert.equal(finding(before, "server-listen").text, "free");
  assert.equal(before.result, "sound");
  assert.ok(!fs.existsSync(datadir));

  const server = start(t, "server", config, path.join(home, "server.log"));
  await server.logged("server-started");
  const calls = path.join(home, "calls");
  const was = picture(datadir);
  const report = check(config, { wrapper: watched(calls) });
  assert.equal(picture(datadir), was);
  // An fsync of a directory writes nothing of its own, and by netlink the kernel is asked for addresses.
  assert.deepEqual(
    touches(calls).filter((line) => !/ fsync\(|AF_NETLINK/.test(line)),
    [],
  );
  assert.deepEqual(levels(report), [
    "ok configuration",
    "ok file-system",
    "ok server-archive",
    "ok server-datadir",
    "ok server-descriptors",
    "ok server-free-space",
    "ok server-fsync",
    "ok server-listen",
  ]);
  assert.match(finding(report, "server-listen").text, new RegExp(`^process ${server.pid},.* listens there`));
  assert.match(finding(report, "server-descriptors").text, new RegExp(`^process ${server.pid} may open`));

  configure({ listen_port: await freePort() });
  const moved = finding(check(config), "server-listen");
  assert.equal(moved.level, "warning");
  assert.match(moved.text, /another configuration/);
  await server.stop();
});

test("its admin listener is known as its own, and missed where it was started without", async (t) => {
  const { home, config, configure } = await stage();
  const port = await freePort();
  configure({ admin: { listen: port } });
  assert.equal(finding(check(config), "admin-listen").text, "free");
  const server = start(t, "server", config, path.join(home, "server.log"));
  await server.logged("server-started");
  assert.match(finding(check(config), "admin-listen").text, new RegExp(`^process ${server.pid},.* listens there`));
  configure({ admin: { listen: await freePort() } });
  assert.match(finding(check(config), "admin-listen").text, /another configuration/);
  await server.stop();
});

test("a port that another program has, an address of nobody, a privileged port", async (t: TestContext) => {
  const { server, port } = await listen("0.0.0.0");
  t.after(() => server.close());
  const { config, configure, home } = await stage({ listen_port: port });
  const taken = finding(check(config), "server-listen");
  assert.equal(taken.level, "error");
  assert.match(taken.text, /another program/);
  assert.equal(taken.remedy?.startsWith(`ss -ltnp 'sport = :${port}'`), true);
  configure({ bind_address: "192.0.2.77" });
  assert.match(finding(check(config), "server-listen").text, /no interface/);
  configure({ bind_address: "::1" });
  assert.equal(finding(check(config), "server-listen").level, "ok");
  if (needsRoot) return;
  configure({ listen_port: 80 });
  fs.chmodSync(home, 0o755);
  const unprivileged = check(config, { wrapper: asNobody(home) });
  const lowest = Number(fs.readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));
  if (lowest > 80) assert.match(finding(unprivileged, "server-listen").text, /not for user 65534/);
  assert.match(finding(unprivileged, "server-datadir").text, /may not make it/);
});

test("plain HTTP beyond this host, fsync off, few descriptors", async () => {
  const { config, datadir } = await stage({ bind_address: "0.0.0.0", fsync: false, limits: { connections: 4096 } });
  fs.mkdirSync(datadir, { mode: 0o777 });
  fs.chmodSync(datadir, 0o777);
  const report = check(config, { wrapper: ["prlimit", "--nofile=256:256"] });
  assert.deepEqual(levels(report, "server-plain-http", "server-fsync", "server-descriptors", "server-datadir"), [
    "warning server-datadir",
    "warning server-descriptors",
    "warning server-fsync",
    "warning server-plain-http",
  ]);
  assert.match(finding(report, "server-descriptors").remedy ?? "", /LimitNOFILE=8192/);
  sh("sh", "-c", finding(report, "server-datadir").remedy ?? "false");
  assert.equal(finding(check(config), "server-datadir").level, "ok");
});

test("a disk without room, and in memory", { skip: needsRoot }, async () => {
  const memory = tmpfs("size=1m");
  const { config } = await stage({ datadir: memory, limits: { min_free_space: "2MiB" } });
  const report = check(config);
  assert.match(finding(report, "server-free-space").text, /every append is refused \(507\)/);
  assert.equal(finding(report, "file-system-in-memory").level, "warning");
});

test("the archive: what removing by hand does, what is due, a name that is taken, and no room", async () => {
  const { config, configure, datadir } = await stage();
  assert.match(finding(check(config), "server-archive").text, /removed or compressed by hand is sent again/);
  fs.mkdirSync(path.join(datadir, "web"), { recursive: true, mode: 0o750 });
  configure({ archive: { after: "1d" } });
  assert.match(finding(check(config), "server-archive").text, /^0 files/);
  const old = (name: string, bytes: number) => {
    fs.writeFileSync(path.join(datadir, "web", name), "x".repeat(bytes));
    fs.utimesSync(path.join(datadir, "web", name), 1e9, 1e9);
  };
  old("a.log", 2048);
  old("empty.log", 0);
  fs.writeFileSync(path.join(datadir, "web", "new.log"), "x");
  assert.equal(finding(check(config), "server-archive").text, "1 file to compress now, 2.0 KiB");
  fs.writeFileSync(path.join(datadir, "web", "a.log.zst"), "of somebody");
  const taken = finding(check(config), "server-archive");
  assert.equal(taken.level, "warning");
  assert.match(taken.subject, /web\/a\.log"$/);
  sh("sh", "-c", taken.remedy ?? "false");
  fs.rmSync(path.join(datadir, "web", "a.log.zst"));
  configure({ archive: { after: "1d" }, limits: { min_free_space: "1024TiB" } });
  assert.match(finding(check(config), "server-archive").text, /0 bytes may be written/);
});

test("identities near their quota and over it", async () => {
  const home = tempDir();
  const tokens = path.join(home, "tokens");
  fs.writeFileSync(tokens, `/a/ ${"0".repeat(64)} a\n`, { mode: 0o600 });
  const limits = { files_per_identity: 10, bytes_per_identity: "16KiB" };
  const { config, datadir } = await stage({ tokens_file: tokens, limits });
  const fill = (name: string, files: number, bytes: number) => {
    fs.mkdirSync(path.join(datadir, name, "below"), { recursive: true });
    for (let i = 0; i < files; i++) fs.writeFileSync(path.join(datadir, name, "below", `${i}`), "x".repeat(bytes));
  };
  fill("calm", 3, 10);
  assert.equal(finding(check(config), "server-quota").level, "ok");
  fill("nearly", 9, 10);
  fill("over", 2, 10_000);
  const report = check(config);
  assert.equal(finding(report, "server-quota", "nearly").level, "warning");
  assert.match(finding(report, "server-quota", "over").text, /2 files, 19\.5 KiB: 122 % .*507/);
  assert.deepEqual(levels(report, "server-tokens"), []);
  fs.writeFileSync(tokens, "nonsense\n");
  assert.equal(finding(check(config), "server-tokens").level, "error");
});

test("TLS files: in order, open to others, expired", { skip: noOpenssl }, async () => {
  const home = tempDir();
  const authority = new Authority(home);
  const { cert, key } = authority.issue("server", { san: "IP:127.0.0.1", to: 90 });
  const { config, configure } = await stage({ tls: { cert, key } });
  assert.match(finding(check(config), "certificate").text, /^1 certificate in order; the first ends in (89|90) days/);
  fs.chmodSync(key, 0o640);
  assert.match(finding(check(config), "certificate").text, /chmod 600/);
  fs.chmodSync(key, 0o600);
  const old = authority.issue("server", { san: "IP:127.0.0.1", from: -9, to: -1 });
  configure({ tls: old });
  assert.equal(finding(check(config), "certificate-expires").level, "error");
  configure({ tls: { cert: old.cert, key } });
  assert.match(finding(check(config), "certificate").text, /is not the private key/);
});

test("as the user whose data directory it is, and as root", { skip: needsRoot }, async () => {
  const { config, datadir, home } = await stage();
  fs.chmodSync(home, 0o755);
  fs.mkdirSync(datadir, { mode: 0o750 });
  giveToNobody(datadir);
  assert.equal(finding(check(config, { wrapper: asNobody(home) }), "server-datadir").level, "ok");
  const asRoot = finding(check(config), "server-datadir");
  assert.equal(asRoot.level, "warning");
  assert.match(asRoot.text, /belongs to user 65534/);
});
