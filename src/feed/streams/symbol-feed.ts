// One symbol's part of the feed: its streams, made when somebody first asks for them, and the history of its trades.

import { CANDLE_INTERVALS_S, type Channel, type Instrument } from "../../protocol/index.ts";
import { DepthStream, QuoteStream } from "./book-streams.ts";
import type { MarketSource } from "./market-source.ts";
import type { Trade } from "./recent-trades.ts";
import type { MarketStream } from "./stream.ts";
import { CandleStream, type TradedSymbol, TradeHistory, TradeStream } from "./trade-streams.ts";

/** Channels whose changes are said at the end of a batch, in this order. */
const BATCH_CHANNELS = ["trades", "depth", "quotes"] as const;
/** The channels of a symbol. */
export const MARKET_CHANNELS = [...BATCH_CHANNELS, "candles"] as const satisfies readonly Channel[];
export type MarketChannel = (typeof MARKET_CHANNELS)[number];

export class SymbolFeed implements TradedSymbol {
  readonly number: number;
  readonly name: string;
  readonly decimals: number;
  sequence = 0;
  history: TradeHistory | undefined;
  /** Whether events of the current batch may have changed its book or its trades. */
  isChanged = false;
  /** Whether it has traded since its candles were said. */
  hasTraded = false;
  readonly #source: MarketSource;
  readonly #streams = new Map<MarketChannel, readonly MarketStream[]>();
  #trades: TradeStream | undefined;

  constructor(number: number, instrument: Instrument, source: MarketSource) {
    this.number = number;
    this.name = instrument.name;
    this.decimals = instrument.priceDecimals;
    this.#source = source;
  }

  /** The streams of a channel: five of candles, one of every other. */
  streams(channel: MarketChannel): readonly MarketStream[] {
    let streams = this.#streams.get(channel);
    if (streams === undefined) {
      streams = this.#create(channel);
      this.#streams.set(channel, streams);
    }
    return streams;
  }

  onTrade(trade: Trade): void {
    this.history ??= new TradeHistory();
    this.history.add(trade);
    if (this.#trades?.isWatched) this.#trades.onTrade(trade);
  }

  /** Publishes what the batch changed. */
  flush(): void {
    this.isChanged = false;
    this.#forEachWatched(BATCH_CHANNELS, (stream) => stream.flush());
  }

  flushCandles(): void {
    this.hasTraded = false;
    this.#forEachWatched(["candles"], (stream) => stream.flush());
  }

  /** The source's state was replaced: takes the new one. */
  begin(): void {
    this.isChanged = false;
    this.hasTraded = false;
    this.#forEachWatched(MARKET_CHANNELS, (stream) => stream.begin());
  }

  renew(): void {
    this.#forEachWatched(MARKET_CHANNELS, (stream) => stream.renew());
  }

  #forEachWatched(channels: readonly MarketChannel[], visit: (stream: MarketStream) => void): void {
    for (const channel of channels) {
      for (const stream of this.#streams.get(channel) ?? []) if (stream.isWatched) visit(stream);
    }
  }

  #create(channel: MarketChannel): readonly MarketStream[] {
    switch (channel) {
      case "depth":
        return [new DepthStream(this, this.#source)];
      case "quotes":
        return [new QuoteStream(this, this.#source)];
      case "trades":
        this.#trades = new TradeStream(this);
        return [this.#trades];
      case "candles":
        return CANDLE_INTERVALS_S.map((_, interval) => new CandleStream(this, interval));
    }
  }
}
