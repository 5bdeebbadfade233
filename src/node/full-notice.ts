// When the log says that there are as many connections as may be: at once, because whoever comes now is told by the kernel that
// nothing listens here, as if there were no exchange; and that there is room again when there has been for some seconds,
// so that connections that come and go at the cap make two lines and no more.

const CALM_US = 5_000_000;

export interface FullLog {
  full(): void;
  room(): void;
}

export class FullNotice {
  readonly #log: FullLog;
  /** Times that it was full, as far as this knows. */
  #times = 0;
  #isSaid = false;
  #full_us = 0;

  constructor(log: FullLog) {
    this.#log = log;
  }

  /** To be called some times a second: how often it was full so far, and whether it is. */
  tick(times: number, isFull: boolean, now_us: number): void {
    if (isFull || times !== this.#times) {
      this.#times = times;
      this.#full_us = now_us;
      if (!this.#isSaid) this.#log.full();
      this.#isSaid = true;
    } else if (this.#isSaid && now_us - this.#full_us >= CALM_US) {
      this.#isSaid = false;
      this.#log.room();
    }
  }
}
