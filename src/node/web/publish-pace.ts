// How often the publisher says what changed: after a pause at once, then at most once in PUBLISH_INTERVAL_US. The copy of the
// exchange moves in small turns, a thousand or more in a second; saying each of them to each subscriber would cost far more
// than it tells, because levels, quotes and candles that change in between are conflated. Order messages don't wait.

import type { Clock, RecordBuffer } from "../../base/index.ts";
import type { Publisher } from "../../feed/index.ts";
import type { EventListener } from "./follower.ts";

/** 50 times in a second: about what a screen shows. It bounds what market data is late by. */
const PUBLISH_INTERVAL_US = 20_000;

export class PublishPace implements EventListener {
  readonly publisher: Publisher;
  readonly #clock: Clock;
  #published_us = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(publisher: Publisher, clock: Clock) {
    this.publisher = publisher;
    this.#clock = clock;
  }

  onEvents(events: RecordBuffer, timestamp_us: number): void {
    this.publisher.onEvents(events, timestamp_us);
  }

  onReset(): void {
    this.publisher.onReset();
  }

  flush(): void {
    if (this.#timer !== undefined) return;
    const wait_us = this.#published_us + PUBLISH_INTERVAL_US - this.#clock.monotonicMicros();
    if (wait_us <= 0) this.#publish();
    else this.#timer = setTimeout(() => this.#publish(), Math.ceil(wait_us / 1000));
  }

  /** Says what is left; nothing follows. */
  finish(): void {
    clearTimeout(this.#timer);
    this.#publish();
  }

  #publish(): void {
    this.#timer = undefined;
    this.#published_us = this.#clock.monotonicMicros();
    this.publisher.flush();
  }
}
