// Where a check goes over from ok to a warning and to an error: room, inotify, kinds of file systems, quotas, descriptors,
// the ends of certificates. The host is made up; that the facts are read right is tested on real ones (test/scenarios).

import assert from "node:assert/strict";
import { test } from "node:test";
import { type CertificateFacts, checkCertificates, checkServerCertificate } from "../../src/check/certificates.ts";
import { checkFileSystem } from "../../src/check/file-systems.ts";
import { counted, type Finding, shellWord, sizeInWords } from "../../src/check/finding.ts";
import { checkInotify } from "../../src/check/inotify.ts";
import { checkListen } from "../../src/check/listen.ts";
import { checkDescriptors, checkFloor, checkQuota } from "../../src/check/server-limits.ts";
import { checkSpace } from "../../src/check/space.ts";
import type { FileSystem, HostFacts } from "../../src/platform/host-facts.ts";

function hostWith(texts: Readonly<Record<string, string>>, fileSystem?: Partial<FileSystem>): HostFacts {
  return {
    uid: 1000,
    text: (path) => texts[path],
    names: () => undefined,
    isDirectory: () => true,
    fileSystem: () => (fileSystem === undefined ? undefined : { type: 0xef53, free: 0, total: 0, ...fileSystem }),
    may: () => true,
    attributes: async () => new Map(),
    link: () => undefined,
  };
}

const told = (found: readonly Finding[]) => found.map(({ level, name }) => `${level} ${name}`);

test("room: a tenth and a twentieth of the disk; what only the spool holds", () => {
  const at = (free: number, onlyHere = 0) => told(checkSpace(hostWith({}, { free, total: 1000 }), "/spool", onlyHere));
  assert.deepEqual(at(100), ["ok free-space", "ok spool-only"]);
  assert.deepEqual(at(99), ["warning free-space", "ok spool-only"]);
  assert.deepEqual(at(49, 99), ["error free-space", "ok spool-only"]);
  assert.deepEqual(at(500, 100), ["ok free-space", "warning spool-only"]);
});

test("a server's floor and its quotas", () => {
  const floor = (free: number, kept: number) =>
    told(checkFloor(hostWith({}, { free, total: 1000 }), "/d", { bytes: kept }))[0];
  assert.equal(floor(100, 100), "error server-free-space");
  assert.equal(floor(149, 100), "warning server-free-space");
  assert.equal(floor(150, 100), "ok server-free-space");
  const huge = { free: 5 * 2 ** 30, total: 2 ** 50 };
  assert.equal(told(checkFloor(hostWith({}, huge), "/d", { share: 0.01 }))[0], "warning server-free-space");
  const quota = (files: number, bytes: number, most = { files: 10, bytes: 100 }) =>
    told(checkQuota([{ identity: "a", files, bytes }], most));
  assert.deepEqual(quota(8, 89), ["ok server-quota"]);
  assert.deepEqual(quota(9, 0), ["warning server-quota"]);
  assert.deepEqual(quota(0, 100), ["error server-quota"]);
  assert.deepEqual(quota(1e9, 1e18, { files: Infinity, bytes: Infinity }), ["ok server-quota"]);
});

test("descriptors for connections", () => {
  assert.deepEqual(told(checkDescriptors(6000, 4096, undefined)), ["ok server-descriptors"]);
  assert.deepEqual(told(checkDescriptors(1024, 4096, 7)), ["warning server-descriptors"]);
});

test("inotify: three quarters of the watches; no instance, no inotify at all", () => {
  const limits = (watches: string, instances = "128") => ({
    "/proc/sys/fs/inotify/max_user_watches": watches,
    "/proc/sys/fs/inotify/max_user_instances": instances,
  });
  const paths = ["a", "b", "c"].flatMap((name) => [`/${name}/1`, `/${name}/2`]);
  assert.deepEqual(told(checkInotify(hostWith(limits("4\n")), paths)), ["ok inotify"]);
  const [few] = checkInotify(hostWith(limits("3\n")), paths);
  assert.equal(few?.level, "warning");
  assert.equal(few?.remedy, "sysctl -w fs.inotify.max_user_watches=8");
  assert.deepEqual(told(checkInotify(hostWith(limits("9999", "0")), paths)), ["warning inotify"]);
  assert.deepEqual(told(checkInotify(hostWith({}), paths)), ["warning inotify"]);
});

