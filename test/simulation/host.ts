// A simulated machine: a disk, a wall clock that may jump, and processes that come and go. Killing a process leaves the
// page cache as it is; cutting the power does not, and tells nobody on the network.

import type { Clock, Timer } from "../../src/platform/clock.ts";
import { LockedError } from "../../src/platform/lock.ts";
import type { Lock } from "../../src/spool/datadir.ts";
import type { Disk } from "./disk.ts";
import type { FilesOptions } from "./kernel.ts";
import { cutPower } from "./power.ts";
import { exact, Life, type World } from "./world.ts";

const EPOCH = 1_700_000_000_000;

export interface HostOptions {
  readonly files: FilesOptions;
  /** A call of the clock takes up to so many ms. */
  readonly busy: number;
  readonly zeros: number;
}

export class Host {
  readonly world: World;
  readonly name: string;
  readonly disk: Disk;
  readonly options: HostOptions;
  /** ms by which the wall clock was set wrong, or right. */
  jumped = 0;
  readonly #lives = new Set<Life>();
  readonly #locks = new Set<string>();
  #born = 0;

  constructor(world: World, name: string, disk: Disk, options: HostOptions) {
    this.world = world;
    this.name = name;
    this.disk = disk;
    this.options = options;
    disk.wall = () => this.wall();
  }

  wall(): number {
    return Math.floor(EPOCH + this.world.now + this.jumped);
  }

  spawn(what: string): Life {
    const life = new Life(`${what}#${++this.#born}@${this.name}`, this.world.now);
    this.#lives.add(life);
    life.endings.push(() => this.#lives.delete(life));
    return life;
  }

  kill(life: Life): void {
    this.world.note(() => `kill -9 ${life.name}`);
    this.world.kill(life);
  }

  cutPower(): void {
    this.world.note(() => `power cut of ${this.name}`);
    for (const life of [...this.#lives]) this.world.kill(life);
    cutPower(this.disk, this.options);
  }

  lock(life: Life): (path: string) => Lock {
    return (path) => {
      this.world.enter(life);
      if (this.#locks.has(path) && this.options.files.plant !== "no-lock") throw new LockedError(`${path} is locked`);
      this.#locks.add(path);
      const release = () => this.#locks.delete(path);
      life.endings.push(release);
      return { release };
    };
  }

  clock(life: Life): Clock {
    const { world, options } = this;
    return {
      now: () => this.wall(),
      elapsed: () => {
        if (options.busy > 0) world.now = exact(world.now + world.prng.unit() * options.busy);
        return world.now - life.bornAt + 1;
      },
      after: (ms, run): Timer => {
        // Node's shortest timer is 1 ms.
        const planned = world.after(Math.min(Math.max(ms, 1), 2 ** 31 - 1), run, life);
        return {
          cancel() {
            planned.run = undefined;
          },
        };
      },
    };
  }
}
