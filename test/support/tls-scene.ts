// A stage for TLS: a client of the built binary, an authority, and fake destinations with certificates of its own or
// of others. Which of them got anything is for the test to ask.

import fs from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import type { TlsOptions } from "node:tls";
import { Authority, type Issue, type Issued } from "./certificates.ts";
import type { Destination } from "./configs.ts";
import { FakeServer } from "./fake-server.ts";
import { openScene, type Scene, type SceneOptions } from "./scene.ts";

export class TlsScene {
  readonly t: TestContext;
  readonly scene: Scene;
  readonly authority: Authority;

  private constructor(t: TestContext, scene: Scene) {
    this.t = t;
    this.scene = scene;
    this.authority = new Authority(scene.home);
  }

  static async open(t: TestContext, options?: SceneOptions): Promise<TlsScene> {
    return new TlsScene(t, await openScene(t, options));
  }

  /** A destination; its certificate is for its address and issued by `authority`, unless asked for otherwise. */
  async server(options: TlsOptions = {}, issue: Issue | Issued = {}): Promise<FakeServer> {
    const server = await FakeServer.open(this.t, options);
    const issued = "cert" in issue ? issue : this.authority.issue("server", { san: `IP:${server.address}`, ...issue });
    server.use({ ...options, ...pem(issued) });
    return server;
  }

  /** The client trusts `authority`, and what `tls` says besides. */
  deliverTo(...servers: readonly (FakeServer | Destination)[]): void {
    const destinations = servers.map((one): Destination => {
      const { url, tls } = one instanceof FakeServer ? { url: one.url, tls: undefined } : one;
      return { url, tls: { ca: this.authority.cert, ...tls } };
    });
    this.scene.configure({ destinations });
  }

  /** A new file with one line, which is to be delivered. */
  write(name: string): string {
    fs.appendFileSync(this.scene.log(name), `a line of ${name}\n`);
    return name;
  }

  /** Waits until a destination has all lines of a file. */
  async has(server: FakeServer, name: string): Promise<void> {
    const expected = fs.readFileSync(this.scene.log(name));
    await this.scene.until(`${name} at ${server.url}`, () => server.files.get(`/${name}`)?.equals(expected));
  }

  /** What the client logged of a destination it cannot reach. */
  async complaint(url: string, words: RegExp): Promise<string> {
    const { client } = this.scene;
    const texts = () => client.events("destination-unreachable").map(({ text }) => text);
    const mine = () => texts().filter((text) => text.includes(url));
    return await this.scene.until(
      `${words} about ${url} among ${JSON.stringify(mine())}`,
      () => mine().find((text) => words.test(text)) ?? false,
    );
  }

  below(name: string): string {
    return path.join(this.scene.home, name);
  }
}

/** What a TLS context is made with. */
export function pem({ cert, key }: Issued): { cert: Buffer; key: Buffer } {
  return { cert: fs.readFileSync(cert), key: fs.readFileSync(key) };
}
