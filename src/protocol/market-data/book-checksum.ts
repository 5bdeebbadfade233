// What a BookChecksum says: CRC32C over the best bids and then the best asks, best first, each as the body of the Level message that
// tells it. So the side of a level and how many orders it has are summed too: a decoder that takes one side for the other, or loses
// count of orders, is found out.

import { crc32c, setU64 } from "../../base/index.ts";
import type { Side } from "../commands/index.ts";
import { CHECKSUM_LEVELS, LevelBody } from "./layout.ts";

const LEVEL_BYTES = LevelBody.bytes;

/** Collects levels and gives their sum. One at a time; begin() starts over. */
export class BookChecksum {
  /** Unused bytes of a body are never written, and stay zero. */
  readonly #bytes = new Uint8Array(2 * CHECKSUM_LEVELS * LEVEL_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #length = 0;

  begin(): void {
    this.#length = 0;
  }

  /** The next level, in ticks, lots and orders: bids before asks, best first, CHECKSUM_LEVELS of a side at most. */
  add(side: Side, price: number, total: number, orders: number): void {
    const at = this.#length;
    setU64(this.#view, at + LevelBody.price, price);
    setU64(this.#view, at + LevelBody.total, total);
    this.#view.setUint32(at + LevelBody.orders, orders, true);
    this.#bytes[at + LevelBody.side] = side;
    this.#length = at + LEVEL_BYTES;
  }

  /** As `add`, for the first `count` levels of `levels`, which has price, total and orders of each. */
  addAll(side: Side, levels: Float64Array, count: number): void {
    for (let i = 0; i < 3 * count; i += 3) this.add(side, levels[i], levels[i + 1], levels[i + 2]);
  }

  /** As u32. */
  value(): number {
    return crc32c(this.#bytes, 0, this.#length);
  }
}
