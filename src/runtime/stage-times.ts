// Where the time of a request goes: a histogram per stage. Stages of one command are measured on one command per batch at
// most (command-timer.ts), those of a batch on every batch (load-meter.ts), the journal's by its own thread.

import { LATENCY_COUNTS_BYTES, LatencyCounts, LatencyReader } from "../base/index.ts";

/** In the order a request meets them. What each is, for users: docs/latency.md. */
export const STAGES = [
  "receive",
  "decode",
  "sequence",
  "match",
  "encode",
  "journal",
  "replicate",
  "gate",
  "send",
  "whole",
] as const;
export type Stage = (typeof STAGES)[number];

/** Bounds of what is told of all values: 128 ns and 17 s, as powers of two nanoseconds. */
const FIRST_POWER = 7;
const LAST_POWER = 34;
/** The upper bounds, in seconds, of the counts in StageTotals. */
export const STAGE_BOUNDS_S: readonly number[] = Array.from(
  { length: LAST_POWER - FIRST_POWER + 1 },
  (_, i) => 2 ** (FIRST_POWER + i) / 1e9,
);

/** Of the last whole second. */
export interface StageLatency {
  readonly count: number;
  readonly p50_us: number;
  readonly p99_us: number;
}

/** Since the start. */
export interface StageTotals {
  readonly count: number;
  readonly sum_us: number;
  /** How many took less than each of STAGE_BOUNDS_S. */
  readonly below: readonly number[];
}

/** By stage; those in which nothing was measured are left out. */
export type Latency = { readonly [stage in Stage]?: StageLatency };
export type LatencyTotals = { readonly [stage in Stage]?: StageTotals };

type Writers = { readonly [stage in Exclude<Stage, "journal">]: LatencyCounts };

export class StageTimes {
  readonly write: Writers;
  /** Of the last whole second. */
  latency: Latency = {};
  readonly #readers: readonly (readonly [Stage, LatencyReader])[];

  /** `journal`: what the journal's thread counts in, when there is a journal. */
  constructor(journal: SharedArrayBuffer | undefined) {
    const memories = STAGES.filter((stage) => stage !== "journal").map((stage) => {
      return [stage, new ArrayBuffer(LATENCY_COUNTS_BYTES)] as const;
    });
    const writers = memories.map(([stage, memory]) => [stage, new LatencyCounts(memory)] as const);
    this.write = Object.fromEntries(writers) as Writers;
    const read = journal === undefined ? memories : [...memories, ["journal", journal] as const];
    this.#readers = STAGES.flatMap((stage) => {
      const memory = read.find(([name]) => name === stage)?.[1];
      return memory === undefined ? [] : [[stage, new LatencyReader(memory)] as const];
    });
  }

  /** A second is over. */
  turnOver(): void {
    const latency: { [stage in Stage]?: StageLatency } = {};
    for (const [stage, reader] of this.#readers) {
      reader.look();
      if (reader.count === 0) continue;
      const p50_us = reader.percentile_ns(50) / 1e3;
      latency[stage] = { count: reader.count, p50_us, p99_us: reader.percentile_ns(99) / 1e3 };
    }
    this.latency = latency;
  }

  /** Up to the last whole second. */
  totals(): LatencyTotals {
    const totals: { [stage in Stage]?: StageTotals } = {};
    for (const [stage, reader] of this.#readers) {
      const { total } = reader;
      if (total.count > 0) totals[stage] = { ...total, below: reader.below(FIRST_POWER, LAST_POWER) };
    }
    return totals;
  }
}
