// How layouts are written down: fields accumulate one after the other, so that an offset is never typed as a
// number and a record's size is the sum of its fields.

import { assert } from "./assert.ts";

/** Accumulates the fields of one fixed layout. Offsets are in bytes from the start of the record. */
export class LayoutBuilder {
  #at = 0;

  u8(): number {
    return this.#take(1);
  }
  u16(): number {
    return this.#take(2);
  }
  u32(): number {
    return this.#take(4);
  }
  u64(): number {
    return this.#take(8);
  }
  bytes(length: number): number {
    return this.#take(length);
  }
  /** The total size, asserted against what the specification says. */
  size(expected_bytes: number): number {
    assert(
      this.#at === expected_bytes,
      `layout is ${this.#at} bytes, its specification says ${expected_bytes}`,
    );
    return this.#at;
  }

  #take(length: number): number {
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

/** The offsets of a record's or a message's fields, and its `bytes`, asserted against what the specification says. */
export function layout<T extends { readonly [name: string]: number }>(
  bytes: number,
  fields: (at: LayoutBuilder) => T,
): T & { bytes: number } {
  const at = new LayoutBuilder();
  const offsets = fields(at);
  return { ...offsets, bytes: at.size(bytes) };
}

/** The word (4-byte) index of a byte offset; asserts that it is aligned. */
export function wordOf(byteOffset: number): number {
  assert(byteOffset % 4 === 0, `offset ${byteOffset} is not word-aligned`);
  return byteOffset / 4;
}
