// What the exchange says of a symbol as whole pictures: its day, and the queue at one price.

import {
  DAY_CLOSES_MAX,
  type QueueMessage,
  type SideName,
  type StatisticsMessage,
} from "../../protocol/index.ts";
import { ticksOf } from "./ticks.ts";

/** Microseconds of a span whose closing price is kept. */
const CLOSE_SPAN_US = 10_000_000;

/** What was traded since `since_us`: prices in ticks, volume in lots, times in microseconds since 1970. */
export interface Day {
  readonly since_us: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly last: number;
  readonly volume: number;
  readonly trades: number;
  /** Of the last trade. */
  readonly time_us: number;
}

export class DayPicture {
  /** undefined before the first trade. */
  day: Day | undefined;
  /** Closing prices in ticks, oldest first, of the latest 60 spans of ten seconds that had trades. */
  readonly closes: number[] = [];
  #span = 0;

  apply(message: StatisticsMessage, decimals: number): void {
    const { since, open, high, low, last, time, volume, trades, closes } = message;
    const ticks = (price: string) => ticksOf(price, decimals);
    if (closes !== undefined) {
      this.closes.splice(0, this.closes.length, ...closes.map(ticks));
      this.#span = Math.floor(Number(time) / CLOSE_SPAN_US);
    }
    if (since === null || open === null || high === null || low === null || last === null || time === null) {
      this.day = undefined;
      return;
    }
    const prices = { open: ticks(open), high: ticks(high), low: ticks(low), last: ticks(last) };
    this.day = { since_us: Number(since), ...prices, volume, trades, time_us: Number(time) };
    this.#close(this.day);
  }

  #close({ last, time_us }: Day): void {
    const span = Math.floor(time_us / CLOSE_SPAN_US);
    if (span === this.#span && this.closes.length > 0) this.closes[this.closes.length - 1] = last;
    else this.closes.push(last);
    this.#span = span;
    if (this.closes.length > DAY_CLOSES_MAX) this.closes.shift();
  }
}

/** A price whose queue is looked at, in the instrument's units. */
export interface QueueLevel {
  readonly symbol: string;
  readonly side: SideName;
  readonly price: string;
}

export interface QueuedOrder {
  /** From 1, the first to trade. */
  readonly place: number;
  /** Open lots. */
  readonly quantity: number;
  /** Of the account's own orders. */
  readonly id: string | undefined;
}

/** The orders at one price of a side, the oldest first. */
export interface Queue {
  readonly side: SideName;
  /** Ticks. */
  readonly price: number;
  /** Lots and orders of the whole level. */
  readonly quantity: number;
  readonly orders: number;
  /** The first 100, and those of one's own behind them. */
  readonly queue: readonly QueuedOrder[];
}

export function queueOf({ side, price, quantity, orders, queue }: QueueMessage, decimals: number): Queue {
  const listed = queue.map(([place, open, id]) => ({ place, quantity: open, id }));
  return { side, price: ticksOf(price, decimals), quantity, orders, queue: listed };
}
