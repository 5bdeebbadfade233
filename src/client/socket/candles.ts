// One interval's candles, oldest first. Bounded: the oldest go when there are more than anyone scrolls through.

import type { CandleEntry, CandlesMessage } from "../../protocol/index.ts";
import { ticksOf } from "./ticks.ts";

/** Candles kept of an interval: three times what a snapshot holds. */
const CANDLES_MAX = 900;
/** Dropped at once beyond that, so that not every new candle moves the array. */
const CANDLES_DROPPED = 100;

/** Prices in ticks, quantity in lots. */
export interface Candle {
  /** Seconds since 1970. */
  readonly start: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly quantity: number;
}

export class CandleSeries {
  readonly candles: Candle[] = [];
  /** What was traded before is in no candle: the exchange's copy that tells of it began then. Microseconds since 1970; 0 when it isn't said. */
  since_us = 0;
  /** Counts snapshots: a view that has seen another one paints everything anew. */
  generation = 0;
  /** Counts changes. */
  version = 0;
  readonly #decimals: number;

  constructor(decimals: number) {
    this.#decimals = decimals;
  }

  apply({ snapshot, candles, since }: CandlesMessage): void {
    if (snapshot === true) {
      this.since_us = Number(since ?? 0);
      this.candles.length = 0;
      this.generation++;
    }
    for (const candle of candles) this.#put(this.#candleOf(candle));
    if (this.candles.length > CANDLES_MAX) this.candles.splice(0, CANDLES_DROPPED);
    this.version++;
  }

  /** Changes are of the newest candle or the one before it, so the search is from the end. */
  #put(candle: Candle): void {
    const { candles } = this;
    let at = candles.length;
    while (at > 0 && candles[at - 1].start >= candle.start) at--;
    const replaced = at < candles.length && candles[at].start === candle.start ? 1 : 0;
    candles.splice(at, replaced, candle);
  }

  #candleOf([start, open, high, low, close, quantity]: CandleEntry): Candle {
    const decimals = this.#decimals;
    return {
      start,
      open: ticksOf(open, decimals),
      high: ticksOf(high, decimals),
      low: ticksOf(low, decimals),
      close: ticksOf(close, decimals),
      quantity,
    };
  }
}
