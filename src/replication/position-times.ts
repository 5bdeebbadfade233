// When a log had come how far, so that what a node is behind can be said in time: it lacks what was there so long ago.
//
// Samples of (position, time), a bounded number of the newest; between two of them the log is taken to have grown evenly.
// A rest of the log takes two samples, however long.

import type { Position } from "../base/index.ts";

/** At ten a second 55 minutes of a log that grows all the time, 512 KiB. */
const SAMPLES_MAX = 32_768;

export class PositionTimes {
  readonly #samplesMax: number;
  readonly #positions: Float64Array;
  readonly #times_us: Float64Array;
  /** Samples ever taken; the newest is at this less 1, modulo their number. */
  #taken = 0;

  constructor(samplesMax = SAMPLES_MAX) {
    this.#samplesMax = samplesMax;
    this.#positions = new Float64Array(samplesMax);
    this.#times_us = new Float64Array(samplesMax);
  }

  /** The log is at `position`, no lower than before. */
  note(position: Position, now_us: number): void {
    const taken = this.#taken;
    // Of a rest its beginning and its end.
    if (taken > 1 && this.#position(taken - 1) === position && this.#position(taken - 2) === position)
      this.#taken--;
    const at = this.#taken++ % this.#samplesMax;
    this.#positions[at] = position;
    this.#times_us[at] = now_us;
  }

  /**
   * How long a node that has all up to `position` has lacked the next command of a log that is at `latest` now; 0 when it
   * lacks nothing. Of what is older than the samples: at least so long.
   */
  lag_us(position: Position, latest: Position, now_us: number): number {
    if (position >= latest || this.#taken === 0) return 0;
    const oldest = Math.max(0, this.#taken - this.#samplesMax);
    const after = this.#firstBeyond(position, oldest);
    if (after === oldest) return now_us - this.#time(oldest);
    const isNewest = after === this.#taken;
    const [to, until_us] = isNewest ? [latest, now_us] : [this.#position(after), this.#time(after)];
    const [from, since_us] = [this.#position(after - 1), this.#time(after - 1)];
    const came_us = since_us + ((until_us - since_us) * (position + 1 - from)) / (to - from);
    return now_us - came_us;
  }

  /** Of the samples, the first with a higher position; one beyond the newest when none has. */
  #firstBeyond(position: Position, oldest: number): number {
    let [low, high] = [oldest, this.#taken];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#position(middle) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #position(sample: number): Position {
    return this.#positions[sample % this.#samplesMax];
  }

  #time(sample: number): number {
    return this.#times_us[sample % this.#samplesMax];
  }
}
