// The course of a ticks/1 client over its connections, as decisions alone: times are microseconds of any one monotonic clock, chance
// is passed in. Who drives it tells what happened, and calls `check` at `dueAt_us`.
//
//   connecting ─ opened ─► open ─ heard ─► live       quiet: nothing accepted for 3 s; silent for 30 s: given up
//       ▲                    └──────┬────────┘
//       └──── waited ◄── waiting ◄──┘ lost (as `connecting`)         stop, or too many attempts ─► stopped
//
// After the n-th failure in a row, n from 0, it waits min(30 s, 100 ms * 2^n), of which chance takes up to half.

import { type BackoffTerms, backoff } from "../../../base/index.ts";

/** In microseconds, as the specification of ticks/1 says. */
const WAITS: BackoffTerms = { min: 100_000, max: 30_000_000, spreadFrom: 0.5 };
/** A connection that got a frame and stood so long has got on: failures before it are forgotten. */
const STEADY_US = 5_000_000;
const US_PER_MS = 1_000;

export const TickState = {
  Connecting: "connecting",
  /** It stands, and no frame has been accepted yet. */
  Open: "open",
  Live: "live",
  /** Until it connects again. */
  Waiting: "waiting",
  Stopped: "stopped",
} as const;
export type TickState = (typeof TickState)[keyof typeof TickState];

/** What `check` finds due. */
export const TickDuty = { None: 0, Connect: 1, ConnectTimeout: 2, Quiet: 3, Liveness: 4 } as const;
export type TickDuty = (typeof TickDuty)[keyof typeof TickDuty];

export interface TickCourseTerms {
  readonly connectTimeout_ms: number;
  readonly quiet_ms: number;
  readonly liveness_ms: number;
  /** Attempts in a row that lead to no connection that gets on; Infinity: never too many. */
  readonly maxAttempts: number;
  /** From 0 up to but not including 1. */
  readonly chance: () => number;
}

export class TickCourse {
  readonly #terms: TickCourseTerms;
  #state: TickState = TickState.Connecting;
  /** When this state began. */
  #since_us: number;
  #opened_us = 0;
  #heard_us = 0;
  #waitEnds_us = 0;
  #isQuiet = false;
  /** Failures in a row, for the wait; attempts in a row, for the end. */
  #failures = 0;
  #attempts = 1;

  /** It begins with an attempt to connect. */
  constructor(terms: TickCourseTerms, now_us: number) {
    this.#terms = terms;
    this.#since_us = now_us;
  }

  get state(): TickState {
    return this.#state;
  }

  /** Nothing was accepted for `quiet_ms`. */
  get isQuiet(): boolean {
    return this.#isQuiet;
  }

  /** The connection stands. */
  opened(now_us: number): void {
    if (this.#state !== TickState.Connecting) return;
    this.#become(TickState.Open, now_us);
    this.#opened_us = now_us;
    this.#heard_us = now_us;
  }

  /** A frame was accepted; bytes that make none don't count. */
  heard(now_us: number): void {
    if (this.#state === TickState.Open) this.#become(TickState.Live, now_us);
    this.#heard_us = now_us;
    this.#isQuiet = false;
  }

  /** The connection is gone, or never came about: from now on it waits, or has stopped. */
  lost(now_us: number): void {
    if (this.#state === TickState.Stopped || this.#state === TickState.Waiting) return;
    if (this.#state === TickState.Live && now_us - this.#opened_us >= STEADY_US) {
      this.#failures = 0;
      this.#attempts = 0;
    }
    this.#isQuiet = false;
    if (this.#attempts >= this.#terms.maxAttempts) return this.stop();
    this.#waitEnds_us = now_us + backoff(this.#failures, WAITS, this.#terms.chance());
    this.#failures += 1;
    this.#become(TickState.Waiting, now_us);
  }

  /** No more connections. */
  stop(): void {
    this.#state = TickState.Stopped;
    this.#isQuiet = false;
  }

  /** When `check` is to be called next; Infinity: never again. */
  get dueAt_us(): number {
    const { connectTimeout_ms, quiet_ms, liveness_ms } = this.#terms;
    if (this.#state === TickState.Connecting) return this.#since_us + connectTimeout_ms * US_PER_MS;
    if (this.#state === TickState.Waiting) return this.#waitEnds_us;
    if (this.#state === TickState.Stopped) return Number.POSITIVE_INFINITY;
    const silence_ms = this.#isQuiet ? liveness_ms : Math.min(quiet_ms, liveness_ms);
    return this.#heard_us + silence_ms * US_PER_MS;
  }

  /** What is due now; what it says is as good as done, but that a timeout's connection is still to be ended and `lost`. */
  check(now_us: number): TickDuty {
    if (now_us < this.dueAt_us) return TickDuty.None;
    if (this.#state === TickState.Connecting) return TickDuty.ConnectTimeout;
    if (this.#state === TickState.Waiting) {
      this.#become(TickState.Connecting, now_us);
      this.#attempts += 1;
      return TickDuty.Connect;
    }
    if (now_us - this.#heard_us >= this.#terms.liveness_ms * US_PER_MS) return TickDuty.Liveness;
    this.#isQuiet = true;
    return TickDuty.Quiet;
  }

  #become(state: TickState, now_us: number): void {
    this.#state = state;
    this.#since_us = now_us;
  }
}
