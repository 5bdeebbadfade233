// The latency of a feed's messages, measured in two ways:
//
//   by exchange timestamp   from the moment the message says it was made until it was received
//   by scheduled time       from the moment it was due at the feed's rate, when that is known, until it was received
//
// The first alone hides stalls: a sender that stops for a second makes no messages in it, and those it makes afterwards are stamped
// afterwards and look fast. By schedule each of them is late by what is left of the second. (This is coordinated omission.)
// A schedule is told in numbers: message n is due n - 1 intervals after the first, and one that was lost leaves the others' times alone.

import { LatencyTracker } from "./latency-tracker.ts";

const US_PER_S = 1_000_000;
const NS_PER_US = 1_000;

/** Latencies of one feed, in nanoseconds, by exchange timestamp and by schedule. */
export class FeedLatency {
  readonly byTimestamp = new LatencyTracker();
  readonly byScheduled = new LatencyTracker();
  readonly #interval_us: number;
  #first = -1;
  #firstDue_us = 0;

  /** `messagesPerSecond`: the feed's rate; without it nothing has a schedule, and `byScheduled` stays empty. */
  constructor(messagesPerSecond = 0) {
    this.#interval_us = messagesPerSecond > 0 ? US_PER_S / messagesPerSecond : 0;
  }

  /**
   * One message. `number` counts the feed's messages, those that were lost too (a sequence number); both times are wall
   * time in microseconds, fractions allowed. The first message is on time by definition: it was due when it was stamped.
   */
  received(number: number, timestamp_us: number, now_us: number): void {
    this.byTimestamp.record((now_us - timestamp_us) * NS_PER_US);
    if (this.#interval_us === 0) return;
    if (this.#first < 0) {
      this.#first = number;
      this.#firstDue_us = timestamp_us;
    }
    const due_us = this.#firstDue_us + (number - this.#first) * this.#interval_us;
    this.byScheduled.record((now_us - due_us) * NS_PER_US);
  }

  /** Begins anew, with the next message as the first: also after a reconnect, where numbers begin again. */
  reset(): void {
    this.byTimestamp.reset();
    this.byScheduled.reset();
    this.restartSchedule();
  }

  /** The next message is on time by definition, and what was measured stays: numbers have begun again. */
  restartSchedule(): void {
    this.#first = -1;
  }
}
