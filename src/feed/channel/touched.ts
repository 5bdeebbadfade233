// What one command has touched of books, in the order in which it happened: levels, and orders that were cancelled. It is said when
// the command is over and the books may be read. A command has as many entries as events at most, that is, as there are orders: a
// kill switch over a million of them takes 25 MB here, and a usual command one entry.

/** Entries at first: one sweep over as many levels. */
const ENTRIES_MIN = 256;

export class Touched {
  count = 0;
  symbols = new Int32Array(ENTRIES_MIN);
  sides = new Uint8Array(ENTRIES_MIN);
  /** Ticks. */
  prices = new Float64Array(ENTRIES_MIN);
  /** The number of an order that was cancelled; 0 where only the level was touched. */
  refs = new Float64Array(ENTRIES_MIN);

  /** Adds a level; one that was touched just before is not said twice. */
  level(symbol: number, side: number, price: number): void {
    const last = this.count - 1;
    const isLast =
      last >= 0 &&
      this.prices[last] === price &&
      this.sides[last] === side &&
      this.symbols[last] === symbol &&
      this.refs[last] === 0;
    if (!isLast) this.cancelled(symbol, side, price, 0);
  }

  /** Adds the level of a cancelled order, and the order. */
  cancelled(symbol: number, side: number, price: number, ref: number): void {
    const at = this.count;
    if (at === this.symbols.length) this.#grow();
    this.symbols[at] = symbol;
    this.sides[at] = side;
    this.prices[at] = price;
    this.refs[at] = ref;
    this.count = at + 1;
  }

  /** Whether entry `i` has the level of the one before it. */
  isRepeated(i: number): boolean {
    return (
      i > 0 &&
      this.prices[i] === this.prices[i - 1] &&
      this.sides[i] === this.sides[i - 1] &&
      this.symbols[i] === this.symbols[i - 1]
    );
  }

  /** Where the entries of the symbol of entry `from` end. */
  endOfSymbol(from: number): number {
    const symbol = this.symbols[from];
    let to = from + 1;
    while (to < this.count && this.symbols[to] === symbol) to++;
    return to;
  }

  clear(): void {
    this.count = 0;
  }

  #grow(): void {
    const entries = 2 * this.symbols.length;
    this.symbols = copyOf(this.symbols, new Int32Array(entries));
    this.sides = copyOf(this.sides, new Uint8Array(entries));
    this.prices = copyOf(this.prices, new Float64Array(entries));
    this.refs = copyOf(this.refs, new Float64Array(entries));
  }
}

function copyOf<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
