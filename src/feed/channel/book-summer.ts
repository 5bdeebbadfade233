// The checksum of a symbol's best levels, as its subscribers must find it.

import { BookChecksum, CHECKSUM_LEVELS, Side } from "../../protocol/index.ts";
import type { ChannelSource } from "./channel-source.ts";

const SIDES = [Side.Buy, Side.Sell] as const;

export class BookSummer {
  readonly #source: ChannelSource;
  readonly #sum = new BookChecksum();
  readonly #levels = new Float64Array(3 * CHECKSUM_LEVELS);

  constructor(source: ChannelSource) {
    this.#source = source;
  }

  of(symbol: number): number {
    this.#sum.begin();
    for (let i = 0; i < SIDES.length; i++) {
      const count = this.#source.readLevels(symbol, SIDES[i], CHECKSUM_LEVELS, this.#levels);
      this.#sum.addAll(SIDES[i], this.#levels, count);
    }
    return this.#sum.value();
  }
}
