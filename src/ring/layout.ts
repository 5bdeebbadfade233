// Where everything is in a ring's shared memory, in words of 4 bytes (ring.md has the same as a table).
//
//   line 0  constants   written once by createRing, before the memory is shared
//   line 1  producer    tail, closed            only the producer writes
//   line 2  consumer    head, failed            only the consumer writes
//   line 3  consumer's waiter flag              the consumer raises it, the producer lowers it
//   line 4  producer's waiter flag              the producer raises it, the consumer lowers it
//   then    the records, capacity * recordBytes
//
// Tail and head are 32-bit cursors that wrap; only their difference, which is at most the capacity, has a meaning.

import { assert } from "../base/index.ts";

/** Two 64-byte cache lines: x86 prefetches them in pairs, some ARM cores have lines of this size. */
const line_bytes = 128;
const word_bytes = 4;

let next_word = 0;
const word = (): number => next_word++;
/** Moves on to the next cache line, so that what two threads write never shares one. */
const line = (): number => {
  const line_words = line_bytes / word_bytes;
  next_word = Math.ceil(next_word / line_words) * line_words;
  return next_word++;
};

export const RingLayout = {
  magic: word(),
  version: word(),
  recordBytes: word(),
  capacity: word(),
  /** The value both cursors began with. */
  start: word(),
  tail: line(),
  closed: word(),
  head: line(),
  failed: word(),
  consumerWaits: line(),
  producerWaits: line(),
  /** The first word of the record area. */
  records: line(),
} as const;

export const RING_HEADER_BYTES = RingLayout.records * word_bytes;
assert(RING_HEADER_BYTES === 5 * line_bytes, "a ring's header is five lines");

/** "RING" in ASCII. */
export const RING_MAGIC = 0x52494e47;
export const RING_VERSION = 1;

/** Records are aligned to 8 bytes, so that a Float64Array or BigInt64Array can view them. */
export const RECORD_ALIGNMENT_BYTES = 8;
/** Cursor differences must stay positive as i32, and 0 must differ from "full": far below 2^31. */
export const RING_CAPACITY_MAX = 2 ** 30;
/** Word offsets of records stay below 2^28, small integers everywhere; also a guard against a typing error. */
export const RING_RECORDS_BYTES_MAX = 2 ** 30;
