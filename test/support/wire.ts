// A stage for scenarios of the wire: a scene whose client reaches its server through the recording proxy, and at whose
// end the rules of the wire are among the oracles.

import type { TestContext } from "node:test";
import { WireProxy } from "./proxy.ts";
import { type Ending, openScene, type Scene, type SceneOptions } from "./scene.ts";
import { assertWireRules } from "./wire-rules.ts";

export interface Wire {
  readonly scene: Scene;
  readonly proxy: WireProxy;
  /** Stops everything and applies all oracles. */
  end(ending?: Ending): Promise<void>;
}

/** Server and proxy are up; the client is not yet. `path`: of the destination, with its slash. */
export async function openWire(t: TestContext, options: SceneOptions = {}, path = ""): Promise<Wire> {
  const scene = await openScene(t, options);
  await scene.startServer();
  const proxy = await WireProxy.open(t, scene.url);
  scene.configure({ destinations: [proxy.url + path] });
  return {
    scene,
    proxy,
    end: async (ending) => {
      await scene.end(ending);
      assertWireRules(proxy.exchanges);
    },
  };
}
