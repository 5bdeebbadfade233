// Measures the stages of single commands: one per batch at most, and no more often than every MEASURED_EVERY_NS, so that
// it costs a few looks at the clock per batch and a count per command. Which one of a batch is taken goes round, so that the
// first, which finds cold caches, and the last, which has waited longest, are met as often as any other.
//
//   arrived ──receive── its turn ──decode── in its slot ──sequence── in the order ──match── applied ──encode── answered
//
// Decoding begins where the command before it was done, or with the piece of bytes that it came in.

import type { StageTimes } from "./stage-times.ts";

/** 5,000 commands a second tell percentiles apart, and cost less than a thousandth of a core. */
const MEASURED_EVERY_NS = 200_000;
/** Steps through the places of a batch: odd and large, so that batches of equal size are met everywhere. */
const STEP = 40_503;
const STEPS = 65_536;
const NONE = -1;

/** Nanoseconds of a monotonic clock. */
export type Nanos = () => number;

export class CommandTimer {
  readonly #times: StageTimes["write"];
  readonly #now_ns: Nanos;
  /** When the bytes being taken apart came in; NONE: none are. */
  #arrived_ns = NONE;
  /** The end of the stage before. */
  #mark_ns = 0;
  #measured_ns = Number.NEGATIVE_INFINITY;
  /** Commands of this batch up to the measured one. */
  #left = 0;
  #step = 0;
  #lastSize = 1;

  constructor(times: StageTimes["write"], now_ns: Nanos) {
    this.#times = times;
    this.#now_ns = now_ns;
  }

  /** Bytes have come in: the commands that follow were in them. */
  arrived(): void {
    this.#arrived_ns = this.#now_ns();
    this.#mark_ns = this.#arrived_ns;
  }

  /** Those bytes have been taken apart. */
  taken(): void {
    this.#arrived_ns = NONE;
  }

  /** The first command of a batch is about to be committed; returns when the batch's first bytes came in. */
  begin(): number {
    if (this.#arrived_ns === NONE) this.#mark_ns = this.#now_ns();
    const arrived_ns = this.#arrived_ns === NONE ? this.#mark_ns : this.#arrived_ns;
    const isTooSoon = arrived_ns - this.#measured_ns < MEASURED_EVERY_NS;
    this.#step = (this.#step + STEP) % STEPS;
    this.#left = isTooSoon ? 0 : 1 + (this.#step % this.#lastSize);
    return arrived_ns;
  }

  /** Whether the command about to be committed is measured: `decoded` to `encoded` are called for it. */
  get isDue(): boolean {
    return this.#left === 1;
  }

  /** A command that came in no bytes was neither received nor decoded. */
  decoded(): void {
    if (this.#arrived_ns === NONE) {
      this.#lap();
      return;
    }
    this.#times.receive.record(this.#mark_ns - this.#arrived_ns);
    this.#times.decode.record(this.#lap());
  }

  sequenced(): void {
    this.#times.sequence.record(this.#lap());
  }

  applied(): void {
    this.#times.match.record(this.#lap());
  }

  encoded(): void {
    this.#times.encode.record(this.#lap());
    this.#measured_ns = this.#mark_ns;
  }

  /** A command was committed. */
  passed(): void {
    this.#left--;
    if (this.#left === 1) this.#mark_ns = this.#now_ns();
  }

  /** The batch is over, and had `commands`. */
  end(commands: number): void {
    this.#lastSize = commands;
  }

  #lap(): number {
    const before_ns = this.#mark_ns;
    this.#mark_ns = this.#now_ns();
    return this.#mark_ns - before_ns;
  }
}
