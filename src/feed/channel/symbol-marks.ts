// A set of symbols that are marked once and visited in the order in which they were: what has changed since somebody looked.

import { powerOfTwoAtLeast } from "../../base/index.ts";

export class SymbolMarks {
  count = 0;
  /** The marked ones are the first `count`. */
  symbols = new Int32Array(0);
  #isMarked = new Uint8Array(0);

  mark(symbol: number): void {
    if (symbol >= this.#isMarked.length) this.#grow(symbol + 1);
    if (this.#isMarked[symbol] !== 0) return;
    this.#isMarked[symbol] = 1;
    this.symbols[this.count++] = symbol;
  }

  clear(): void {
    for (let i = 0; i < this.count; i++) this.#isMarked[this.symbols[i]] = 0;
    this.count = 0;
  }

  #grow(symbols: number): void {
    const length = powerOfTwoAtLeast(symbols);
    const [marked, list] = [new Uint8Array(length), new Int32Array(length)];
    marked.set(this.#isMarked);
    list.set(this.symbols);
    this.#isMarked = marked;
    this.symbols = list;
  }
}
