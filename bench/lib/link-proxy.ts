// A link: `node link-proxy.ts LISTEN TARGET MS [RATE]` carries each connection to TARGET and hands on every byte MS after it
// came, in either direction, in order, and no more than RATE bytes a second of all connections together. A program of
// its own, so that it takes no time from what is measured; it holds at most so many bytes on the way, as a link with
// large buffers does.

import net from "node:net";

const [listen, target, ms, rate] = process.argv.slice(2).map(Number) as [number, number, number, number?];
/** Bytes on the way in one direction: 1 GiB/s at 100 ms has 100 MiB on the way; a narrow link holds a tenth of a second. */
const MOST = rate === undefined ? 256 * 1024 * 1024 : rate / 10;

/** One direction of the link. */
interface Direction {
  /** When all that was put on it has left. */
  freeAt: number;
}

interface Parcel {
  readonly due: number;
  /** Undefined: the end. */
  readonly bytes: Buffer | undefined;
}

function carry(from: net.Socket, to: net.Socket, direction: Direction): void {
  const way: Parcel[] = [];
  let first = 0;
  let held = 0;
  let waiting = false;
  const deliver = (): void => {
    waiting = false;
    const now = performance.now();
    to.cork();
    for (let parcel = way[first]; parcel !== undefined && parcel.due <= now; parcel = way[first]) {
      first++;
      if (parcel.bytes === undefined) to.end();
      else {
        held -= parcel.bytes.length;
        to.write(parcel.bytes);
      }
    }
    to.uncork();
    if (first > 4096) {
      way.splice(0, first);
      first = 0;
    }
    if (held < MOST / 2) from.resume();
    plan();
  };
  const plan = (): void => {
    const parcel = way[first];
    if (parcel === undefined || waiting) return;
    waiting = true;
    setTimeout(deliver, Math.max(1, parcel.due - performance.now()));
  };
  const put = (bytes: Buffer | undefined): void => {
    const now = performance.now();
    if (rate !== undefined) direction.freeAt = Math.max(now, direction.freeAt) + ((bytes?.length ?? 0) / rate) * 1000;
    way.push({ due: Math.max(now, direction.freeAt) + ms, bytes });
    held += bytes?.length ?? 0;
    if (held > MOST) from.pause();
    plan();
  };
  from.on("data", put);
  from.on("end", () => put(undefined));
  from.on("error", () => to.destroy());
  from.on("close", () => {
    if (!from.readableEnded) to.destroy();
  });
}

const there: Direction = { freeAt: 0 };
const back: Direction = { freeAt: 0 };
const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  const upstream = net.connect({ port: target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  carry(client, upstream, there);
  carry(upstream, client, back);
});
server.listen(listen, "127.0.0.1", () => process.stdout.write("ready\n"));
