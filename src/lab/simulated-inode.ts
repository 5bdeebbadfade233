// One file of the simulated disk: what programs read, what is safe, and which 512-byte sectors differ.

import type { Prng } from "../base/index.ts";

/** What a disk writes in one piece. */
const DISK_SECTOR_BYTES = 512;

export class SimulatedInode {
  /** As programs read it; meaningful up to `size`. */
  bytes: Uint8Array = new Uint8Array(0);
  size = 0;
  #durable: Uint8Array = new Uint8Array(0);
  readonly #dirty = new Set<number>();

  /** Changes the size; new bytes are zero. */
  resize(size: number): void {
    if (size > this.bytes.length) {
      const bytes = new Uint8Array(Math.max(size, this.bytes.length * 2));
      bytes.set(this.bytes.subarray(0, this.size));
      this.bytes = bytes;
    }
    if (size < this.size) this.bytes.fill(0, size, this.size);
    this.size = size;
  }

  /** The bytes in [from, to) were written. */
  touch(from: number, to: number): void {
    for (let at = Math.floor(from / DISK_SECTOR_BYTES); at * DISK_SECTOR_BYTES < to; at++)
      this.#dirty.add(at);
  }

  /** Everything written is safe. */
  sync(): void {
    if (this.#durable.length !== this.size) this.#durable = resized(this.#durable, this.size);
    for (const sector of this.#dirty) this.#keep(this.#durable, sector);
    this.#dirty.clear();
  }

  /** What a kernel does after a failed sync: the bytes stay readable, and no later sync writes them. */
  forgetDirty(): void {
    this.#dirty.clear();
  }

  /** Each unsynced sector, and a change of size, survives by itself with probability `odds`. */
  crash(prng: Prng, odds: number): void {
    const sizeSurvives = this.size !== this.#durable.length && prng.chance(odds);
    const bytes = resized(this.#durable, sizeSurvives ? this.size : this.#durable.length);
    // In ascending order, so that the outcome depends on the seed and not on the order of the writes.
    for (const sector of [...this.#dirty].sort((a, b) => a - b))
      if (prng.chance(odds)) this.#keep(bytes, sector);
    this.replace(bytes);
  }

  /** Changes one byte, for every later reader too. */
  rot(offset: number, mask: number): void {
    if (offset < this.size) this.bytes[offset] ^= mask;
    if (offset < this.#durable.length) this.#durable[offset] ^= mask;
  }

  /** Other contents, safe at once. */
  replace(contents: Uint8Array): void {
    this.bytes = contents.slice();
    this.size = contents.length;
    this.#durable = contents.slice();
    this.#dirty.clear();
  }

  #keep(target: Uint8Array, sector: number): void {
    const from = sector * DISK_SECTOR_BYTES;
    const to = Math.min(from + DISK_SECTOR_BYTES, this.size, target.length);
    if (from < to) target.set(this.bytes.subarray(from, to), from);
  }
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(size);
  result.set(bytes.subarray(0, Math.min(size, bytes.length)));
  return result;
}
