// How everything here is measured: the cases of a bench run in turn, round by round, so that a machine whose speed
// drifts slows both sides of a ratio; a ratio is taken pair by pair; the median is quoted, with the best and the spread.

import { setImmediate as nextTurn } from "node:timers/promises";

/** What the project aims for: a bound of the median, and where it says so of the best round. */
export type Aim =
  | { readonly atMost: number; readonly atBest?: number }
  | { readonly atLeast: number; readonly atBest?: undefined };

/** One thing that is timed. `run` does the whole work once and returns the figure (in `unit`). */
export interface BenchCase {
  readonly name: string;
  readonly unit: string;
  /** What it is measured for: a figure that should be small (time) or large (rate). */
  readonly better: "lower" | "higher";
  readonly aim?: Aim;
  readonly run: () => number | Promise<number>;
}

/** A ratio of two cases: `of` over `to`, pair by pair. */
export interface RatioWanted {
  readonly name: string;
  readonly of: string;
  readonly to: string;
  /** "higher" by default. */
  readonly better?: "lower" | "higher";
  readonly aim?: Aim;
}

export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly best: number;
  readonly worst: number;
  readonly aim?: Aim;
}

export interface BenchResult {
  readonly bench: string;
  readonly about: string;
  readonly rounds: number;
  readonly rows: readonly Row[];
  /** Figures of other kinds, below the rows. */
  readonly tables?: readonly SideTable[];
  /** What a reader must know beside the figures. */
  readonly notes?: readonly string[];
}

/** Figures without rounds: a line per row, a cell per column. */
export interface SideTable {
  readonly title: string;
  /** The first names the rows. */
  readonly columns: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

/** Runs every case once unmeasured, then `rounds` times in turn. */
export async function measure(
  cases: readonly BenchCase[],
  ratios: readonly RatioWanted[],
  rounds: number,
): Promise<Row[]> {
  const values = new Map<string, number[]>(cases.map((c) => [c.name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const c of cases) {
      const value = await c.run();
      // Many a case awaits nothing, and a signal is heard between two turns of the event loop.
      await nextTurn();
      if (round >= 0) values.get(c.name)?.push(value);
    }
  }
  const rows = cases.map((c) =>
    withAim(summarize(c.name, c.unit, c.better, values.get(c.name) ?? []), c.aim),
  );
  for (const ratio of ratios) {
    const of = values.get(ratio.of);
    const to = values.get(ratio.to);
    if (of === undefined || to === undefined) continue;
    rows.push(ratioRow(ratio, of, to));
  }
  return rows;
}

/** The ratio of two series of the same rounds, pair by pair. */
export function ratioRow(
  { name, better = "higher", aim }: Pick<RatioWanted, "name" | "better" | "aim">,
  of: readonly number[],
  to: readonly number[],
): Row {
  const pairs = of.map((value, i) => value / to[i]);
  return withAim(summarize(name, "ratio", better, pairs), aim);
}

function withAim(row: Row, aim: Aim | undefined): Row {
  return aim === undefined ? row : { ...row, aim };
}

/** Median, best and worst of at least one value. */
export function summarize(
  name: string,
  unit: string,
  better: "lower" | "higher",
  values: readonly number[],
): Row {
  const sorted = [...values].sort((a, b) => (better === "lower" ? a - b : b - a));
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { name, unit, median, best: sorted[0], worst: sorted[sorted.length - 1] };
}

/** Whether the row's median (and best round, where that is asked) meets its aim; undefined without one. */
export function meetsAim({ aim, median, best }: Row): boolean | undefined {
  if (aim === undefined) return undefined;
  if ("atLeast" in aim) return median >= aim.atLeast;
  return median <= aim.atMost && (aim.atBest === undefined || best <= aim.atBest);
}

/** Nanoseconds that `work` took, per one of `count`. */
export function nanosecondsPer(count: number, work: () => void): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / count;
}
