// The one writer of a cache. What it says of a symbol is first put into a slot of its own memory, then the words that are
// different are stored between two moves of the slot's lock. Nothing is allocated but when a symbol is defined.

import { assert } from "../../base/index.ts";
import { CacheHeader, Figure, NAME_BYTES, SLOT_WORDS, SlotFlag, SlotLayout } from "./layout.ts";
import type { SymbolCache } from "./symbol-cache.ts";

const SLOT_FIGURES = SLOT_WORDS / 2;
/** Stands for what is no printable ASCII: a name is shown on terminals, whoever's feed it came from. */
const QUESTION_MARK = 0x3f;

/**
 * Prices are float64 "as the feed gives them": ticks of the exchange's own channels, currency of ticks/1. Quantities and
 * volumes are in lots. `timestamp_us` and `sequence` are the feed's, of its symbol; a `sequence` beyond 2^53 is not.
 */
export class CacheWriter {
  readonly #shared: Int32Array;
  /** What the shared slots are to say: the same layout, without the header. */
  readonly #words: Int32Array;
  readonly #figures: Float64Array;
  readonly #slots = new Map<number, number>();
  readonly #capacity: number;

  /** A cache has one writer in its life: a second one would not know what the first one defined. */
  constructor(cache: SymbolCache) {
    assert(cache.words[CacheHeader.count] === 0, "a cache has one writer");
    this.#shared = cache.words;
    this.#capacity = cache.capacity;
    const memory = new ArrayBuffer(cache.capacity * SLOT_WORDS * 4);
    this.#words = new Int32Array(memory);
    this.#figures = new Float64Array(memory);
  }

  /**
   * The slot of symbol `id` (u32), which is made when it is new; -1 when the cache is full, and the symbol is not in it. A
   * symbol keeps its slot; its name (16 characters of printable ASCII, what is more is cut, others are "?") and decimals (of a price) may be told anew.
   */
  define(id: number, name: string, decimals: number): number {
    const known = this.#slots.get(id);
    const slot = known ?? this.#slots.size;
    if (slot === this.#capacity) return -1;
    const at = slot * SLOT_WORDS;
    this.#words[at + SlotLayout.id] = id;
    this.#words[at + SlotLayout.decimals] = decimals;
    const bytes = new Uint8Array(this.#words.buffer, (at + SlotLayout.name) * 4, NAME_BYTES).fill(0);
    for (let i = 0; i < Math.min(name.length, NAME_BYTES); i++) {
      const code = name.charCodeAt(i);
      bytes[i] = code >= 0x20 && code < 0x7f ? code : QUESTION_MARK;
    }
    this.#publish(slot);
    if (known === undefined) {
      this.#slots.set(id, slot);
      Atomics.store(this.#shared, CacheHeader.count, slot + 1);
    }
    return slot;
  }

  /** The slot of symbol `id`; -1 when it was not defined, or the cache was full. */
  slotOf(id: number): number {
    return this.#slots.get(id) ?? -1;
  }

  /** The best of both sides; a quantity of 0 is a side without orders, whose price says nothing. Counts as an update. */
  quote(
    slot: number,
    bid: number,
    bidQuantity: number,
    ask: number,
    askQuantity: number,
    sequence: number,
    timestamp_us: number,
  ): void {
    const at = slot * SLOT_FIGURES;
    this.#figures[at + Figure.bid] = bid;
    this.#figures[at + Figure.bidQuantity] = bidQuantity;
    this.#figures[at + Figure.ask] = ask;
    this.#figures[at + Figure.askQuantity] = askQuantity;
    this.#updated(slot, sequence, timestamp_us);
  }

  /** A trade: the last price, its quantity, and so much more volume. The first one opens the day. Counts as an update. */
  trade(slot: number, price: number, quantity: number, sequence: number, timestamp_us: number): void {
    const at = slot * SLOT_FIGURES;
    this.#figures[at + Figure.last] = price;
    this.#figures[at + Figure.lastQuantity] = quantity;
    this.#figures[at + Figure.volume] += quantity;
    if ((this.#words[slot * SLOT_WORDS + SlotLayout.flags] & SlotFlag.opened) === 0) this.#open(slot, price);
    this.#updated(slot, sequence, timestamp_us);
  }

  /** What the feed itself says of the day, in place of what was added up here. No update of the market. */
  day(slot: number, open: number, last: number, volume: number): void {
    const at = slot * SLOT_FIGURES;
    this.#figures[at + Figure.last] = last;
    this.#figures[at + Figure.volume] = volume;
    this.#open(slot, open);
    this.#publish(slot);
  }

  /** Nothing was traded yet on the feed's day: no volume, and the next trade opens it. What was traded last stays. No update of the market. */
  emptyDay(slot: number): void {
    const at = slot * SLOT_FIGURES;
    this.#figures[at + Figure.volume] = 0;
    this.#figures[at + Figure.open] = 0;
    this.#words[slot * SLOT_WORDS + SlotLayout.flags] &= ~SlotFlag.opened;
    this.#publish(slot);
  }

  /** Marks a symbol as stale or not. Stale: there was a gap, or no connection, and its figures may be old. */
  stale(slot: number, isStale: boolean): void {
    const at = slot * SLOT_WORDS + SlotLayout.flags;
    const others = this.#words[at] & ~SlotFlag.stale;
    this.#words[at] = isStale ? others | SlotFlag.stale : others;
    this.#publish(slot);
  }

  /** Every symbol: the connection is gone. */
  staleAll(): void {
    for (let slot = 0; slot < this.#slots.size; slot++) this.stale(slot, true);
  }

  #open(slot: number, price: number): void {
    this.#figures[slot * SLOT_FIGURES + Figure.open] = price;
    this.#words[slot * SLOT_WORDS + SlotLayout.flags] |= SlotFlag.opened;
  }

  #updated(slot: number, sequence: number, timestamp_us: number): void {
    const at = slot * SLOT_FIGURES;
    this.#figures[at + Figure.updates]++;
    this.#figures[at + Figure.sequence] = sequence;
    this.#figures[at + Figure.timestamp_us] = timestamp_us;
    this.#publish(slot);
  }

  /** Stores what is different. The writer's own plain reads race with nobody: it alone writes. */
  #publish(slot: number): void {
    const shared = this.#shared;
    const words = this.#words;
    const from = slot * SLOT_WORDS;
    const to = CacheHeader.slots + from;
    const lock = shared[to + SlotLayout.lock];
    Atomics.store(shared, to + SlotLayout.lock, lock + 1);
    for (let i = SlotLayout.id; i < SLOT_WORDS; i++) {
      const word = words[from + i];
      if (shared[to + i] !== word) Atomics.store(shared, to + i, word);
    }
    Atomics.store(shared, to + SlotLayout.lock, lock + 2);
  }
}