test("kinds of file systems by their magic numbers", () => {
  const at = (type: number) => told(checkFileSystem(hostWith({}, { type }), "/spool", "data directory"))[0];
  for (const local of [0xef53, 0x58465342, 0x9123683e]) assert.equal(at(local), "ok file-system");
  for (const network of [0x6969, 0xff534d42, 0xfe534d42, 0x01021997, 0x65735546]) {
    assert.equal(at(network), "warning file-system-network");
  }
  assert.equal(at(0x794c7630), "warning file-system-overlay");
  assert.equal(at(0x01021994), "warning file-system-in-memory");
  assert.deepEqual(checkFileSystem(hostWith({}), "/spool", "data directory"), []);
});

test("the end of certificates: 30 days, expired, not yet valid, a chain that is none", () => {
  const DAY = 86_400_000;
  const facts = (more: Partial<CertificateFacts>): CertificateFacts => ({
    path: "/c.pem",
    subject: "CN=a",
    from: 0,
    until: 1000 * DAY,
    isBroken: false,
    ...more,
  });
  const at = (...certificates: readonly CertificateFacts[]) =>
    told(checkCertificates({ subject: "x", certificates, fault: undefined, paths: [] }, 100 * DAY));
  assert.deepEqual(at(facts({})), ["ok certificate"]);
  assert.deepEqual(at(facts({ until: 130 * DAY })), ["ok certificate"]);
  assert.deepEqual(at(facts({ until: 130 * DAY - 1 })), ["warning certificate-expires"]);
  assert.deepEqual(at(facts({ until: 100 * DAY - 1 })), ["error certificate-expires"]);
  assert.deepEqual(at(facts({ from: 101 * DAY })), ["error certificate-expires"]);
  assert.deepEqual(at(facts({ isBroken: true }), facts({})), ["error certificate-chain"]);
  const url = new URL("https://h/");
  assert.deepEqual(told(checkServerCertificate(url, 130 * DAY, 100 * DAY)), ["ok destination-certificate"]);
  assert.deepEqual(told(checkServerCertificate(url, 129 * DAY, 100 * DAY)), ["warning destination-certificate"]);
  assert.deepEqual(checkServerCertificate(url, undefined, 0), []);
});

test("a listening socket is found in the kernel's tables, of IPv4 and IPv6", () => {
  const line = (local: string) => ` 0: ${local} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1\n`;
  const listening = (table: string, local: string, address: string) =>
    checkListen(hostWith({ [table]: line(local) }), {
      name: "server-listen",
      keys: { address: "bind_address", port: "listen_port" },
      role: "server",
      address,
      port: 10655,
      owner: undefined,
      addresses: ["10.0.0.5"],
    })[0]?.level;
  assert.equal(listening("/proc/net/tcp", "0100007F:299F", "127.0.0.1"), "error");
  assert.equal(listening("/proc/net/tcp", "0100007F:299F", "127.0.0.2"), "ok");
  assert.equal(listening("/proc/net/tcp", "0500000A:299F", "10.0.0.5"), "error");
  assert.equal(listening("/proc/net/tcp", "0100007F:299F", "0.0.0.0"), "error");
  assert.equal(listening("/proc/net/tcp6", `${"0".repeat(32)}:299F`, "127.0.0.1"), "error");
  assert.equal(listening("/proc/net/tcp6", `${"0".repeat(24)}01000000:299F`, "::1"), "error");
  assert.equal(listening("/proc/net/tcp", "0100007F:29A0", "127.0.0.1"), "ok");
});

test("words: counts, sizes, and paths as a shell takes them", () => {
  assert.deepEqual(
    ["file", "directory", "watch"].map((word) => counted(2, word)),
    ["2 files", "2 directories", "2 watches"],
  );
  assert.equal(counted(1, "directory"), "1 directory");
  assert.deepEqual([0, 1023, 1024, 1536 * 1024, 2 ** 60].map(sizeInWords), [
    "0 bytes",
    "1023 bytes",
    "1.0 KiB",
    "1.5 MiB",
    "1048576.0 TiB",
  ]);
  assert.equal(shellWord("/var/log/a.log"), "/var/log/a.log");
  assert.equal(shellWord("/var/log/it's $(here)"), `'/var/log/it'\\''s $(here)'`);
});
