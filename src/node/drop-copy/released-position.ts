// How far the log may be told of, from the node's thread to the one that publishes it: one number in shared memory.

/** Memory for one. */
export function createReleased(): SharedArrayBuffer {
  return new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
}

export class ReleasedPosition {
  readonly #cell: BigInt64Array;

  constructor(shared: SharedArrayBuffer) {
    this.#cell = new BigInt64Array(shared);
  }

  get position(): number {
    return Number(Atomics.load(this.#cell, 0));
  }

  /** It never goes back; who waits is woken when it has moved. */
  move(position: number): void {
    if (position <= this.position) return;
    Atomics.store(this.#cell, 0, BigInt(position));
    this.wake();
  }

  /** Wakes who waits, as if it had moved. */
  wake(): void {
    Atomics.notify(this.#cell, 0);
  }

  /** Resolves when it is beyond `position`, or after `most_ms`. */
  async beyond(position: number, most_ms: number): Promise<void> {
    const waiting = Atomics.waitAsync(this.#cell, 0, BigInt(position), most_ms);
    if (waiting.async) await waiting.value;
  }
}
