// When the log says that a node is degraded: at once at its start, otherwise when the state has held for a second, so
// that a replica that comes and goes makes no noise; again every five seconds; and once when it is over. Health and
// metrics show each state at once.

/** A shorter state is not spoken of. */
const HELD_US = 1_000_000;
const REPEATED_US = 5_000_000;

export interface NoticeLog {
  /** It is degraded, and why; from now on until it is over. */
  degraded(why: string): void;
  over(): void;
}

export class DegradedNotice {
  readonly #log: NoticeLog;
  #why: string | undefined;
  #since_us = 0;
  /** When it was last said; undefined: the log knows of nothing. */
  #said_us: number | undefined;
  #isNew = true;

  constructor(log: NoticeLog) {
    this.#log = log;
  }

  /** The state is this from now on; undefined: all is well. */
  changed(why: string | undefined, now_us: number): void {
    // Another reason is the same state: one that changes all the time would never be spoken of.
    if ((why === undefined) !== (this.#why === undefined)) this.#since_us = now_us;
    this.#why = why;
    if (this.#isNew && why !== undefined) this.#say(why, now_us);
    this.#isNew = false;
  }

  tick(now_us: number): void {
    if (now_us - this.#since_us < HELD_US) return;
    if (this.#why === undefined) {
      if (this.#said_us !== undefined) this.#log.over();
      this.#said_us = undefined;
    } else if (this.#said_us === undefined || now_us - this.#said_us >= REPEATED_US)
      this.#say(this.#why, now_us);
  }

  #say(why: string, now_us: number): void {
    this.#said_us = now_us;
    this.#log.degraded(why);
  }
}
