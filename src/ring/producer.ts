// The producing side of a ring. Slots are claimed and committed one by one and become visible to the consumer all
// together at publish(), or a first part of them at publishUpTo(): one shared store each, however many. A full ring answers claim() with -1; what to do
// then (push back, refuse, wait) is the caller's decision. Exactly one RingProducer may exist per ring.
//
// Invariants (differences of wrapping cursors): head <= published <= committed <= head + capacity.

import { assert } from "../base/index.ts";
import { RingLayout } from "./layout.ts";
import type { Ring } from "./ring.ts";
import { wakeWaiter } from "./wake.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const CLOSED = RingLayout.closed;
const CONSUMER_WAITS = RingLayout.consumerWaits;
const FAILED = RingLayout.failed;
const HEAD = RingLayout.head;
const PRODUCER_WAITS = RingLayout.producerWaits;
const START = RingLayout.start;
const TAIL = RingLayout.tail;

export class RingProducer {
  readonly #header: Int32Array;
  readonly #capacity: number;
  readonly #recordWords: number;
  /** Cursor of the next slot to commit; ahead of the shared tail by the unpublished batch. */
  #committed: number;
  /** The shared head as last seen: it can only be further by now, so a slot free by it is free. */
  #headSeen: number;
  #produced: number;
  #closed: boolean;

  constructor(ring: Ring) {
    this.#header = ring.header;
    this.#capacity = ring.capacity;
    this.#recordWords = ring.recordWords;
    this.#committed = Atomics.load(this.#header, TAIL);
    this.#headSeen = Atomics.load(this.#header, HEAD);
    this.#produced = (this.#committed - this.#header[START]) >>> 0;
    this.#closed = Atomics.load(this.#header, CLOSED) !== 0;
  }

  /** Records committed since the ring was made. */
  get produced(): number {
    return this.#produced;
  }

  /** Word offset (into ring.words) of the next free slot, or -1 when the ring is full. The same until commit(). */
  claim(): number {
    const committed = this.#committed;
    if (((committed - this.#headSeen) | 0) >= this.#capacity) {
      this.#headSeen = Atomics.load(this.#header, HEAD);
      if (((committed - this.#headSeen) | 0) >= this.#capacity) return -1;
    }
    return (committed & (this.#capacity - 1)) * this.#recordWords;
  }

  /** The claimed slot joins the batch, still invisible to the consumer. */
  commit(): void {
    assert(((this.#committed - this.#headSeen) | 0) < this.#capacity, "commit() without a claimed slot");
    assert(!this.#closed, "commit() after close()");
    this.#committed = (this.#committed + 1) | 0;
    this.#produced += 1;
  }

  /** The whole batch becomes visible; wakes the consumer only if it waits. Nothing happens when the batch is empty. */
  publish(): void {
    this.publishUpTo(this.#produced);
  }

  /** As publish(), but only up to the `count`th record since the ring was made: the rest of the batch goes on waiting. */
  publishUpTo(count: number): void {
    const held = this.#produced - count;
    assert(held >= 0, "publishUpTo() beyond what was committed");
    // Of what was abandoned nothing is seen any more.
    if (this.#closed) return;
    // What is visible stays so: a count below it changes nothing.
    if (held >= ((this.#committed - this.#header[TAIL]) | 0)) return;
    Atomics.store(this.#header, TAIL, (this.#committed - held) | 0);
    wakeWaiter(this.#header, CONSUMER_WAITS);
  }

  /** Records the consumer has given back since the ring was made. */
  released(): number {
    this.#headSeen = Atomics.load(this.#header, HEAD);
    return this.#produced - ((this.#committed - this.#headSeen) | 0);
  }

  /** Slots that can be claimed and committed now. */
  free(): number {
    this.#headSeen = Atomics.load(this.#header, HEAD);
    return this.#capacity - ((this.#committed - this.#headSeen) | 0);
  }

  /**
   * Resolves once more than `count` records have been released, or the consumer has failed; undefined when that is so
   * already. Needs no polling: the consumer's thread wakes this one's event loop. A pending wait alone does not keep a
   * process alive. Any number of waits may be pending; each costs a wake-up per release(), so wait for the last one.
   */
  whenReleasedBeyond(count: number): Promise<void> | undefined {
    if (this.released() > count || this.consumerFailed()) return undefined;
    return this.#waitUntilReleasedBeyond(count);
  }

  /** No more records. Publishes what is committed; the consumer ends when it has taken all. */
  close(): void {
    this.publish();
    this.abandon();
  }

  /** As close(), but what is committed and not published never becomes visible: the consumer ends without it. */
  abandon(): void {
    this.#closed = true;
    Atomics.store(this.#header, CLOSED, 1);
    wakeWaiter(this.#header, CONSUMER_WAITS);
  }

  /** Whether the consumer has given up; what it has not released by then it will never take. */
  consumerFailed(): boolean {
    return Atomics.load(this.#header, FAILED) !== 0;
  }

  async #waitUntilReleasedBeyond(count: number): Promise<void> {
    const flag = PRODUCER_WAITS;
    for (;;) {
      Atomics.store(this.#header, flag, 1);
      if (this.released() > count || this.consumerFailed()) break;
      const wait = Atomics.waitAsync(this.#header, flag, 1);
      if (wait.async) await wait.value;
    }
  }
}
