// Packets of one channel that came before their turn, in the order of their sequences: copies, so that the network may have its buffer
// back. Which sequences are missing can be read off the packets beside one another.
//
// Bounds: `packets_max` packets of PACKET_BYTES_MAX, whose memory is taken in chunks as it is used, and then kept. One that finds no room is
// not kept: what it holds is a gap like any other, and is asked for when those before it are closed.

import { PACKET_BYTES_MAX } from "../../protocol/index.ts";

/** Packets of one chunk, 1.4 MiB. */
const CHUNK_PACKETS = 1_024;

export class PacketWindow {
  /** Packets kept. */
  count = 0;
  readonly #packets_max: number;
  /** Slots in the order of their first sequences, from `head` on; twice as long as need be, so that it is seldom moved. */
  readonly #order: Int32Array;
  #head = 0;
  readonly #free: Int32Array;
  readonly #firsts: Float64Array;
  readonly #ends: Float64Array;
  readonly #arrivals_us: Float64Array;
  readonly #lengths: Uint16Array;
  readonly #chunks: Uint8Array[] = [];

  constructor(packets_max: number) {
    this.#packets_max = packets_max;
    this.#order = new Int32Array(2 * packets_max);
    this.#free = Int32Array.from({ length: packets_max }, (_, slot) => slot);
    this.#firsts = new Float64Array(packets_max);
    this.#ends = new Float64Array(packets_max);
    this.#arrivals_us = new Float64Array(packets_max);
    this.#lengths = new Uint16Array(packets_max);
  }

  /** Of the packet at place `i` (0: the lowest sequence): its first sequence, the one behind its last, when it came. */
  first(i: number): number {
    return this.#firsts[this.#slot(i)];
  }
  end(i: number): number {
    return this.#ends[this.#slot(i)];
  }
  arrival_us(i: number): number {
    return this.#arrivals_us[this.#slot(i)];
  }
  /** Its bytes: `bytes(i)` from `at(i)` to `at(i) + length(i)`. */
  bytes(i: number): Uint8Array {
    return this.#chunks[Math.floor(this.#slot(i) / CHUNK_PACKETS)];
  }
  at(i: number): number {
    return (this.#slot(i) % CHUNK_PACKETS) * PACKET_BYTES_MAX;
  }
  length(i: number): number {
    return this.#lengths[this.#slot(i)];
  }

  clear(): void {
    // What is free stays at the end of `free`: slots in use come back to its front, in whatever order.
    for (let i = 0; i < this.count; i++) this.#free[i] = this.#slot(i);
    this.count = 0;
    this.#head = 0;
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
    const slot = this.#insert(place);
    this.#store(slot, bytes, from, to);
    this.#firsts[slot] = first;
    this.#ends[slot] = end;
    this.#arrivals_us[slot] = now_us;
    return true;
  }

  /** Takes the packet with the lowest sequence out; its bytes stay as they are until the next `put`. */
  removeFirst(): void {
    const slot = this.#slot(0);
    this.#head++;
    this.count--;
    this.#free[this.count] = slot;
  }

  #slot(i: number): number {
    return this.#order[this.#head + i];
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

  /** A free slot, which is at `place` of the order from now on. */
  #insert(place: number): number {
    if (this.#head + this.count === this.#order.length) {
      this.#order.copyWithin(0, this.#head, this.#head + this.count);
      this.#head = 0;
    }
    const at = this.#head + place;
    this.#order.copyWithin(at + 1, at, this.#head + this.count);
    const slot = this.#free[this.count];
    this.#order[at] = slot;
    this.count++;
    return slot;
  }

  #store(slot: number, bytes: Uint8Array, from: number, to: number): void {
    const number = Math.floor(slot / CHUNK_PACKETS);
    const room = Math.min(CHUNK_PACKETS, this.#packets_max);
    this.#chunks[number] ??= new Uint8Array(room * PACKET_BYTES_MAX);
    const chunk = this.#chunks[number];
    this.#lengths[slot] = to - from;
    // Packets are short, and `set` of a view would allocate one.
    const at = (slot % CHUNK_PACKETS) * PACKET_BYTES_MAX - from;
    for (let i = from; i < to; i++) chunk[at + i] = bytes[i];
  }
}
