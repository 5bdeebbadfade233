// The columns of the table and the words of its figures, the same for the screen and for pipes. Pure.

import type { LatencySummary } from "../../../feed/index.ts";
import type { Row } from "./market-table.ts";

export interface Column {
  readonly title: string;
  readonly width: number;
  /** Which one is left out first where not all fit: the highest. */
  readonly rank: number;
  readonly text: (row: Row, price: PriceText) => string;
  /** The column is coloured by where the price went or stands. */
  readonly tint?: (row: Row) => number;
}

/** A price as the feed gives it, in the instrument's units. */
export type PriceText = (price: number, decimals: number) => string;

const NOTHING = "-";

function priceOf(price: number | undefined, { decimals }: Row, text: PriceText): string {
  return price === undefined ? NOTHING : text(price, decimals);
}

/** From left to right. A symbol's name is whole; without volume and updates they fit a terminal of 80 columns. */
export const COLUMNS: readonly Column[] = [
  { title: "symbol", width: 16, rank: 0, text: ({ name }) => name },
  { title: "bid", width: 11, rank: 1, text: (row, text) => priceOf(row.bid, row, text) },
  { title: "ask", width: 11, rank: 2, text: (row, text) => priceOf(row.ask, row, text) },
  {
    title: "last",
    width: 11,
    rank: 3,
    text: (row, text) => priceOf(row.last, row, text),
    tint: ({ direction }) => direction,
  },
  {
    title: "change",
    width: 8,
    rank: 5,
    text: ({ change }) => changeText(change),
    tint: ({ change }) => Math.sign(change ?? 0),
  },
  { title: "volume", width: 9, rank: 7, text: ({ volume }) => countText(volume) },
  { title: "upd/s", width: 6, rank: 6, text: ({ rate }) => countText(Math.round(rate)) },
  { title: "updates", width: 9, rank: 8, text: ({ updates }) => countText(updates) },
  {
    title: "age",
    width: 10,
    rank: 4,
    text: ({ age_ms, isStale }) => `${isStale ? "stale " : ""}${ageText(age_ms)}`,
  },
];

/** The columns that fit, the symbol always. */
export function columnsThatFit(width: number): readonly Column[] {
  let used = 0;
  const ranked = COLUMNS.toSorted((a, b) => a.rank - b.rank);
  const left = ranked.findIndex((column, i) => {
    used += column.width + (i > 0 ? 1 : 0);
    return i > 0 && used > width;
  });
  const { rank } = ranked[left] ?? { rank: COLUMNS.length };
  return COLUMNS.filter((column) => column.rank < rank);
}

/** Text to the left, figures to the right; what is too long is cut, and shows it. */
export function cell(text: string, { width, title }: Column): string {
  const fitted = text.length > width ? `${text.slice(0, width - 1)}…` : text;
  return title === "symbol" ? fitted.padEnd(width) : fitted.padStart(width);
}

/** A line as wide as the screen: cut between two words, and shows it. Half a figure would be another one. */
export function fittedLine(text: string, width: number): string {
  if (text.length <= width) return text;
  const kept = text.slice(0, width - 1);
  return `${kept.slice(0, kept.lastIndexOf(" ") + 1 || undefined)}…`;
}

/** As many of `parts` as a line of the screen takes, from the first on; what is left out shows. A figure without its words says nothing. */
export function fittedParts(parts: readonly string[], between: string, width: number): string {
  const whole = parts.join(between);
  if (whole.length <= width) return whole;
  for (let count = parts.length - 1; count > 0; count--) {
    const text = [...parts.slice(0, count), "…"].join(between);
    if (text.length <= width) return text;
  }
  return fittedLine(whole, width);
}

function changeText(change: number | undefined): string {
  if (change === undefined) return NOTHING;
  // Not -0.00.
  const percent = Math.round(change * 10_000) / 100 || 0;
  return `${percent > 0 ? "+" : ""}${percent.toFixed(2)}%`;
}

const UNITS = ["", "k", "M", "G", "T", "P"] as const;

/** A count in at most six characters: 999, 1.23k, 45.6M. */
export function countText(count: number): string {
  let unit = 0;
  let value = count;
  while (Math.abs(value) >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  const digits = unit === 0 ? 0 : value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)}${UNITS[unit]}`;
}

/** `1 gap`, `1.23k gaps`. */
export function countedText(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

function ageText(age_ms: number): string {
  const age_s = age_ms / 1_000;
  if (age_s < 10) return `${age_s.toFixed(1)}s`;
  if (age_s < 600) return `${Math.round(age_s)}s`;
  return age_s < 36_000 ? `${Math.round(age_s / 60)}m` : `${Math.round(age_s / 3_600)}h`;
}

/** 950 ns, 12.3 us, 4.56 ms, 1.20 s. */
export function durationText(value_ns: number): string {
  if (value_ns < 1_000) return `${Math.round(value_ns)} ns`;
  if (value_ns < 1_000_000) return `${(value_ns / 1_000).toPrecision(3)} us`;
  if (value_ns < 999_500_000) return `${(value_ns / 1_000_000).toPrecision(3)} ms`;
  return `${(value_ns / 1_000_000_000).toFixed(2)} s`;
}

/** The latency's percentiles by exchange time; the other machine's clock may be ahead of ours, and then the figures say little. */
export function latencyParts({
  count,
  p50_ns,
  p95_ns,
  p99_ns,
  p999_ns,
  max_ns,
  ahead,
}: LatencySummary): readonly string[] {
  if (count === 0) return ["latency: nothing measured yet"];
  const [median, ...others] = [
    ["p50", p50_ns],
    ["p95", p95_ns],
    ["p99", p99_ns],
    ["p99.9", p999_ns],
    ["max", max_ns],
  ].map(([name, value_ns]) => `${name} ${durationText(value_ns as number)}`);
  const warning = ahead > 0 ? [`(the sender's clock was ahead ${countedText(ahead, "time")})`] : [];
  return [`latency: ${median}`, ...others, ...warning];
}
