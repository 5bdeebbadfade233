// What a latency tracker is told of ticks/1: trades and quotes, by their timestamps and, when the rate is known, by their numbers.

import type { Clock } from "../../../base/index.ts";
import type { FeedLatency } from "../../latency/feed-latency.ts";
import type { TickListener } from "./listener.ts";
import type { Tick } from "./tick.ts";
import { tickTimestamp_us } from "./timestamp.ts";

const ROUND = 2 ** 32;

export class TickLatencyListener implements TickListener {
  readonly #latency: FeedLatency;
  readonly #clock: Clock;
  /** Numbers of the wire go round; these don't, and a step back from the first leaves them positive. */
  #number = ROUND;
  #last = 0;

  constructor(latency: FeedLatency, clock: Clock) {
    this.#latency = latency;
    this.#clock = clock;
  }

  onTrade(tick: Tick): void {
    this.#heard(tick);
  }

  onQuote(tick: Tick): void {
    this.#heard(tick);
  }

  /** The next connection numbers anew. */
  onStale(): void {
    this.#number = ROUND;
    this.#last = 0;
    this.#latency.restartSchedule();
  }

  #heard(tick: Tick): void {
    const sequence = tick.sequence | 0;
    this.#number += (sequence - this.#last) | 0;
    this.#last = sequence;
    this.#latency.received(this.#number, tickTimestamp_us(tick), this.#clock.wallMicros());
  }
}
