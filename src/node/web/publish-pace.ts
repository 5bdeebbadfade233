// How often the publisher says what changed: after a pause at once, then at its pace. The copy of the exchange moves in small
// turns, a thousand or more in a second; saying each of them to each subscriber would cost far more than it tells, because
// levels, quotes and candles that change in between are conflated. Order messages don't wait.

import type { Clock, RecordBuffer } from "../../base/index.ts";
import type { Publisher } from "../../feed/index.ts";
import type { EventListener } from "./follower.ts";

/** Trades, depth and quotes: 50 times in a second, about what a screen shows. It bounds what they are late by. */
const BOOK_INTERVAL_US = 20_000;
/** Candles, of which a trade changes five: nobody sees one of them move more often. */
const CANDLE_INTERVAL_US = 200_000;

export class PublishPace implements EventListener {
  readonly publisher: Publisher;
  readonly #books: Pace;
  readonly #candles: Pace;

  constructor(publisher: Publisher, clock: Clock) {
    this.publisher = publisher;
    this.#books = new Pace(BOOK_INTERVAL_US, clock, () => publisher.flush());
    this.#candles = new Pace(CANDLE_INTERVAL_US, clock, () => publisher.flushCandles());
  }

  onEvents(events: RecordBuffer, timestamp_us: number): void {
    this.publisher.onEvents(events, timestamp_us);
  }

  onReset(): void {
    this.publisher.onReset();
  }

  flush(): void {
    this.#books.ask();
    this.#candles.ask();
  }

  /** Says what is left; nothing follows. */
  finish(): void {
    this.#books.finish();
    this.#candles.finish();
  }
}

/** Does something when it is asked for, at most once in an interval, and never drops what was asked last. */
class Pace {
  readonly #interval_us: number;
  readonly #clock: Clock;
  readonly #act: () => void;
  #acted_us = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(interval_us: number, clock: Clock, act: () => void) {
    this.#interval_us = interval_us;
    this.#clock = clock;
    this.#act = act;
  }

  ask(): void {
    if (this.#timer !== undefined) return;
    const wait_us = this.#acted_us + this.#interval_us - this.#clock.monotonicMicros();
    if (wait_us <= 0) this.#do();
    else this.#timer = setTimeout(() => this.#do(), Math.ceil(wait_us / 1000));
  }

  finish(): void {
    clearTimeout(this.#timer);
    this.#do();
  }

  #do(): void {
    this.#timer = undefined;
    this.#acted_us = this.#clock.monotonicMicros();
    this.#act();
  }
}
