// One symbol's part of the feed: its streams, made when somebody first asks for them, and the history of its trades.
//
// Who watches quotes and trades sees a trade after the quote that stood before it: the first trade of a command sends out the
// trades that wait, then that quote, and waits itself. So a batch says  quote, trades, quote, trades, ..., depth, quote.
// Of a batch with more such trades than FLUSHES_MAX the quotes in between are left out, and counted; the trades never.

import { CANDLE_INTERVALS_S, type Channel, type Instrument } from "../../protocol/index.ts";
import type { DayBook, DayStatistics } from "../day-book.ts";
import { DepthStream, QuoteStream } from "./book-streams.ts";
import type { MarketSource } from "./market-source.ts";
import type { StreamFigures } from "./outbox.ts";
import { InstrumentStream, StatisticsStream } from "./picture-streams.ts";
import type { QueueStream } from "./queue-stream.ts";
import type { Trade } from "./recent-trades.ts";
import type { MarketStream } from "./stream.ts";
import { CandleStream, type TradedSymbol, TradeHistory, TradeStream } from "./trade-streams.ts";

/** Channels whose changes are said at the end of a batch, in this order. */
const BATCH_CHANNELS = ["trades", "depth", "quotes"] as const;
/** Those that are said less often. */
const SLOW_CHANNELS = ["candles", "statistics"] as const;
/** The channels of a symbol. */
export const MARKET_CHANNELS = [
  ...BATCH_CHANNELS,
  ...SLOW_CHANNELS,
  "instruments",
] as const satisfies readonly Channel[];
export type MarketChannel = (typeof MARKET_CHANNELS)[number];

/** Quotes that trades send out in one batch: a burst is told as it was, and a storm has no more messages than its pace. */
const FLUSHES_MAX = 4;

/** What all symbols of a publisher share. */
export interface SymbolParts {
  readonly source: MarketSource;
  readonly days: DayBook;
  readonly figures: StreamFigures;
}

export class SymbolFeed implements TradedSymbol {
  readonly number: number;
  readonly name: string;
  readonly decimals: number;
  sequence = 0;
  history: TradeHistory | undefined;
  /** Queues that somebody looks at. */
  readonly queues = new Set<QueueStream>();
  /** Whether the current command has events of it. */
  isTouched = false;
  /** Whether events of the current batch may have changed its book or its trades. */
  isChanged = false;
  /** Whether slow streams may have something to say: it has traded, or the book of a queue has changed. */
  isSlowChanged = false;
  readonly #source: MarketSource;
  readonly #days: DayBook;
  readonly #figures: StreamFigures;
  readonly #streams = new Map<MarketChannel, readonly MarketStream[]>();
  #trades: TradeStream | undefined;
  #quotes: QuoteStream | undefined;
  #flushesLeft = FLUSHES_MAX;

  constructor(number: number, instrument: Instrument, { source, days, figures }: SymbolParts) {
    this.number = number;
    this.name = instrument.name;
    this.decimals = instrument.priceDecimals;
    this.#source = source;
    this.#days = days;
    this.#figures = figures;
  }

  get day(): Readonly<DayStatistics> {
    return this.#days.of(this.number);
  }

  get since_us(): number {
    return this.#days.began_us;
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
    const trades = this.#trades;
    if (trades?.isWatched !== true) return;
    if (this.#quotes?.isWatched) this.#flushQuote(trades, this.#quotes);
    trades.onTrade(trade);
  }

  /** A command with events of it was applied; the book may be read. */
  endCommand(): void {
    if (this.#quotes?.isWatched && this.#trades?.isWatched) this.#quotes.stand();
  }

  /** Publishes what the batch changed. */
  flush(): void {
    this.isChanged = false;
    this.#flushesLeft = FLUSHES_MAX;
    this.#forEachWatched(BATCH_CHANNELS, (stream) => stream.flush());
  }

  flushSlow(): void {
    this.isSlowChanged = false;
    this.#forEachWatched(SLOW_CHANNELS, (stream) => stream.flush());
    for (const queue of this.queues) queue.flush();
  }

  /** Whether it trades may be another. */
  flushStatus(): void {
    this.#forEachWatched(["instruments"], (stream) => stream.flush());
  }

  /** The source's state was replaced: takes the new one. */
  begin(): void {
    this.isChanged = false;
    this.isSlowChanged = false;
    this.#forEachWatched(MARKET_CHANNELS, (stream) => stream.begin());
    for (const queue of this.queues) queue.begin();
  }

  renew(): void {
    this.#forEachWatched(MARKET_CHANNELS, (stream) => stream.renew());
    for (const queue of this.queues) queue.renew();
  }

  #flushQuote(trades: TradeStream, quotes: QuoteStream): void {
    if (!quotes.waits) return;
    if (this.#flushesLeft === 0) {
      this.#figures.conflated += quotes.leaveOut();
      return;
    }
    this.#flushesLeft--;
    trades.flush();
    quotes.flushStanding();
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
        this.#quotes = new QuoteStream(this, this.#source);
        return [this.#quotes];
      case "trades":
        this.#trades = new TradeStream(this);
        return [this.#trades];
      case "statistics":
        return [new StatisticsStream(this)];
      case "instruments":
        return [new InstrumentStream(this, this.#source)];
      case "candles":
        return CANDLE_INTERVALS_S.map((_, interval) => new CandleStream(this, interval));
    }
  }
}
