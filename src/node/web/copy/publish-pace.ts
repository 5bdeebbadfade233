// How often the publisher says what changed: after a pause at once, then at its pace. The copy of the exchange moves in small
// turns, a thousand or more in a second; saying each of them to each subscriber would cost far more than it tells, because
// levels, quotes and candles that change in between are conflated. Order messages don't wait.

import type { Clock, RecordBuffer } from "../../../base/index.ts";
import type { Publisher } from "../../../feed/index.ts";
import type { EventListener } from "./follower.ts";

/** Trades, depth and quotes: up to 50 times in a second, about what a screen shows. */
const BOOK_INTERVAL_US = 20_000;
/** Candles, of which a trade changes five, statistics and queues: nobody sees one of them move more often. */
const SLOW_INTERVAL_US = 200_000;
/**
 * A round of telling, with all that the thread did until the next one, takes one part in so many of a core: many subscribers
 * are told less often, instead of taking the processor from those who trade.
 */
const BUSY_PARTS = 16;
/** However busy the thread is; with the turns of writing, it bounds what trades, depth and quotes are late by. */
const INTERVAL_MAX_US = 200_000;

export class PublishPace implements EventListener {
  readonly publisher: Publisher;
  readonly #books: Pace;
  readonly #slow: Pace;

  /** `busyMicros`: how long the calling thread has had a processor since it began. */
  constructor(publisher: Publisher, clock: Clock, busyMicros: () => number) {
    this.publisher = publisher;
    this.#books = new Pace(BOOK_INTERVAL_US, clock, busyMicros, () => publisher.flush());
    this.#slow = new Pace(SLOW_INTERVAL_US, clock, busyMicros, () => publisher.flushSlow());
  }

  /** Of what is told here only an account's orders don't wait for the pace. */
  get isAwaited(): boolean {
    return this.publisher.orders.isOpen;
  }

  onEvents(events: RecordBuffer, timestamp_us: number): void {
    this.publisher.onEvents(events, timestamp_us);
  }

  endCommand(words: Int32Array, at: number): void {
    this.publisher.endCommand(words, at);
  }

  onReset(): void {
    this.publisher.onReset();
  }

  flush(): void {
    this.#books.ask();
    this.#slow.ask();
  }

  /** Says what is left; nothing follows. */
  finish(): void {
    this.#books.finish();
    this.#slow.finish();
  }
}

/** Does something when it is asked for, at most once in an interval, and never drops what was asked last. The interval is at
 * least what it was given, and as much longer as the thread's last one was full of work. */
class Pace {
  readonly #least_us: number;
  readonly #clock: Clock;
  readonly #busyMicros: () => number;
  readonly #act: () => void;
  #interval_us: number;
  #acted_us = Number.NEGATIVE_INFINITY;
  #busy_us: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(least_us: number, clock: Clock, busyMicros: () => number, act: () => void) {
    this.#least_us = least_us;
    this.#interval_us = least_us;
    this.#clock = clock;
    this.#busyMicros = busyMicros;
    this.#busy_us = busyMicros();
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
    const now_us = this.#clock.monotonicMicros();
    const busy_us = this.#busyMicros();
    const share = (busy_us - this.#busy_us) / (now_us - this.#acted_us);
    const wanted_us = this.#interval_us * share * BUSY_PARTS;
    this.#interval_us = Math.max(this.#least_us, Math.min(wanted_us, INTERVAL_MAX_US));
    this.#acted_us = now_us;
    this.#busy_us = busy_us;
    this.#act();
  }
}
