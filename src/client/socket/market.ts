// One symbol's picture: depth, quote, latest trades, candles, its day, the queue at a price, kept from snapshots and changes. Each channel joins its
// messages by `previous`; one that doesn't fit is a gap, and nothing but a snapshot is taken after it.
// Views compare the version counters with what they painted last.

import { SAFE_MAX, U32_MAX } from "../../base/index.ts";
import {
  CANDLE_INTERVALS_S,
  type CandlesMessage,
  type Channel,
  type InstrumentStatusName,
  type LevelEntry,
  type OrderLimits,
  type QuoteMessage,
  type SideName,
  type TradeEntry,
  type TradesMessage,
  type WelcomeInstrument,
} from "../../protocol/index.ts";
import { Book } from "./book.ts";
import { CandleSeries } from "./candles.ts";
import type { MarketMessage } from "./messages.ts";
import { DayPicture, type Queue, queueOf } from "./pictures.ts";
import { ticksOf } from "./ticks.ts";

/** Trades kept; a view shows fewer. */
const TRADES_MAX = 500;
/** Dropped at once beyond that. */
const TRADES_DROPPED = 100;

/** A trade of the market, as told to everybody. */
export interface Trade {
  readonly id: string;
  /** Ticks. */
  readonly price: number;
  /** Lots. */
  readonly quantity: number;
  readonly aggressor: SideName;
  /** Microseconds since 1970. */
  readonly time_us: number;
}

/** The best level of a side: ticks, lots, orders. */
export interface BestLevel {
  readonly price: number;
  readonly quantity: number;
  readonly orders: number;
}

export type MarketChannel = Exclude<Channel, "orders" | "status" | "tape" | "queue">;

/** What is known of one symbol; prices are ticks of 10^-`decimals`, quantities lots. To be read at any time, changed by its owner only. */
export class Market {
  readonly symbol: string;
  /** Digits after the point of its prices. */
  readonly decimals: number;
  /** The price step that people use, in ticks. */
  readonly step: number;
  readonly lot: number;
  /** What the exchange takes of one order. */
  readonly limits: OrderLimits;
  readonly book: Book;
  /** Oldest first. */
  readonly trades: Trade[] = [];
  /** By interval in seconds. */
  readonly candles = new Map<number, CandleSeries>();
  readonly statistics = new DayPicture();
  /** Whether it takes orders; undefined until channel `instruments` has said so. */
  status: InstrumentStatusName | undefined;
  /** The queue that was asked for. */
  queue: Queue | undefined;
  /** Messages that the exchange left out, because this client read slowly. */
  conflated = 0;
  bestBid: BestLevel | null = null;
  bestAsk: BestLevel | null = null;
  /** Count changes of the book, the quote, the trades, the day's statistics, the status and the queue. */
  bookVersion = 0;
  quoteVersion = 0;
  tradesVersion = 0;
  statisticsVersion = 0;
  statusVersion = 0;
  queueVersion = 0;
  /** The last sequence of each stream of messages; one that waits for its snapshot has none. */
  readonly #joined = new Map<string, string>();

  /** `limits`: when left out, what a request can say. */
  constructor(
    { symbol, decimals, tick, lot }: WelcomeInstrument,
    limits: OrderLimits = { maxQuantity: U32_MAX, maxNotional: SAFE_MAX },
  ) {
    this.symbol = symbol;
    this.decimals = decimals;
    this.step = Math.max(1, ticksOf(tick, decimals));
    this.lot = lot;
    this.limits = limits;
    this.book = new Book(decimals);
  }

  /** Whether the exchange says the same of it as of `other`. */
  isListedAs({ symbol, decimals, step, lot, limits: { maxQuantity, maxNotional } }: Market): boolean {
    const isSameName = symbol === this.symbol && decimals === this.decimals;
    const hasSameLimits = maxQuantity === this.limits.maxQuantity && maxNotional === this.limits.maxNotional;
    return isSameName && step === this.step && lot === this.lot && hasSameLimits;
  }

  /** Whether the channel's picture is complete: its snapshot came, and no gap since. */
  isCurrent(channel: MarketChannel | "queue"): boolean {
    return this.sequenceOf(channel) !== undefined;
  }

