// The consuming side of a ring. Records are read where they lie and stay valid until release(), so a consumer may
// work on many at once (a group commit, say) and give all back together. available() speaks of records that are
// contiguous in memory: at the end of the record area a batch is cut, and the rest follows with the next call.
// Exactly one RingConsumer may take records; fail() alone may be called through any view (a supervisor's, when the
// consumer's thread has died).

/// <reference lib="esnext.sharedmemory" />

import { assert } from "../base/index.ts";
import { RingLayout } from "./layout.ts";
import type { Ring } from "./ring.ts";
import { wakeWaiter } from "./wake.ts";

/** Looks at the ring between two looks at the clock: about 10 us of spinning. */
const spins_per_clock_read = 256;

export class RingConsumer {
  readonly #header: Int32Array;
  readonly #capacity: number;
  readonly #recordWords: number;
  readonly #spins: boolean;
  /** Cursor of the first record not yet released; equals the shared head. */
  #head: number;
  /** The shared tail as last seen: it can only be further by now, so a record visible by it is visible. */
  #tailSeen: number;

  /** `wait`: how waitForRecords() waits: "block" sleeps, "spin" burns its core for the shortest delay. */
  constructor(ring: Ring, wait: "block" | "spin" = "block") {
    this.#header = ring.header;
    this.#capacity = ring.capacity;
    this.#recordWords = ring.recordWords;
    this.#spins = wait === "spin";
    this.#head = Atomics.load(this.#header, RingLayout.head);
    this.#tailSeen = Atomics.load(this.#header, RingLayout.tail);
  }

  /** Visible records that lie one after the other in memory from offset() on, at most `limit`. */
  available(limit: number = this.#capacity): number {
    const head = this.#head;
    const wanted = Math.min(limit, this.#capacity - (head & (this.#capacity - 1)));
    let visible = (this.#tailSeen - head) | 0;
    if (visible < wanted) {
      this.#tailSeen = Atomics.load(this.#header, RingLayout.tail);
      visible = (this.#tailSeen - head) | 0;
    }
    return Math.min(visible, wanted);
  }

  /** Word offset (into ring.words) of the first available record. */
  offset(): number {
    return (this.#head & (this.#capacity - 1)) * this.#recordWords;
  }

  /** Gives `count` slots back, oldest first, and wakes a producer that waits. */
  release(count: number): void {
    assert(
      count >= 0 && count <= ((this.#tailSeen - this.#head) | 0),
      "release() of records that were not available",
    );
    if (count === 0) return;
    this.#head = (this.#head + count) | 0;
    Atomics.store(this.#header, RingLayout.head, this.#head);
    wakeWaiter(this.#header, RingLayout.producerWaits);
  }

  /**
   * Holds this thread until a record is available or the producer has closed (true), or `timeout_ms` have passed
   * (false).
   */
  waitForRecords(timeout_ms: number): boolean {
    if (this.#ready()) return true;
    const deadline_ms = performance.now() + timeout_ms;
    return this.#spins ? this.#spinUntil(deadline_ms) : this.#sleepUntil(deadline_ms);
  }

  /**
   * Resolves once a record is available, the producer has closed, or this consumer has given up (fail()); undefined when one of the
   * first two is so already. For a consumer that lives on an event loop: it needs no polling, and a pending wait alone does not
   * keep a process alive, but all that waits behind it in memory. One at a time, and not together with waitForRecords().
   */
  whenRecords(): Promise<void> | undefined {
    return this.#ready() ? undefined : this.#waitUntilReady();
  }

  /** Whether the producer has closed and every record has been released. */
  ended(): boolean {
    // Closed before tail: the tail that is read after `closed` is the final one.
    if (Atomics.load(this.#header, RingLayout.closed) === 0) return false;
    return Atomics.load(this.#header, RingLayout.tail) === this.#head;
  }

  /** The consumer gives up: the producer sees consumerFailed() and is woken, and so is a whenRecords(). */
  fail(): void {
    Atomics.store(this.#header, RingLayout.failed, 1);
    wakeWaiter(this.#header, RingLayout.producerWaits);
    wakeWaiter(this.#header, RingLayout.consumerWaits);
  }

  #ready(): boolean {
    return this.available(1) > 0 || Atomics.load(this.#header, RingLayout.closed) !== 0;
  }

  #sleepUntil(deadline_ms: number): boolean {
    const flag = RingLayout.consumerWaits;
    for (;;) {
      Atomics.store(this.#header, flag, 1);
      const left_ms = deadline_ms - performance.now();
      const ready = this.#ready();
      if (ready || left_ms <= 0) {
        Atomics.store(this.#header, flag, 0);
        return ready;
      }
      Atomics.wait(this.#header, flag, 1, left_ms);
    }
  }

  async #waitUntilReady(): Promise<void> {
    const flag = RingLayout.consumerWaits;
    for (;;) {
      Atomics.store(this.#header, flag, 1);
      if (this.#ready() || Atomics.load(this.#header, RingLayout.failed) !== 0) break;
      const wait = Atomics.waitAsync(this.#header, flag, 1);
      if (wait.async) await wait.value;
    }
    Atomics.store(this.#header, flag, 0);
  }

  #spinUntil(deadline_ms: number): boolean {
    for (;;) {
      for (let i = 0; i < spins_per_clock_read; i++) {
        if (this.#ready()) return true;
        Atomics.pause();
      }
      if (performance.now() >= deadline_ms) return this.#ready();
    }
  }
}
