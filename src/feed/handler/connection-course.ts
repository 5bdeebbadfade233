// When a feed's connection is opened, given up and opened again, without sockets and timers. Knows no wire: what speaks over the
// connection says when it stands, that something came, and that it is gone. Times are microseconds of any one clock.
//
//   state          event                                      becomes
//   Disconnected   start                                      Connecting, connect now
//   Connecting     the connection stands                      Connected; first traffic is due within the silence
//   Connecting     not there in time, refused                 Reconnecting, after a wait
//   Connected      gone, or silent while something is due     Reconnecting, after a wait
//   Reconnecting   the wait is over                           Connecting, connect now
//   any            stop                                       Disconnected
//
// The wait is doubled after each failure in a row up to a bound and spread by chance, so that the many subscribers of a feed that
// was restarted don't all come in the same instant. A connection that delivers something after it has stood for a while ends the row: one
// that is refused at once, every time, is tried ever less often.

import { backoff } from "../../base/index.ts";

/** The states of a feed's connection, as its user sees them. */
export const FeedState = { Disconnected: 0, Connecting: 1, Connected: 2, Reconnecting: 3 } as const;
export type FeedState = (typeof FeedState)[keyof typeof FeedState];

/** What is to be done about the connection. */
export const CourseStep = {
  None: 0,
  /** Open a connection. */
  Open: 1,
  /** Break off the one that is there or on its way, and then say `lost`. */
  GiveUp: 2,
} as const;
export type CourseStep = (typeof CourseStep)[keyof typeof CourseStep];

export interface ConnectionLimits {
  /** A connection must stand within this. */
  readonly connectTimeout_us: number;
  /** The longest without a byte while something is due: of a stream always, since its heartbeats are far more frequent. */
  readonly silence_us: number;
  /** A connection that delivers something when it has stood for so long has got on. */
  readonly steady_us: number;
  /** The wait after the first failure, and the longest. */
  readonly backoffMin_us: number;
  readonly backoffMax_us: number;
}

/** Heartbeats come every second: three missing ones are no accident. */
export const CONNECTION_LIMITS: ConnectionLimits = {
  connectTimeout_us: 5_000_000,
  silence_us: 3_500_000,
  steady_us: 5_000_000,
  backoffMin_us: 100_000,
  backoffMax_us: 10_000_000,
};

/** Waits are at least so much of what the doubling says; the rest is chance. */
const SPREAD_FROM = 0.75;

export class ConnectionCourse {
  state: FeedState = FeedState.Disconnected;
  /** Connections that stood, in all. */
  connections = 0;
  readonly #limits: ConnectionLimits;
  readonly #chance: () => number;
  readonly #isStream: boolean;
  #failures = 0;
  #opened_us = 0;
  #deadline_us = Number.POSITIVE_INFINITY;

  /** `chance`: from 0 up to but not including 1, each time another. `isStream`: something is always due. */
  constructor(isStream: boolean, chance: () => number, limits: ConnectionLimits = CONNECTION_LIMITS) {
    this.#isStream = isStream;
    this.#chance = chance;
    this.#limits = limits;
  }

  /** When `due` has something to say next. */
  get deadline_us(): number {
    return this.#deadline_us;
  }

  /** Begins; the answer is Open. */
  start(now_us: number): CourseStep {
    this.#failures = 0;
    return this.#open(now_us);
  }

  stop(): void {
    this.state = FeedState.Disconnected;
    this.#deadline_us = Number.POSITIVE_INFINITY;
  }

  /** The connection stands. */
  opened(now_us: number): void {
    this.state = FeedState.Connected;
    this.connections++;
    this.#opened_us = now_us;
    this.#deadline_us = this.#isStream ? now_us + this.#limits.silence_us : Number.POSITIVE_INFINITY;
  }

  /** An answer is due from now on. */
  asked(now_us: number): void {
    const isWaiting = this.state !== FeedState.Connected || this.#deadline_us !== Number.POSITIVE_INFINITY;
    if (!isWaiting) this.#deadline_us = now_us + this.#limits.silence_us;
  }

  /** Something of the feed came. */
  heard(now_us: number): void {
    if (now_us - this.#opened_us >= this.#limits.steady_us) this.#failures = 0;
    this.#deadline_us = this.#isStream ? now_us + this.#limits.silence_us : Number.POSITIVE_INFINITY;
  }

  /** The connection is gone, or never came about. */
  lost(now_us: number): void {
    if (this.state === FeedState.Disconnected) return;
    const { backoffMin_us: min, backoffMax_us: max } = this.#limits;
    this.state = FeedState.Reconnecting;
    this.#deadline_us =
      now_us + backoff(this.#failures++, { min, max, spreadFrom: SPREAD_FROM }, this.#chance());
  }

  /** What the time asks for. */
  due(now_us: number): CourseStep {
    if (now_us < this.#deadline_us) return CourseStep.None;
    if (this.state === FeedState.Reconnecting) return this.#open(now_us);
    this.#deadline_us = Number.POSITIVE_INFINITY;
    return CourseStep.GiveUp;
  }

  #open(now_us: number): CourseStep {
    this.state = FeedState.Connecting;
    this.#deadline_us = now_us + this.#limits.connectTimeout_us;
    return CourseStep.Open;
  }
}
