// What a recorder has received and its disk has not taken: blocks of records, filled one after the other. A block is one frame.
// When it is full the recorder reads no more from its feed until the disk has given a block back: what is recorded is always
// all that was received, and how a feed treats a slow reader is the feed's affair.

import { assert, setU64 } from "../../base/index.ts";
import { RECORD_HEADER_BYTES, RecordKind, RecordLayout, recordBytes } from "./layout.ts";

/** A block that is ready to be written. */
export interface FilledBlock {
  /** Of the block among those the buffer was made of. */
  readonly index: number;
  readonly bytes: number;
  /** Records in it. */
  readonly count: number;
  /** Of the feed's own bytes in them. */
  readonly dataBytes: number;
  /** Arrival of its last record. */
  readonly last_us: number;
  /** Its first record begins a take; no other does. */
  readonly beginsTake: boolean;
}

export class RecordingBuffer {
  readonly #blocks: readonly Uint8Array[];
  readonly #views: readonly DataView[];
  readonly #blockBytes: number;
  readonly #reserve: number;
  readonly #free: number[];
  readonly #filled: FilledBlock[] = [];
  #current = -1;
  #used = 0;
  #count = 0;
  #dataBytes = 0;
  #last_us = 0;
  #beginsTake = false;

  /** `chunkBytesMax`: what `append` may be given at once; the buffer is full when it might not take that. */
  constructor(blocks: readonly Uint8Array[], chunkBytesMax: number) {
    this.#blocks = blocks;
    this.#views = blocks.map(
      ({ buffer, byteOffset, byteLength }) => new DataView(buffer, byteOffset, byteLength),
    );
    this.#blockBytes = blocks[0].length;
    // In two pieces at worst.
    this.#reserve = recordBytes(chunkBytesMax) + RECORD_HEADER_BYTES + 8;
    assert(
      blocks.length > 1 && this.#reserve <= this.#blockBytes,
      "two blocks at least, each longer than a chunk",
    );
    assert(
      blocks.every(({ length }) => length === this.#blockBytes && length % 8 === 0),
      "blocks are alike",
    );
    this.#free = blocks.map((_, index) => index).reverse();
  }

  /** Whether a chunk of the greatest length might not fit: nothing may be appended until a block is given back. */
  get isFull(): boolean {
    if (this.#free.length > 0) return false;
    return this.#current < 0 || this.#blockBytes - this.#used < this.#reserve;
  }

  /** Whether there is a block for a take to begin. */
  get mayBeginTake(): boolean {
    return this.#free.length > 0;
  }

  /** Nothing that was received waits for the disk. */
  get isEmpty(): boolean {
    return this.#free.length === this.#blocks.length;
  }

  /** The first record of a take: it begins a block, so that a frame belongs to one take. */
  beginTake(body: Uint8Array, arrival_us: number): void {
    this.#seal();
    this.append(RecordKind.Take, body, arrival_us);
    this.#beginsTake = true;
  }

  /** A record, in pieces when it doesn't fit the block. A time before the last one counts as that. */
  append(kind: RecordKind, body: Uint8Array, arrival_us: number): void {
    if (arrival_us > this.#last_us) this.#last_us = arrival_us;
    for (let from = 0; from < body.length; ) {
      if (this.#current >= 0 && this.#blockBytes - this.#used < RECORD_HEADER_BYTES + 8) this.#seal();
      if (this.#current < 0) this.#begin();
      const length = Math.min(body.length - from, this.#blockBytes - this.#used - RECORD_HEADER_BYTES);
      this.#put(kind, body, from, length);
      from += length;
    }
  }

  /** The oldest block that is to be written; with `whenPartial` the one that is being filled too. Undefined: none. */
  take(whenPartial: boolean): FilledBlock | undefined {
    if (this.#filled.length === 0 && whenPartial) this.#seal();
    return this.#filled.shift();
  }

  /** The block is written: its memory is free. */
  giveBack(index: number): void {
    this.#free.push(index);
  }

  #put(kind: RecordKind, body: Uint8Array, from: number, length: number): void {
    const at = this.#used;
    const bytes = this.#blocks[this.#current];
    const view = this.#views[this.#current];
    view.setUint32(at + RecordLayout.bodyBytes, length, true);
    view.setUint32(at + RecordLayout.kind, kind, true);
    setU64(view, at + RecordLayout.arrival_us, this.#last_us);
    const whole = recordBytes(length);
    bytes.set(body.subarray(from, from + length), at + RECORD_HEADER_BYTES);
    bytes.fill(0, at + RECORD_HEADER_BYTES + length, at + whole);
    this.#used += whole;
    this.#count++;
    if (kind === RecordKind.Data) this.#dataBytes += length;
  }

  #begin(): void {
    const next = this.#free.pop();
    assert(next !== undefined, "nothing is appended to a full buffer");
    this.#current = next;
    this.#used = 0;
    this.#count = 0;
    this.#dataBytes = 0;
    this.#beginsTake = false;
  }

  #seal(): void {
    if (this.#current < 0) return;
    this.#filled.push({
      index: this.#current,
      bytes: this.#used,
      count: this.#count,
      dataBytes: this.#dataBytes,
      last_us: this.#last_us,
      beginsTake: this.#beginsTake,
    });
    this.#current = -1;
  }
}
