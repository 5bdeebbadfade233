// Packets of one channel that came before their turn, in the order of their sequences: copies, so that the network may have its buffer
// back. Which sequences are missing can be read off the packets beside one another.
//
// Bounds: `packets_max` packets of PACKET_BYTES_MAX, taken at the first use. One that finds no room is not kept: what it holds is a gap
// like any other, and is asked for when those before it are closed.

import { PACKET_BYTES_MAX } from "../../protocol/index.ts";

/** 1,024 packets are some 20,000 messages: at a million a second what comes in a round trip of 20 ms. 1.4 MiB. */
const WINDOW_PACKETS = 1_024;

export class PacketWindow {
  /** Packets kept. */
  count = 0;
  readonly #packets_max: number;
  /** Slots in the order of their first sequences. */
  readonly #order: Int32Array;
  readonly #free: Int32Array;
  readonly #firsts: Float64Array;
  readonly #ends: Float64Array;
  readonly #arrivals_us: Float64Array;
  readonly #lengths: Uint16Array;
  #bytes = new Uint8Array(0);

  constructor(packets_max = WINDOW_PACKETS) {
    this.#packets_max = packets_max;
    this.#order = new Int32Array(packets_max);
    this.#free = Int32Array.from({ length: packets_max }, (_, slot) => slot);
    this.#firsts = new Float64Array(packets_max);
    this.#ends = new Float64Array(packets_max);
    this.#arrivals_us = new Float64Array(packets_max);
    this.#lengths = new Uint16Array(packets_max);
  }

  /** Where the packets lie: `at(i)` to `at(i) + length(i)`. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Of the packet at place `i` (0: the lowest sequence): its first sequence, the one behind its last, when it came, and its bytes. */
  first(i: number): number {
    return this.#firsts[this.#order[i]];
  }
  end(i: number): number {
    return this.#ends[this.#order[i]];
  }
  arrival_us(i: number): number {
    return this.#arrivals_us[this.#order[i]];
  }
  at(i: number): number {
    return this.#order[i] * PACKET_BYTES_MAX;
  }
  length(i: number): number {
    return this.#lengths[this.#order[i]];
  }

  clear(): void {
    for (let i = 0; i < this.count; i++) this.#free[i] = this.#order[i];
    // The rest of `free` is as it was: slots in use come back to its front, in whatever order.
    this.count = 0;
  }

  get isFull(): boolean {
    return this.count === this.#packets_max;
  }

  /** Keeps bytes[from, to), which holds the sequences [first, end). False: it holds nothing new. There is room. */
  put(bytes: Uint8Array, from: number, to: number, first: number, end: number, now_us: number): boolean {
    const place = this.#placeOf(first);
    const before = place - 1;
    if (before >= 0 && this.end(before) >= end) return false;
    if (place < this.count && this.first(place) === first && this.end(place) >= end) return false;
    this.#store(place, bytes, from, to);
    const slot = this.#order[place];
    this.#firsts[slot] = first;
    this.#ends[slot] = end;
    this.#arrivals_us[slot] = now_us;
    return true;
  }

  /** Takes the packet with the lowest sequence out; its bytes stay as they are until the next `put`. */
  removeFirst(): void {
    const slot = this.#order[0];
    this.#order.copyWithin(0, 1, this.count);
    this.count--;
    this.#free[this.count] = slot;
  }

  /** The first place whose packet begins at `first` or behind it. */
  #placeOf(first: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.first(middle) < first) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #store(place: number, bytes: Uint8Array, from: number, to: number): void {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.#packets_max * PACKET_BYTES_MAX);
    const slot = this.#free[this.count];
    this.#order.copyWithin(place + 1, place, this.count);
    this.#order[place] = slot;
    this.count++;
    this.#lengths[slot] = to - from;
    // Packets are short, and `set` of a view would allocate one.
    const at = slot * PACKET_BYTES_MAX - from;
    for (let i = from; i < to; i++) this.#bytes[at + i] = bytes[i];
  }
}
