// Streams whose messages are whole pictures: the statistics of a symbol's day, and whether it trades.

import {
  DAY_CLOSES_MAX,
  type DayEntry,
  formatPrice,
  InstrumentStatus,
  instrumentText,
  type MarketHead,
  statisticsText,
} from "../../protocol/index.ts";
import type { DayStatistics } from "../day-book.ts";
import type { MarketSource } from "./market-source.ts";
import { MarketStream, type SymbolState } from "./stream.ts";
import type { TradedSymbol } from "./trade-streams.ts";

/** The candles whose closes a snapshot of the day has: an index of CANDLE_INTERVALS_S, ten seconds. */
const CLOSES_INTERVAL = 1;

export class StatisticsStream extends MarketStream {
  declare protected readonly symbol: TradedSymbol;
  /** Trades of the day that clients know of, and when it began. */
  #trades = 0;
  #since_us = 0;

  constructor(symbol: TradedSymbol) {
    super(symbol, "conflated");
  }

  flush(): void {
    const { day } = this.symbol;
    // Of days without trades nothing is said but that they are empty.
    if (day.trades === this.#trades && (day.trades === 0 || day.since_us === this.#since_us)) return;
    this.capture();
    this.publish(statisticsText(this.next(), dayEntry(day, this.symbol.decimals)));
  }

  protected capture(): void {
    const { day } = this.symbol;
    this.#trades = day.trades;
    this.#since_us = day.since_us;
  }

  protected format(head: MarketHead): string {
    const { history, day, decimals } = this.symbol;
    const closes = history?.candles[CLOSES_INTERVAL].closes(DAY_CLOSES_MAX, decimals) ?? [];
    return statisticsText(head, dayEntry(day, decimals), closes);
  }
}

function dayEntry(day: Readonly<DayStatistics>, decimals: number): DayEntry {
  if (day.trades === 0) return NO_TRADES;
  return {
    since: String(day.since_us),
    open: formatPrice(day.open, decimals),
    high: formatPrice(day.high, decimals),
    low: formatPrice(day.low, decimals),
    last: formatPrice(day.last, decimals),
    volume: day.volume,
    trades: day.trades,
    time: String(day.last_us),
  };
}

const NO_TRADES: DayEntry = {
  ...{ since: null, open: null, high: null, low: null, last: null },
  ...{ volume: 0, trades: 0, time: null },
};

export class InstrumentStream extends MarketStream {
  readonly #source: MarketSource;
  #status: InstrumentStatus = InstrumentStatus.Trading;

  constructor(symbol: SymbolState, source: MarketSource) {
    super(symbol, "conflated");
    this.#source = source;
  }

  flush(): void {
    if (this.#source.statusOf(this.symbol.number) === this.#status) return;
    this.capture();
    this.publish(this.format(this.next()));
  }

  protected capture(): void {
    this.#status = this.#source.statusOf(this.symbol.number);
  }

  protected format(head: MarketHead): string {
    return instrumentText(head, this.#status);
  }
}
