// The response gate: what waits until its cause is safe. Answers of one connection are appended in order; `seal` says
// which log position all that was appended since the last seal waits for, `release` how far the log is safe (for the
// policy `disk` the journal's durable position; a policy over replicas gives another number to the same gate).
//
//   gone | releasable | mark 1 (position, bytes) | mark 2 | ... | unsealed
//
// Invariants: positions of the marks rise; releasable + marks + unsealed = what is queued; nothing is ever releasable
// whose position was not released.

import type { Position } from "../../base/index.ts";

/** Marks one connection may hold. A batch of the journal makes one; beyond this the newest one grows instead. */
export const MARKS_MAX = 64;

// Of a connection that was never answered anything: a flood's are many.
const NO_POSITIONS = new Float64Array(0);
const NO_BYTES = new Int32Array(0);

export class GateMarks {
  /** Bytes that may be sent, at the front. */
  releasable_bytes = 0;
  /** Bytes appended since the last seal, at the back. */
  unsealed_bytes = 0;
  /** Of MARKS_MAX marks, from the first one on. */
  #positions = NO_POSITIONS;
  #bytes = NO_BYTES;
  #head = 0;
  #count = 0;

  /** Whether sealed bytes wait. */
  get waits(): boolean {
    return this.#count > 0;
  }

  /** Bytes were appended whose cause will be sealed. */
  append(bytes: number): void {
    this.unsealed_bytes += bytes;
  }

  /** Bytes were appended that have no cause of their own: they wait for what stands before them, no longer. */
  follow(bytes: number): void {
    if (this.unsealed_bytes > 0) this.unsealed_bytes += bytes;
    else if (this.#count > 0) this.#bytes[this.#newest()] += bytes;
    else this.releasable_bytes += bytes;
  }

  /** All unsealed bytes wait for `position` from now on. */
  seal(position: Position): void {
    if (this.unsealed_bytes === 0) return;
    if (this.#count === MARKS_MAX) this.#growNewest(position);
    else this.#push(position);
    this.unsealed_bytes = 0;
  }

  // Full: the newest mark takes the bytes and waits for the later position. That can only hold an answer back
  // longer, never let it out early.
  #growNewest(position: Position): void {
    const newest = this.#newest();
    this.#positions[newest] = position;
    this.#bytes[newest] += this.unsealed_bytes;
  }

  #newest(): number {
    return (this.#head + this.#count - 1) % MARKS_MAX;
  }

  #push(position: Position): void {
    if (this.#bytes === NO_BYTES) {
      this.#positions = new Float64Array(MARKS_MAX);
      this.#bytes = new Int32Array(MARKS_MAX);
    }
    const mark = (this.#head + this.#count) % MARKS_MAX;
    this.#positions[mark] = position;
    this.#bytes[mark] = this.unsealed_bytes;
    this.#count++;
  }

  /** The log is safe up to `position`: what waits for it or less becomes releasable. */
  release(position: Position): void {
    while (this.#count > 0 && this.#positions[this.#head] <= position) {
      this.releasable_bytes += this.#bytes[this.#head];
      this.#head = (this.#head + 1) % MARKS_MAX;
      this.#count--;
    }
  }

  /** Forgets everything that is not releasable yet, and that too. */
  clear(): void {
    this.releasable_bytes = 0;
    this.unsealed_bytes = 0;
    this.#count = 0;
  }
}
