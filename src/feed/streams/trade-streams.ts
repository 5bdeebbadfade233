// The streams that trades make: the trades themselves, and candles. The history behind them is kept whether somebody listens
// or not, from the symbol's first trade on: 3,700 bytes of trades and 72,000 of candles.

import {
  CANDLE_INTERVALS_S,
  candlesText,
  type MarketHead,
  type TradeEntry,
  tradesText,
} from "../../protocol/index.ts";
import type { DayStatistics } from "../day-book.ts";
import { CandleSeries } from "./candles.ts";
import { RecentTrades, type Trade, tradeEntry } from "./recent-trades.ts";
import { MarketStream, type SymbolState } from "./stream.ts";

/** Trades in one message: about 50 kB. A command that sweeps more makes several. */
const TRADES_PER_MESSAGE_MAX = 500;

/** What is remembered of a symbol's trades. */
export class TradeHistory {
  readonly recent = new RecentTrades();
  readonly candles = CANDLE_INTERVALS_S.map((interval_s) => new CandleSeries(interval_s));

  add(trade: Trade): void {
    const { timestamp_us, price, quantity } = trade;
    this.recent.add(trade);
    for (const series of this.candles) series.add(timestamp_us, price, quantity);
  }
}

/** What finds a symbol's history: there is none before its first trade. */
export interface TradedSymbol extends SymbolState {
  readonly history: TradeHistory | undefined;
  readonly day: Readonly<DayStatistics>;
  /** What was traded before is missing in its history. */
  readonly since_us: number;
}

export class TradeStream extends MarketStream {
  declare protected readonly symbol: TradedSymbol;
  /** Since the last message. */
  #trades: TradeEntry[] = [];

  constructor(symbol: TradedSymbol) {
    super(symbol, "trades");
  }

  /** A trade that the history holds already. */
  onTrade(trade: Trade): void {
    this.#trades.push(tradeEntry(trade, this.symbol.decimals));
    if (this.#trades.length === TRADES_PER_MESSAGE_MAX) this.flush();
  }

  override begin(): void {
    this.flush();
    super.begin();
  }

  flush(): void {
    if (this.#trades.length === 0) return;
    const trades = this.#trades;
    this.#trades = [];
    this.publish(tradesText(this.next(), trades));
  }

  /** The history is the state. */
  protected capture(): void {}

  protected format(head: MarketHead): string {
    // What has not been said yet comes in the next message.
    const unsaid = this.#trades.length;
    return tradesText(head, this.symbol.history?.recent.entries(this.symbol.decimals, unsaid) ?? []);
  }
}

export class CandleStream extends MarketStream {
  declare protected readonly symbol: TradedSymbol;
  /** An index of CANDLE_INTERVALS_S. */
  readonly #interval: number;

  constructor(symbol: TradedSymbol, interval: number) {
    super(symbol, "conflated");
    this.#interval = interval;
  }

  flush(): void {
    const changed = this.#series?.takeChanges(this.symbol.decimals) ?? [];
    if (changed.length > 0) this.publish(candlesText(this.next(), this.#interval_s, changed));
  }

  protected capture(): void {
    this.#series?.takeChanges(this.symbol.decimals);
  }

  protected format(head: MarketHead): string {
    const { decimals, since_us } = this.symbol;
    return candlesText(head, this.#interval_s, this.#series?.entries(decimals) ?? [], since_us);
  }

  get #interval_s(): number {
    return CANDLE_INTERVALS_S[this.#interval];
  }

  get #series(): CandleSeries | undefined {
    return this.symbol.history?.candles[this.#interval];
  }
}
