// Other people's WebDAV servers as destinations: Apache, lighttpd and nginx, each with the least configuration, in a
// temporary directory of its own, as nobody where the tests run as root. They end with the test.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { until } from "./until.ts";

const NOBODY = 65_534;
const APACHE_MODULES = "/usr/lib/apache2/modules";
const LIGHTTPD_MODULES = "/usr/lib/lighttpd";

export interface WebDav {
  readonly url: string;
  /** What it serves; directories have to be made here. */
  readonly root: string;
  readonly log: () => string;
}

interface Kind {
  readonly program: string;
  /** A file that is there where its WebDAV is installed. */
  readonly needs: string;
  readonly config: (home: string, port: number) => string;
  readonly args: (config: string) => readonly string[];
}

const KINDS = {
  apache: {
    program: "apache2",
    needs: `${APACHE_MODULES}/mod_dav_fs.so`,
    config: (home, port) => `ServerRoot ${home}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${home}/pid
Mutex file:${home} default
ErrorLog ${home}/log
DocumentRoot ${home}/root
DAVLockDB ${home}/locks
${["mpm_event", "authz_core", "dav", "dav_fs"].map((name) => `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so`).join("\n")}
<Directory ${home}/root>
  Dav On
  Require all granted
</Directory>
`,
    args: (config) => ["-f", config, "-DFOREGROUND"],
  },
  lighttpd: {
    program: "lighttpd",
    needs: `${LIGHTTPD_MODULES}/mod_webdav.so`,
    config: (home, port) => `server.modules = ( "mod_webdav" )
server.bind = "127.0.0.1"
server.port = ${port}
server.document-root = "${home}/root"
server.errorlog = "${home}/log"
server.upload-dirs = ( "${home}" )
webdav.activate = "enable"
webdav.is-readonly = "disable"
webdav.opts = ( "deprecated-unsafe-partial-put" => "enable" )
`,
    args: (config) => ["-D", "-f", config],
  },
  nginx: {
    program: "nginx",
    needs: "/usr/sbin/nginx",
    config: (home, port) => `daemon off;
master_process off;
pid ${home}/pid;
error_log ${home}/log;
events {}
http {
  access_log off;
  client_body_temp_path ${home}/body;
  proxy_temp_path ${home}/proxy;
  fastcgi_temp_path ${home}/fastcgi;
  uwsgi_temp_path ${home}/uwsgi;
  scgi_temp_path ${home}/scgi;
  client_max_body_size 0;
  server {
    listen 127.0.0.1:${port};
    root ${home}/root;
    dav_methods PUT;
  }
}
`,
    args: (config) => ["-c", config, "-e", "stderr"],
  },
} satisfies Record<string, Kind>;

/** Why a server of this kind cannot run here, for `skip`; undefined where it can. */
export function lacksWebDav(kind: keyof typeof KINDS): string | undefined {
  const { program, needs } = KINDS[kind];
  const found = spawnSync("sh", ["-c", `command -v ${program}`], { env: withSbin() }).status === 0;
  return found && fs.existsSync(needs) ? undefined : `skipped: ${program} with WebDAV is not installed`;
}

export async function startWebDav(t: TestContext, kind: keyof typeof KINDS): Promise<WebDav> {
  const { program, config, args }: Kind = KINDS[kind];
  const home = fs.mkdtempSync(path.join(os.tmpdir(), `shaftlog-${kind}-`));
  const root = path.join(home, "root");
  const port = await freePort();
  fs.mkdirSync(root);
  fs.writeFileSync(path.join(home, "conf"), config(home, port));
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if (process.getuid?.() === 0) for (const it of [home, root]) fs.chownSync(it, NOBODY, NOBODY);
  let printed = "";
  const child = spawn(program, args(path.join(home, "conf")), {
    env: withSbin(),
    cwd: home,
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: it may have children.
    detached: true,
    ...user,
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  endWith(t, child);
  t.after(() => fs.rmSync(home, { recursive: true, force: true, maxRetries: 3 }));
  const log = () =>
    `${printed}${fs.existsSync(path.join(home, "log")) ? fs.readFileSync(path.join(home, "log"), "utf8") : ""}`;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${log()}`);
    return await connects(port);
  }, `${program} listens`);
  return { url: `http://127.0.0.1:${port}/`, root, log };
}

/** Ends by SIGTERM, so that it ends its own children; what does not is killed, it and its group. */
function endWith(t: TestContext, child: ChildProcess): void {
  const kill = (signal: NodeJS.Signals) => {
    try {
      process.kill(-(child.pid ?? 0), signal);
    } catch {
      // it has ended
    }
  };
  const killNow = () => kill("SIGKILL");
  process.on("exit", killNow);
  t.after(async () => {
    const ended = child.exitCode !== null || child.signalCode !== null ? undefined : once(child, "exit");
    child.kill("SIGTERM");
    const timer = setTimeout(killNow, 3_000);
    await ended;
    clearTimeout(timer);
    killNow();
    process.off("exit", killNow);
  });
}

function withSbin(): NodeJS.ProcessEnv {
  return { PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
}

async function freePort(): Promise<number> {
  const probe = net.createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
