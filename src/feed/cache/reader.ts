// A reader of a cache: one object per reading thread (or place), which holds the symbol it read last. A read copies the
// slot, and the copy counts when the lock was even before and the same after (symbol-cache.md). Nothing is allocated.

import { CacheHeader, Figure, NAME_BYTES, SLOT_WORDS, SlotFlag, SlotLayout } from "./layout.ts";
import type { SymbolCache } from "./symbol-cache.ts";

/**
 * Looks at a slot before a read gives up. A write takes some 100 ns and a look less, so the first or second one succeeds
 * unless the writer does nothing but write this slot, or its thread was stopped in the middle; spinning on would then
 * keep it from the processor.
 */
const TRIES_MAX = 1_000;

class SlotCopy {
  readonly words = new Int32Array(SLOT_WORDS);
  readonly figures = new Float64Array(this.words.buffer);
}

/** The getters say what the last successful `read` saw: all of one moment. Units as in CacheWriter. */
export class CacheReader {
  readonly #shared: Int32Array;
  readonly #slots = new Map<number, number>();
  #copy = new SlotCopy();
  #spare = new SlotCopy();

  constructor(cache: SymbolCache) {
    this.#shared = cache.words;
  }

  /** How many slots are defined: 0 to count - 1 can be read. Only grows. */
  get count(): number {
    return Atomics.load(this.#shared, CacheHeader.count);
  }

  /** The slot of symbol `id`; -1 when it is not in the cache, or not yet. */
  slotOf(id: number): number {
    for (let slot = this.#slots.size; slot < this.count; slot++) {
      this.#slots.set(
        Atomics.load(this.#shared, CacheHeader.slots + slot * SLOT_WORDS + SlotLayout.id) >>> 0,
        slot,
      );
    }
    return this.#slots.get(id) ?? -1;
  }

  /**
   * Reads a slot below `count`. False: the writer was in it at each of 1,000 looks; the getters say what they said before,
   * and the caller goes on and asks again later.
   */
  read(slot: number): boolean {
    const at = CacheHeader.slots + slot * SLOT_WORDS;
    const copy = this.#spare;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      if (!this.#look(at, copy.words)) continue;
      this.#spare = this.#copy;
      this.#copy = copy;
      return true;
    }
    return false;
  }

  #look(at: number, words: Int32Array): boolean {
    const shared = this.#shared;
    const lock = Atomics.load(shared, at + SlotLayout.lock);
    if ((lock & 1) !== 0) return false;
    for (let i = SlotLayout.id; i < SLOT_WORDS; i++) words[i] = Atomics.load(shared, at + i);
    return Atomics.load(shared, at + SlotLayout.lock) === lock;
  }

  get id(): number {
    return this.#copy.words[SlotLayout.id] >>> 0;
  }
  /** Makes a string: for tables, not for every read. */
  get name(): string {
    const bytes = new Uint8Array(this.#copy.words.buffer, SlotLayout.name * 4, NAME_BYTES);
    const end = bytes.indexOf(0);
    return String.fromCharCode(...bytes.subarray(0, end < 0 ? NAME_BYTES : end));
  }
  get decimals(): number {
    return this.#copy.words[SlotLayout.decimals];
  }
  get isStale(): boolean {
    return (this.#copy.words[SlotLayout.flags] & SlotFlag.stale) !== 0;
  }
  get bid(): number {
    return this.#copy.figures[Figure.bid];
  }
  /** 0: no bid. */
  get bidQuantity(): number {
    return this.#copy.figures[Figure.bidQuantity];
  }
  get ask(): number {
    return this.#copy.figures[Figure.ask];
  }
  /** 0: no ask. */
  get askQuantity(): number {
    return this.#copy.figures[Figure.askQuantity];
  }
  get last(): number {
    return this.#copy.figures[Figure.last];
  }
  /** 0: no trade was seen. */
  get lastQuantity(): number {
    return this.#copy.figures[Figure.lastQuantity];
  }
  get volume(): number {
    return this.#copy.figures[Figure.volume];
  }
  /** Whether the day has an opening price. */
  get isOpen(): boolean {
    return (this.#copy.words[SlotLayout.flags] & SlotFlag.opened) !== 0;
  }
  get open(): number {
    return this.#copy.figures[Figure.open];
  }
  /** Quotes and trades so far. */
  get updates(): number {
    return this.#copy.figures[Figure.updates];
  }
  get sequence(): number {
    return this.#copy.figures[Figure.sequence];
  }
  get timestamp_us(): number {
    return this.#copy.figures[Figure.timestamp_us];
  }
}
