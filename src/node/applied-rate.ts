// How many commands a second a replica applies: the last whole second's.

const SECOND_MS = 1_000;

export class AppliedRate {
  perSecond = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(position: () => number) {
    let before = position();
    this.#timer = setInterval(() => {
      const now = position();
      // A history that was set aside begins again at 0.
      this.perSecond = Math.max(0, now - before);
      before = now;
    }, SECOND_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
