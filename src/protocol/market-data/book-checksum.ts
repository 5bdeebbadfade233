// What a BookChecksum says: CRC32C over the best bids and then the best asks, each as its price (i64) and its total (u64),
// little-endian, best first.

import { crc32c, setU64 } from "../../base/index.ts";
import { CHECKSUM_LEVELS } from "./layout.ts";

/** Price and total. */
const LEVEL_BYTES = 16;

/** Collects levels and gives their sum. One at a time; begin() starts over. */
export class BookChecksum {
  readonly #bytes = new Uint8Array(2 * CHECKSUM_LEVELS * LEVEL_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #length = 0;

  begin(): void {
    this.#length = 0;
  }

  /** The next level: bids before asks, best first, CHECKSUM_LEVELS of a side at most. */
  add(price: number, total: number): void {
    setU64(this.#view, this.#length, price);
    setU64(this.#view, this.#length + 8, total);
    this.#length += LEVEL_BYTES;
  }

  /** As `add`, for the first `count` levels of `levels`, which has price, total and orders of each. */
  addAll(levels: Float64Array, count: number): void {
    for (let i = 0; i < count; i++) {
      setU64(this.#view, this.#length, levels[3 * i]);
      setU64(this.#view, this.#length + 8, levels[3 * i + 1]);
      this.#length += LEVEL_BYTES;
    }
  }

  /** As u32. */
  value(): number {
    return crc32c(this.#bytes, 0, this.#length);
  }
}
