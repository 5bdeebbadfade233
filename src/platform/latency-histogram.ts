// A histogram of latencies on Node's own: fixed memory, a fraction of a microsecond per value, no allocation.

import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/** A minute; what takes longer counts as that. */
const LATENCY_MAX_US = 60_000_000;

export class LatencyHistogram {
  readonly #histogram: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: LATENCY_MAX_US,
    figures: 3,
  });

  /** Values since the last reset. */
  get count(): number {
    return this.#histogram.count;
  }

  /** Adds a latency in microseconds; less than one counts as one. */
  record(latency_us: number): void {
    this.#histogram.record(Math.min(Math.max(1, Math.round(latency_us)), LATENCY_MAX_US));
  }

  /** The latency that `percent` of all values don't exceed, to three digits; 0 without values. */
  percentile(percent: number): number {
    return this.count === 0 ? 0 : this.#histogram.percentile(percent);
  }

  reset(): void {
    this.#histogram.reset();
  }
}
