// What the admin listener lets in and what it lets out, over real sockets: methods, names, bodies, the number of
// connections, what it says before it is ready and when it is not well.

import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import { test } from "node:test";
import { StartFailure } from "../../src/base/errors.ts";
import { until } from "../support/until.ts";
import { client, dead, destination, iso, LOG1, server } from "./documents.ts";
import { openPlanted } from "./planted.ts";

interface Got {
  readonly status: number;
  readonly fields: http.IncomingHttpHeaders;
  readonly body: string;
}

function ask(url: string, options: http.RequestOptions = {}, body?: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const req = http.request(url, { agent: false, ...options }, (res) => {
      let text = "";
      res.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      res.on("end", () => resolve({ status: res.statusCode ?? 0, fields: res.headers, body: text }));
    });
    req.on("error", reject);
    req.end(body);
  });
}

test("each path tells what it is for, to GET and to HEAD, and nothing else is there", async (t) => {
  const { url } = await openPlanted(t, client());
  for (const [path, type, holds] of [
    ["", "text/html; charset=utf-8", "<title>shaftlog</title>"],
    ["?a=b", "text/html; charset=utf-8", "<title>shaftlog</title>"],
    ["metrics", "text/plain; version=0.0.4; charset=utf-8", "# TYPE shaftlog_destination_lag_seconds gauge"],
    ["healthz", "application/json; charset=utf-8", '{"ok":true,"reasons":[]}'],
    ["readyz", "application/json; charset=utf-8", '{"ok":true,"reasons":[]}'],
    ["status", "application/json; charset=utf-8", '"role":"client"'],
    ["history", "application/json", '"point_seconds":30'],
  ] as const) {
    const got = await ask(url + path);
    assert.equal(got.status, 200, path);
    assert.equal(got.fields["content-type"], type);
    assert.ok(got.body.includes(holds), path);
    assert.equal(got.fields["cache-control"], "no-store");
    assert.equal(got.fields["x-content-type-options"], "nosniff");
    assert.equal(got.fields["access-control-allow-origin"], undefined);
    const head = await ask(url + path, { method: "HEAD" });
    assert.deepEqual([head.status, head.body, head.fields["content-type"]], [200, "", type]);
    assert.ok(Number(head.fields["content-length"]) > 0);
  }
  for (const path of ["favicon.ico", "status/", "metrics.json"]) {
    assert.equal((await ask(url + path)).status, 404, path);
  }
});

test("the page's policy lets its own script and style run, by digest, and nothing else", async (t) => {
  const { url } = await openPlanted(t, client());
  const page = String((await ask(url)).fields["content-security-policy"]);
  assert.match(
    page,
    /^default-src 'none'; script-src 'sha256-[\w+/=]{44}'; style-src 'sha256-[\w+/=]{44}'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
  );
  assert.equal(
    (await ask(`${url}status`)).fields["content-security-policy"],
    "default-src 'none'; frame-ancestors 'none'",
  );
});

test("nothing but GET and HEAD, and no bodies", async (t) => {
  const { url } = await openPlanted(t, client());
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]) {
    const got = await ask(`${url}status`, { method });
    assert.deepEqual([got.status, got.fields.allow], [405, "GET, HEAD"], method);
  }
  assert.equal((await ask(`${url}status`, { headers: { "Content-Length": 4 } }, "abcd")).status, 413);
  assert.equal((await ask(`${url}status`, { headers: { "Transfer-Encoding": "chunked" } }, "abcd")).status, 413);
});

test("on loopback it answers to names of loopback only, with any port", async (t) => {
  const { url } = await openPlanted(t, client());
  for (const host of ["localhost", "LOCALHOST:9", "127.0.0.1:1", "127.9.9.9", "[::1]:80", "[::1]"]) {
    assert.equal((await ask(`${url}status`, { headers: { Host: host } })).status, 200, host);
  }
  for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "::1", "a:b:c"]) {
    const got = await ask(`${url}status`, { headers: { Host: host } });
    assert.deepEqual([got.status, got.body.includes("client")], [421, false], host);
  }
  assert.equal((await ask(`${url}status`, { setHost: false })).status, 421);
});

