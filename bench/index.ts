// The benchmarks by name. Each measures something beside its baseline in the same run.

import { benchEngine } from "./engine/bench.ts";
import type { BenchResult } from "./harness.ts";

export * from "./harness.ts";
export * from "./report.ts";

/** Runs one bench in so many rounds. */
export type Bench = (rounds: number) => Promise<BenchResult>;

export const BENCHES: Readonly<Record<string, Bench>> = { engine: benchEngine };
