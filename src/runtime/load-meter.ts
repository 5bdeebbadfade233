// How much the node does and how long it takes: commands per second, and the time from the sequencing of a batch's first
// command to the release of its answers. One value per batch, whatever its size: nothing is measured per command. A figure
// is of the last whole second, so whoever asks more often sees the same.

import type { Position } from "../base/index.ts";
import { LatencyHistogram } from "../platform/index.ts";

/** Batches under way at once; beyond it two count as one, which began with the first. */
const BATCHES_MAX = 64;

export interface Load {
  readonly commandsPerSecond: number;
  /** Microseconds; null when nothing was released. */
  readonly latency: { readonly p50_us: number; readonly p99_us: number } | null;
}

const NOTHING: Load = { commandsPerSecond: 0, latency: null };

export class LoadMeter {
  /** Of the last whole second. */
  load: Load = NOTHING;
  readonly #histogram = new LatencyHistogram();
  /** By batch under way, oldest at `head`: its last position, and when its first command was sequenced. */
  readonly #positions = new Float64Array(BATCHES_MAX);
  readonly #begun_us = new Float64Array(BATCHES_MAX);
  #head = 0;
  #count = 0;
  #lastPosition: Position;
  #last_us: number;

  /** Monotonic times, in microseconds. */
  constructor(position: Position, now_us: number) {
    this.#lastPosition = position;
    this.#last_us = now_us;
  }

  /** A batch up to `position`, begun at `begun_us`, waits for its release. */
  sealed(position: Position, begun_us: number): void {
    if (this.#count === BATCHES_MAX) {
      this.#positions[(this.#head + this.#count - 1) % BATCHES_MAX] = position;
      return;
    }
    const at = (this.#head + this.#count) % BATCHES_MAX;
    this.#positions[at] = position;
    this.#begun_us[at] = begun_us;
    this.#count++;
  }

  /** All up to `position` was released at `now_us`. */
  released(position: Position, now_us: number): void {
    while (this.#count > 0 && this.#positions[this.#head] <= position) {
      this.#histogram.record(now_us - this.#begun_us[this.#head]);
      this.#head = (this.#head + 1) % BATCHES_MAX;
      this.#count--;
    }
  }

  /** A second is over: `position` is the last one given. */
  turnOver(position: Position, now_us: number): void {
    const elapsed_us = now_us - this.#last_us;
    if (elapsed_us <= 0) return;
    const histogram = this.#histogram;
    const percentiles = { p50_us: histogram.percentile(50), p99_us: histogram.percentile(99) };
    this.load = {
      commandsPerSecond: Math.round(((position - this.#lastPosition) * 1e6) / elapsed_us),
      latency: histogram.count === 0 ? null : percentiles,
    };
    histogram.reset();
    this.#lastPosition = position;
    this.#last_us = now_us;
  }
}