test("connections are bounded, and those that say nothing go", { timeout: 60_000 }, async (t) => {
  const { url } = await openPlanted(t, client());
  const port = Number(new URL(url).port);
  let open = 0;
  const sockets = Array.from({ length: 60 }, () => {
    open++;
    const socket = net.connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    socket.on("close", () => open--);
    return socket;
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  await until(() => open <= 32, "what is too much is cut");
  // The others have ten seconds to say something.
  await until(() => open === 0, "the silent ones are cut");
  assert.equal((await ask(`${url}status`)).status, 200);
});

test("before it is ready and when it ends it says so", async (t) => {
  const planted = await openPlanted(t, client());
  const ready = async () => {
    const { status, body } = await ask(`${planted.url}readyz`);
    return [status, JSON.parse(body)];
  };
  planted.notReady = "the first look for files is under way";
  assert.deepEqual(await ready(), [503, { ok: false, reasons: ["the first look for files is under way"] }]);
  planted.notReady = undefined;
  assert.deepEqual(await ready(), [200, { ok: true, reasons: [] }]);
  planted.admin.stopping();
  assert.deepEqual(await ready(), [503, { ok: false, reasons: ["it is being stopped"] }]);
});

test("health: the backlog moves or is empty, the server has room and a certificate", async (t) => {
  const planted = await openPlanted(t, client());
  const health = async () => {
    const { status, body } = await ask(`${planted.url}healthz`);
    return [status, ...(JSON.parse(body) as { reasons: string[] }).reasons];
  };
  const lacks = { state: "sending", backlog_bytes: 5_000, files_behind: 1 } as const;
  // Old, but on the move; still, but young; since the start.
  for (const [lag, last, ok] of [
    [5_000, 3, true],
    [30, 300, true],
    [61, 61, false],
    [61, 59, true],
  ] as const) {
    planted.status = client({
      destinations: [destination(LOG1, { ...lacks, lag_seconds: lag, last_acknowledged_at: iso(last) })],
    });
    assert.equal((await health())[0], ok ? 200 : 503, `${lag} ${last}`);
  }
  planted.status = client({
    started_at: iso(59),
    destinations: [destination(LOG1, { ...lacks, lag_seconds: 600, last_acknowledged_at: null })],
  });
  assert.deepEqual(await health(), [200]);
  planted.status = dead();
  const [status, reason] = await health();
  assert.equal(status, 503);
  assert.match(
    String(reason),
    /^https:\/\/log2\.example:10655\/web1\/ lacks 91512345678 bytes and has acknowledged nothing for 19804 s: Cannot deliver/,
  );
  planted.status = server();
  assert.deepEqual(await health(), [200]);
  planted.leastFree = 1_234_567_890_123;
  assert.equal((await health())[0], 503);
  planted.leastFree = 0;
  planted.status = server({ certificate_days_left: -1 });
  assert.equal((await health())[0], 503);
  planted.status = server({ free_bytes: null, size_bytes: null });
  assert.deepEqual(await health(), [200]);
});

test("a port that is taken is a failure to start that names the key and a remedy", async (t) => {
  const taken = net.createServer().listen(0, "127.0.0.1");
  t.after(() => taken.close());
  await until(() => taken.listening, "the port is taken");
  const { port } = taken.address() as net.AddressInfo;
  await assert.rejects(openPlanted(t, client(), port), (error: Error) => {
    assert.ok(error instanceof StartFailure);
    assert.equal(
      error.message,
      `Cannot listen on 127.0.0.1:${port} (admin.listen): address already in use (EADDRINUSE); ` +
        "stop what listens there (ss -ltnp), or set another port (/etc/test.yaml)",
    );
    return true;
  });
});
