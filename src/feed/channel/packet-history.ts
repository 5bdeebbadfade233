// The newest packets of a channel, in a ring of bytes, found by sequence. A packet is contiguous: one that doesn't fit before
// the ring's end goes to its beginning. What is overwritten is gone, oldest first; nobody who reads is waited for.
//
// Packets are numbered, and their places are offsets in an endless address space that is laid into the ring: a packet is there as
// long as its place lies less than a ring's length behind the end. Index: place, first sequence and length of the newest packets, 18 bytes
// each, as many as there could be of the shortest packet with a message.

import { assert, powerOfTwoAtLeast } from "../../base/index.ts";
import { MdType, messageBytes, PACKET_BYTES_MAX, PacketLayout } from "../../protocol/index.ts";

/** A packet with the shortest message. */
const PACKET_BYTES_MIN = PacketLayout.bytes + messageBytes(MdType.BookClear);

export class PacketHistory {
  readonly bytes: Uint8Array;
  readonly #places: Float64Array;
  readonly #firsts: Float64Array;
  readonly #lengths: Uint16Array;
  readonly #mask: number;
  /** The number of the oldest packet kept, and of the next one. */
  oldest = 0;
  count = 0;
  /** The end, in the endless address space. */
  #end = 0;

  /** `capacity_bytes`: at least two packets. */
  constructor(capacity_bytes: number) {
    assert(capacity_bytes >= 2 * PACKET_BYTES_MAX, "a history holds at least two packets");
    this.bytes = new Uint8Array(Math.floor(capacity_bytes / 8) * 8);
    const entries = powerOfTwoAtLeast(Math.ceil(this.bytes.length / PACKET_BYTES_MIN));
    this.#places = new Float64Array(entries);
    this.#firsts = new Float64Array(entries);
    this.#lengths = new Uint16Array(entries);
    this.#mask = entries - 1;
  }

  /** Keeps a sealed packet, whose messages begin with sequence `first`, and returns where it lies in `bytes`. */
  append(packet: Uint8Array, first: number): number {
    const capacity = this.bytes.length;
    let place = this.#end;
    const left = capacity - (place % capacity);
    if (left < packet.length) place += left;
    const at = place % capacity;
    this.#forget(place + packet.length - capacity);
    this.bytes.set(packet, at);
    const entry = this.count & this.#mask;
    this.#places[entry] = place;
    this.#firsts[entry] = first;
    this.#lengths[entry] = packet.length;
    this.#end = place + packet.length;
    this.count++;
    return at;
  }

  /** Forgets everything. */
  clear(): void {
    this.oldest = this.count;
  }

  /** The first sequence of packet `number`, which is kept. */
  firstOf(number: number): number {
    return this.#firsts[number & this.#mask];
  }

  /** Where packet `number` lies in `bytes`, and its length. */
  placeOf(number: number): number {
    return this.#places[number & this.#mask] % this.bytes.length;
  }

  lengthOf(number: number): number {
    return this.#lengths[number & this.#mask];
  }

  /** The number of the packet that holds `sequence`, which is not below the oldest one's first. */
  find(sequence: number): number {
    let low = this.oldest;
    let high = this.count - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.firstOf(middle) <= sequence) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Forgets packets whose place lies below `from`. */
  #forget(from: number): void {
    while (this.oldest < this.count && this.#places[this.oldest & this.#mask] < from) this.oldest++;
  }
}
