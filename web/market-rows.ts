// What the market overview says of an instrument, in which order instruments stand, and the line of a sparkline. Pure.

import type { Market } from "../src/client/socket/index.ts";

/** Columns that instruments can be sorted by. */
export const SORT_KEYS = ["name", "last", "change", "bid", "ask", "volume"] as const;
export type SortKey = (typeof SORT_KEYS)[number];

/** What stands where nothing is known. */
export const NOTHING = "–";

export const TITLES: Readonly<Record<SortKey, string>> = {
  name: "Instrument",
  last: "Last",
  change: "Day",
  bid: "Bid",
  ask: "Ask",
  volume: "Lots",
};

/** A row's texts by columns as a sentence, for those who don't see under which title each stands. */
export function marketWords(texts: readonly string[]): string {
  const named = SORT_KEYS.map((key, i) =>
    key === "name" ? texts[i] : `${TITLES[key].toLowerCase()} ${texts[i]}`,
  );
  return named.filter((_, i) => texts[i] !== NOTHING).join(", ");
}

/** undefined: as the exchange lists them. */
export type Sorting = { readonly key: SortKey; readonly isDown: boolean } | undefined;

/** Width and height of a sparkline's own units. */
export const SPARK = { width: 80, height: 20 } as const;

/** Of the day so far; undefined without trades. */
export function changeOf({ statistics: { day } }: Pick<Market, "statistics">): number | undefined {
  return day && percentOf(day.open, day.last);
}

/** In percent of the first price; undefined from a price of nothing. */
export function percentOf(open: number, last: number): number | undefined {
  return open === 0 ? undefined : ((last - open) / Math.abs(open)) * 100;
}

const SIGNS = { buy: "+", sell: "−", "": "" } as const;

export function changeText(change: number | undefined): string {
  if (change === undefined) return NOTHING;
  return `${SIGNS[changeKind(change)]}${Math.abs(change).toFixed(2)} %`;
}

/** The colour of a change: of the figure that is shown, which may be 0.00 for less. */
export function changeKind(change: number | undefined): "buy" | "sell" | "" {
  const shown = Number((change ?? 0).toFixed(2));
  return shown > 0 ? "buy" : shown < 0 ? "sell" : "";
}

/** A click on a column: the greatest first (of names the first), then the other way round, then as listed. */
export function nextSorting(now: Sorting, key: SortKey): Sorting {
  const first = key !== "name";
  if (now?.key !== key) return { key, isDown: first };
  return now.isDown === first ? { key, isDown: !first } : undefined;
}

/** Symbols in their order; those of which nothing is known come last, either way. */
export function sortedSymbols(markets: ReadonlyMap<string, Market>, sorting: Sorting): string[] {
  if (sorting === undefined) return [...markets.keys()];
  const { key, isDown } = sorting;
  if (key === "name") {
    const names = [...markets.keys()].sort((a, b) => (a < b ? -1 : 1));
    return isDown ? names.reverse() : names;
  }
  const rows = [...markets.values()].map((market) => ({
    symbol: market.symbol,
    value: figureOf(market, key),
  }));
  rows.sort((a, b) => {
    if (a.value === undefined || b.value === undefined)
      return Number(a.value === undefined) - Number(b.value === undefined);
    return isDown ? b.value - a.value : a.value - b.value;
  });
  return rows.map(({ symbol }) => symbol);
}

/** Prices of different instruments compare in units, not in ticks. */
function figureOf(market: Market, key: Exclude<SortKey, "name">): number | undefined {
  const inUnits = (ticks: number | undefined) =>
    ticks === undefined ? undefined : ticks / 10 ** market.decimals;
  switch (key) {
    case "last":
      return inUnits(market.statistics.day?.last);
    case "bid":
      return inUnits(market.bestBid?.price);
    case "ask":
      return inUnits(market.bestAsk?.price);
    case "volume":
      return market.statistics.day?.volume;
    case "change":
      return changeOf(market);
  }
}

/** The colour of a line through the prices: of where it ends, seen from where it begins. */
export function sparkKind(closes: readonly number[]): "buy" | "sell" | "" {
  const [first = 0, last = first] = [closes[0], closes.at(-1)];
  return last > first ? "buy" : last < first ? "sell" : "";
}

/** The points of a line through the prices, from left to right; a flat one lies in the middle. */
export function sparkPoints(closes: readonly number[]): string {
  const [low, high] = [Math.min(...closes), Math.max(...closes)];
  const { width, height } = SPARK;
  const step = closes.length > 1 ? width / (closes.length - 1) : 0;
  const points = closes.map((price, i) => {
    const part = high === low ? 0.5 : (high - price) / (high - low);
    return `${(i * step).toFixed(1)},${(1 + part * (height - 2)).toFixed(1)}`;
  });
  return points.length === 1 ? `${points[0]} ${width},${points[0].split(",")[1]}` : points.join(" ");
}
