// A bounded buffer of fixed-size records, filled by a producer that must not allocate and emptied by a listener.
// When it is full it drains: the listener takes all records at once and the buffer starts again. So one command
// may cause any number of records (a sweep over a deep book) with a fixed amount of memory.
//
// A drained record is set to zero, so a producer writes only the fields it has: clearing all of them at once costs a
// fraction of clearing them one by one.
// Layout: record i occupies words [i * recordWords, (i + 1) * recordWords); `bytes` views the same memory.

import { assert } from "./assert.ts";

/**
 * Takes the records [0, buffer.count) of `buffer`; they are overwritten once it returns. It may run in the middle of what
 * its producer does, so it must neither read nor call the producer.
 */
export type Drain = (buffer: RecordBuffer) => void;

/** Up to so many words a loop is faster than a call out of compiled code: the events of one command, mostly. */
const CLEARED_BY_HAND_WORDS_MAX = 64;

/** Records of `recordWords` words each, one after the other in `words`. */
export class RecordBuffer {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly recordWords: number;
  readonly capacity: number;
  /** Words in use: the offset of the next record. */
  used_words = 0;
  readonly #drain: Drain;

  /** `recordWords`: words of 4 bytes per record; `capacity`: records held before a drain. */
  constructor(recordWords: number, capacity: number, drain: Drain) {
    assert(recordWords > 0 && capacity > 0, "a record buffer holds at least one record of one word");
    this.words = new Int32Array(recordWords * capacity);
    this.bytes = new Uint8Array(this.words.buffer);
    this.recordWords = recordWords;
    this.capacity = capacity;
    this.#drain = drain;
  }

  /** Records in the buffer now. */
  get count(): number {
    return this.used_words / this.recordWords;
  }

  /** Takes the next record, all zero, and returns its word offset; drains first when there is no room. */
  claim(): number {
    if (this.used_words === this.words.length) this.drain();
    const at = this.used_words;
    this.used_words = at + this.recordWords;
    return at;
  }

  /** Hands everything to the listener and empties the buffer. */
  drain(): void {
    if (this.used_words === 0) return;
    this.#drain(this);
    this.#clear();
    this.used_words = 0;
  }

  #clear(): void {
    const { words, used_words } = this;
    if (used_words > CLEARED_BY_HAND_WORDS_MAX) words.fill(0, 0, used_words);
    else for (let i = 0; i < used_words; i++) words[i] = 0;
  }
}
