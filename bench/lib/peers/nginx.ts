// curl and nginx as a contender: each file by one PUT to nginx's DAV module, over TLS where the task asks for it.
// nginx verifies nothing, makes nothing durable, and cannot append.

import fs from "node:fs";
import path from "node:path";
import { bytesBelow } from "../logs.ts";
import { certificates } from "../ours.ts";
import { freePort, launch, listening, stop, timed } from "../processes.ts";
import type { Contender } from "../rounds.ts";
import { settled, type Task } from "../task.ts";

export function nginx(task: Task): Contender {
  return {
    name: task.tls ? "curl → nginx TLS" : "curl → nginx",
    run: async () => {
      const port = await freePort();
      const root = path.join(task.home, "nginx");
      fs.mkdirSync(path.join(root, "files"), { recursive: true });
      const config = path.join(root, "nginx.conf");
      fs.writeFileSync(config, nginxConfig(task, root, port));
      const daemon = launch("nginx", ["-p", root, "-e", `${root}/log`, "-c", config]);
      await listening(port);
      const via = await task.link?.(port);
      const base = `${task.tls ? "https" : "http"}://127.0.0.1:${via?.port ?? port}/`;
      const trust = task.tls ? ["--cacert", certificates(task.home).ca] : [];
      settled(task);
      const seconds = timed("curl", ["-sf", ...trust, ...task.files.flatMap((file) => ["-T", file, base])]);
      await stop(daemon);
      if (via !== undefined) await stop(via.process);
      const delivered = bytesBelow(path.join(root, "files"));
      if (delivered !== task.bytes) throw new Error(`${delivered} bytes arrived instead of ${task.bytes}`);
      fs.rmSync(root, { recursive: true });
      return seconds;
    },
  };
}

function nginxConfig(task: Task, root: string, port: number): string {
  const { cert, key } = task.tls ? certificates(task.home) : { cert: "", key: "" };
  const tls = task.tls ? `ssl_certificate ${cert}; ssl_certificate_key ${key};` : "";
  return `daemon off; master_process off; pid ${root}/pid; error_log ${root}/log;
events { }
http {
  access_log off; client_max_body_size 0; client_body_buffer_size 1m; client_body_temp_path ${root}/temp;
  proxy_temp_path ${root}/t1; fastcgi_temp_path ${root}/t2; uwsgi_temp_path ${root}/t3; scgi_temp_path ${root}/t4;
  server { listen 127.0.0.1:${port}${task.tls ? " ssl" : ""}; ${tls} root ${root}/files; dav_methods PUT; }
}
`;
}
