// Where everything is in a cache's shared memory, in words of 4 bytes (symbol-cache.md has the same as a table).
//
//   header  a line: magic, version, capacity, and how many slots are defined
//   slots   a line each, so that a symbol that is written never shares one with a symbol that is read:
//           lock | id | decimals | flags | name (16 bytes) | eleven float64 figures
//
// A figure is a float64 of two words, at an even word, so a copy of a slot's words is a copy of its figures.

import { assert } from "../../base/index.ts";

/** Two 64-byte cache lines: x86 fetches them in pairs, some ARM cores have lines of this size. */
const LINE_WORDS = 32;

export const CacheHeader = {
  magic: 0,
  version: 1,
  capacity: 2,
  /** Slots defined so far: only grows, and a slot is whole before it counts. */
  count: 3,
  /** The first word of the first slot. */
  slots: LINE_WORDS,
} as const;

/** "SYMC" in ASCII. */
export const CACHE_MAGIC = 0x53594d43;
export const CACHE_VERSION = 1;

/** Words of one slot. */
export const SLOT_WORDS = LINE_WORDS;
/** ASCII bytes of a symbol's name, padded with zeros. */
export const NAME_BYTES = 16;

export const SlotLayout = {
  /** Even: whole; odd: being written. */
  lock: 0,
  id: 1,
  decimals: 2,
  flags: 3,
  name: 4,
} as const;

/** Index of each figure among a slot's float64 (a slot begins at an even one). */
export const Figure = {
  bid: 4,
  bidQuantity: 5,
  ask: 6,
  askQuantity: 7,
  last: 8,
  lastQuantity: 9,
  volume: 10,
  open: 11,
  updates: 12,
  sequence: 13,
  timestamp_us: 14,
} as const;

export const SlotFlag = {
  /** What the slot holds may be old: the feed has a gap, or its connection is gone. */
  stale: 1,
  /** The day has an opening price. */
  opened: 2,
} as const;

assert(SlotLayout.name + NAME_BYTES / 4 === Figure.bid * 2, "the figures follow the name");
assert(Figure.timestamp_us * 2 + 2 <= SLOT_WORDS, "a slot is one line");
