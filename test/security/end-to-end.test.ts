// The client and the server of the built binary with certificates of `shaftlog pki`: delivered, revoked, issued anew,
// and all of it there in the end, without a restart of either.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { noOpenssl } from "../support/certificates.ts";
import { startServer } from "../support/command.ts";
import { byBaseName, writeClientConfig } from "../support/configs.ts";
import { run, start } from "../support/processes.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const skip = noOpenssl === false ? false : `skipped: ${noOpenssl}`;

test("a client is let in, put out, and let in again: nothing is lost, nothing is restarted", { skip }, async (t) => {
  const home = tempDir();
  const at = (...names: readonly string[]) => path.join(home, ...names);
  const pki = (...args: readonly string[]) => {
    const { status, stderr } = run(["pki", ...args, "--dir", at("pki")]);
    assert.equal(status, 0, stderr);
  };
  pki("init");
  pki("issue", "--server", "127.0.0.1");
  pki("issue", "--client", "host-a");
  const issued = (name: string) => at("pki", name);
  const server = await startServer({
    config: {
      tls: {
        cert: issued("server-127.0.0.1.crt"),
        key: issued("server-127.0.0.1.key"),
        client_ca: issued("ca.crt"),
        crl: issued("ca.crl"),
      },
    },
  });
  fs.mkdirSync(at("logs"));
  const own = { ca: issued("ca.crt"), cert: issued("client-host-a.crt"), key: issued("client-host-a.key") };
  writeClientConfig(at("client.yaml"), {
    datadir: at("spool"),
    logfile: at("client.log"),
    scan_interval: 300,
    scan_paths: [byBaseName(at("logs/*.log"))],
    destinations: [{ url: `https://127.0.0.1:${server.port}/host-a/`, tls: own }],
  });
  const client = start(t, "client", at("client.yaml"), at("client.log"));
  const log = at("logs/a.log");
  const copy = path.join(server.datadir, "host-a/a.log");
  const delivered = () => fs.existsSync(copy) && fs.readFileSync(copy, "utf8") === fs.readFileSync(log, "utf8");

  fs.writeFileSync(log, "before\n");
  await until(delivered, "the first line");
  pki("revoke", "--client", "host-a");
  await server.says(/tls-reloaded .*every connection has to prove anew who it is/);
  fs.appendFileSync(log, "while revoked\n");
  await server.says(/WARN client-refused .* of "host-a" is revoked/);
  assert.equal(fs.readFileSync(copy, "utf8"), "before\n");

  pki("issue", "--client", "host-a");
  await until(delivered, "all lines", 60_000);
  fs.appendFileSync(log, "afterwards\n");
  await until(delivered, "the last line");
  await client.stop();
  assert.equal(await server.stop(), 0);
});
