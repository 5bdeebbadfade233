// The last 24 hours of an instrument, from its hourly candles. Pure.

import type { Candle, Trade } from "../src/client/socket/index.ts";
import { timeText } from "./words.ts";

export const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;

/** Prices in ticks, quantity in lots. */
export type Day = Omit<Candle, "start">;

/** What the figures of `dayOf` are of: `24 h`, or where what is known begins later, when that was: `since 14:05`. */
export function dayName(since_us: number, now_us: number): string {
  return since_us / 1e6 <= now_us / 1e6 - DAY_S ? "24 h" : `since ${timeText(since_us).slice(0, 5)}`;
}

/**
 * What was traded in the 24 hours up to `now_us` of the exchange's clock, in whole hours; undefined when nothing was. An
 * hour without trades has no candle, so the latest 24 of them may reach far further back. `last`: the latest trade, shown beside
 * it; candles come by themselves, and may not have it yet.
 */
export function dayOf(
  hours: readonly Candle[],
  now_us: number,
  last?: Pick<Trade, "price" | "time_us">,
): Day | undefined {
  const begin_s = now_us / 1e6 - DAY_S;
  const day = hours.filter(({ start }) => start > begin_s);
  const first = day[0];
  if (first === undefined) return undefined;
  const close = last !== undefined && last.time_us / 1e6 > begin_s ? last.price : day[day.length - 1].close;
  return {
    open: first.open,
    high: Math.max(close, ...day.map(({ high }) => high)),
    low: Math.min(close, ...day.map(({ low }) => low)),
    close,
    quantity: day.reduce((total, { quantity }) => total + quantity, 0),
  };
}
