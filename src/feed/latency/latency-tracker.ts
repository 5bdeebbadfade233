// How long messages took, over any length of time: exact count, minimum, mean and maximum, and percentiles to 12.5 % (the
// buckets of base/latency-counts.ts). Recording a value allocates nothing; its memory is six kilobytes, whatever is recorded.

import { LATENCY_COUNTS_BYTES, LatencyCounts, LatencyReader } from "../../base/index.ts";

/** All in nanoseconds but the counts; zeros without values. Percentiles are at most 12.5 % above the value they stand for. */
export interface LatencySummary {
  readonly count: number;
  readonly min_ns: number;
  readonly mean_ns: number;
  readonly p50_ns: number;
  readonly p95_ns: number;
  readonly p99_ns: number;
  readonly p999_ns: number;
  readonly max_ns: number;
  /** Values below zero, counted as zeros: the other machine's clock is ahead of this one's, by more than the way takes. */
  readonly ahead: number;
}

export class LatencyTracker {
  #memory = new ArrayBuffer(LATENCY_COUNTS_BYTES);
  #counts = new LatencyCounts(this.#memory);
  #reader = new LatencyReader(this.#memory);
  #count = 0;
  #sum_ns = 0;
  #min_ns = 0;
  #max_ns = 0;
  #ahead = 0;

  record(latency_ns: number): void {
    if (latency_ns < 0) this.#ahead++;
    const value_ns = latency_ns < 0 ? 0 : latency_ns;
    this.#counts.record(value_ns);
    if (this.#count === 0 || value_ns < this.#min_ns) this.#min_ns = value_ns;
    if (value_ns > this.#max_ns) this.#max_ns = value_ns;
    this.#sum_ns += value_ns;
    this.#count++;
  }

  /** Of everything recorded since the beginning, or the last `reset`. */
  summary(): LatencySummary {
    this.#reader.look();
    return {
      count: this.#count,
      min_ns: this.#min_ns,
      mean_ns: this.#count === 0 ? 0 : this.#sum_ns / this.#count,
      p50_ns: this.#percentile_ns(50),
      p95_ns: this.#percentile_ns(95),
      p99_ns: this.#percentile_ns(99),
      p999_ns: this.#percentile_ns(99.9),
      max_ns: this.#max_ns,
      ahead: this.#ahead,
    };
  }

  reset(): void {
    this.#memory = new ArrayBuffer(LATENCY_COUNTS_BYTES);
    this.#counts = new LatencyCounts(this.#memory);
    this.#reader = new LatencyReader(this.#memory);
    this.#count = 0;
    this.#sum_ns = 0;
    this.#min_ns = 0;
    this.#max_ns = 0;
    this.#ahead = 0;
  }

  /** A bucket's end may lie beyond every value in it. */
  #percentile_ns(percent: number): number {
    return Math.min(this.#reader.totalPercentile_ns(percent), this.#max_ns);
  }
}

const COLUMNS = [
  "count",
  "min_ns",
  "mean_ns",
  "p50_ns",
  "p95_ns",
  "p99_ns",
  "p999_ns",
  "max_ns",
  "ahead",
] as const;

/** A table of comma-separated values: a header line, then a line per tracker, its name first; whole nanoseconds. */
export function latencyCsv(rows: readonly (readonly [name: string, summary: LatencySummary])[]): string {
  const lines = rows.map(([name, summary]) =>
    [name, ...COLUMNS.map((column) => Math.round(summary[column]))].join(","),
  );
  return `${["latency", ...COLUMNS].join(",")}\n${lines.map((line) => `${line}\n`).join("")}`;
}
