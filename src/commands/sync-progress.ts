// The progress of sync-once for people, on stderr: one line that is redrawn on a terminal, a line now and then
// elsewhere, nothing where asked for silence. Bytes are counted over all destinations together.

import { humanDuration, humanSize } from "../base/amounts.ts";
import type { Clock } from "../platform/clock.ts";
import type { Totals } from "./sync-goals.ts";

const EVERY_ON_TERMINAL = 250;
const EVERY_ELSEWHERE = 10_000;
/** The rate is that of the last so many ms. */
const RATE_OF = 5_000;

export interface ProgressOutput {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export class SyncProgress {
  readonly #out: ProgressOutput | undefined;
  readonly #clock: Clock;
  /** Bytes sent at a few times before, the oldest first. */
  readonly #samples: { readonly at: number; readonly sent: number }[];
  #shownAt: number;
  #drawn = false;

  /** `out` undefined: silence. */
  constructor(out: ProgressOutput | undefined, clock: Clock) {
    this.#out = out;
    this.#clock = clock;
    this.#shownAt = clock.elapsed();
    this.#samples = [{ at: this.#shownAt, sent: 0 }];
  }

  /** Called often; shows something when it is time to. */
  show(totals: () => Totals): void {
    if (this.#out === undefined) return;
    const now = this.#clock.elapsed();
    const terminal = this.#out.isTTY === true;
    if (now - this.#shownAt < (terminal ? EVERY_ON_TERMINAL : EVERY_ELSEWHERE)) return;
    this.#shownAt = now;
    const line = this.#line(totals(), now);
    if (!terminal) {
      this.#out.write(`${line}\n`);
      return;
    }
    this.#drawn = true;
    // In the last column some terminals would begin a new line.
    this.#out.write(`\r\x1b[K${line.slice(0, Math.max(20, (this.#out.columns ?? 80) - 1))}`);
  }

  /** Takes the redrawn line away: before anything else is printed. */
  clear(): void {
    if (this.#drawn) this.#out?.write("\r\x1b[K");
    this.#drawn = false;
  }

  #line({ files, filesDone, bytes, bytesDone, bytesSent }: Totals, now: number): string {
    const rate = this.#rate(bytesSent, now);
    const percent = bytes === 0 ? 100 : Math.floor((bytesDone * 100) / bytes);
    const left = rate > 0 ? `, ${humanDuration((bytes - bytesDone) / rate)} left` : "";
    const of = `${humanSize(bytesDone)} of ${humanSize(bytes)} (${percent} %)`;
    return `${filesDone} of ${files} files, ${of}, ${humanSize(rate)}/s${left}`;
  }

  /** Bytes a second. */
  #rate(sent: number, now: number): number {
    const second = this.#samples[1];
    if (second !== undefined && now - second.at >= RATE_OF) this.#samples.shift();
    const [first] = this.#samples;
    this.#samples.push({ at: now, sent });
    return first === undefined ? 0 : ((sent - first.sent) * 1000) / Math.max(1, now - first.at);
  }
}