  /** The sequence of the channel's last message (of candles, of the shortest); undefined while it waits for a snapshot. */
  sequenceOf(channel: MarketChannel | "queue"): string | undefined {
    return this.#joined.get(channel === "candles" ? streamOfCandles(CANDLE_INTERVALS_S[0]) : channel);
  }

  /** Nobody looks at its queue any more. */
  forgetQueue(): void {
    this.queue = undefined;
    this.#joined.delete("queue");
    this.queueVersion++;
  }

  /** Nobody is told of the channel any more: its picture stays to be looked at, as the connection's end leaves all of them. */
  leave(channel: MarketChannel): void {
    if (channel !== "candles") this.#joined.delete(channel);
    else for (const interval of CANDLE_INTERVALS_S) this.#joined.delete(streamOfCandles(interval));
  }

  /** The connection is gone: the picture stays to be looked at, but only snapshots go on from here. */
  disconnect(): void {
    this.#joined.clear();
  }

  /** Takes a message. False when it doesn't follow the last one of its channel: that channel is to be asked for anew. */
  apply(message: MarketMessage): boolean {
    const stream = streamOf(message);
    if (message.snapshot !== true) {
      const last = this.#joined.get(stream);
      // Messages that were under way while a snapshot was asked for.
      if (last === undefined) return true;
      if (message.previous !== last) {
        this.#joined.delete(stream);
        return false;
      }
    }
    this.#joined.set(stream, message.sequence);
    this.conflated += message.conflated ?? 0;
    this.#take(message);
    return true;
  }

  /**
   * Takes a message of a channel that nobody asks for any more: who subscribes and unsubscribes at once has a look. A picture that
   * comes is one of then, and nothing goes on from it; of a queue that was given up nothing is left.
   */
  glance(message: MarketMessage): void {
    if (message.snapshot !== true || message.type === "queue") return;
    this.conflated += message.conflated ?? 0;
    this.#take(message);
  }

  #take(message: MarketMessage): void {
    switch (message.type) {
      case "depth":
        this.book.apply(message);
        this.bookVersion++;
        return;
      case "quote":
        this.#takeQuote(message);
        return;
      case "trades":
        this.#takeTrades(message);
        return;
      case "candles":
        this.#takeCandles(message);
        return;
      case "statistics":
        this.statistics.apply(message, this.decimals);
        this.statisticsVersion++;
        return;
      case "instrument":
        this.status = message.status;
        this.statusVersion++;
        return;
      case "queue":
        this.queue = queueOf(message, this.decimals);
        this.queueVersion++;
    }
  }

  #takeQuote({ bid, ask }: QuoteMessage): void {
    this.bestBid = this.#levelOf(bid);
    this.bestAsk = this.#levelOf(ask);
    this.quoteVersion++;
  }

  #levelOf(level: LevelEntry | null): BestLevel | null {
    if (level === null) return null;
    const [price, quantity, orders] = level;
    return { price: ticksOf(price, this.decimals), quantity, orders };
  }

  #takeTrades({ snapshot, trades }: TradesMessage): void {
    if (snapshot === true) this.trades.length = 0;
    for (const trade of trades) this.trades.push(this.#tradeOf(trade));
    if (this.trades.length > TRADES_MAX + TRADES_DROPPED) {
      this.trades.splice(0, this.trades.length - TRADES_MAX);
    }
    this.tradesVersion++;
  }

  #tradeOf({ id, price, quantity, aggressor, time }: TradeEntry): Trade {
    return { id, price: ticksOf(price, this.decimals), quantity, aggressor, time_us: Number(time) };
  }

  #takeCandles(message: CandlesMessage): void {
    let series = this.candles.get(message.interval);
    if (series === undefined) {
      series = new CandleSeries(this.decimals);
      this.candles.set(message.interval, series);
    }
    series.apply(message);
  }
}

/** Each interval of candles joins its messages by itself. */
function streamOf(message: MarketMessage): string {
  return message.type === "candles" ? streamOfCandles(message.interval) : channelOf(message);
}

function streamOfCandles(interval: number): string {
  return `candles ${interval}`;
}

export function channelOf({ type }: MarketMessage): MarketChannel | "queue" {
  if (type === "quote") return "quotes";
  return type === "instrument" ? "instruments" : type;
}
