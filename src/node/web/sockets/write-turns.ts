// Whose output is written when. Writing to fifty sockets in one go takes a core for a millisecond or more, and a system gives
// a thread that wakes up only what others leave: requests of those who trade would wait that long. So a few are written, then
// the processor is let go for a moment; nobody waits longer than ten such turns.

/** Connections written in one turn, if so few wait: about 0.1 ms. */
const WRITES_PER_TURN = 6;
/** Turns in which those who wait now have all been written. */
const TURNS_MAX = 10;
/** Between two turns. */
const PAUSE_MS = 1;

export class WriteTurns {
  /** In the order of their turns. */
  readonly #waiting = new Set<() => void>();
  #isRunning = false;

  /** Has `write` called once; soon, but not in this call. */
  ask(write: () => void): void {
    this.#waiting.add(write);
    if (this.#isRunning) return;
    this.#isRunning = true;
    process.nextTick(() => this.#turn());
  }

  #turn(): void {
    let left = Math.max(WRITES_PER_TURN, Math.ceil(this.#waiting.size / TURNS_MAX));
    for (const write of this.#waiting) {
      if (left-- === 0) break;
      this.#waiting.delete(write);
      write();
    }
    this.#isRunning = this.#waiting.size > 0;
    if (this.#isRunning) setTimeout(() => this.#turn(), PAUSE_MS);
  }
}
