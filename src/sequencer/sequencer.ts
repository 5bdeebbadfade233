// The one order. A command that gets a slot here has the next log position and the sequencer's time, and from then on
// nothing can undo it: the engine acts on it at once, the journal takes it from the same slot of the same ring.
//
// Time is given by the caller, once per turn of its loop, and never runs backwards: a wall clock that steps back
// stands still here until it has caught up.

import type { Micros, Position } from "../base/index.ts";
import { writeTimestamp } from "../protocol/index.ts";
import { type Ring, RingProducer } from "../ring/index.ts";

export class Sequencer {
  /** The records of the ring; `claim` says where. */
  readonly words: Int32Array;
  readonly #producer: RingProducer;
  /** The log's last position when the ring was new. */
  readonly #base: Position;
  #now_us: Micros;
  #claimed = -1;

  /** `position` and `timestamp_us`: of the last command in the log, 0 and 0 for a log that is empty. */
  constructor(ring: Ring, position: Position, timestamp_us: Micros) {
    this.words = ring.words;
    this.#producer = new RingProducer(ring);
    this.#base = position - this.#producer.produced;
    this.#now_us = timestamp_us;
  }

  /** The last position given. */
  get position(): Position {
    return this.#base + this.#producer.produced;
  }

  /** The last position the journal has given back: it is safe. */
  get safePosition(): Position {
    return this.#base + this.#producer.released();
  }

  /** Whether the journal has given up: nothing more becomes safe. */
  get journalFailed(): boolean {
    return this.#producer.consumerFailed();
  }

  /** The time of the next command, as far as it is known: of the last one, or what setTime() gave since. */
  get time_us(): Micros {
    return this.#now_us;
  }

  /** The time that commands get from now on, unless it lies in the past. */
  setTime(wall_us: Micros): void {
    if (wall_us > this.#now_us) this.#now_us = wall_us;
  }

  /** Word offset of the slot of the next command, or -1 when as many as the ring holds wait for the journal. */
  claim(): number {
    this.#claimed = this.#producer.claim();
    return this.#claimed;
  }

  /** The claimed command takes its place in the order; returns its word offset. */
  commit(): number {
    const at = this.#claimed;
    writeTimestamp(this.words, at, this.#now_us);
    this.#producer.commit();
    return at;
  }

  /** Hands what was committed to the journal. */
  publish(): void {
    this.#producer.publish();
  }

  /** Resolves when more than `position` is safe or the journal has failed; undefined when that is so already. */
  whenSafeBeyond(position: Position): Promise<void> | undefined {
    return this.#producer.whenReleasedBeyond(position - this.#base);
  }

  /** No more commands: the journal ends when it has written all. */
  close(): void {
    this.#producer.close();
  }

  /** As close(), but what was not published is never written. */
  abandon(): void {
    this.#producer.abandon();
  }
}
