// The last section of a flow: one `sym` line per registered symbol in order, each followed by its own levels, bids
// from the highest, then asks from the lowest. A level of another symbol is refused, never moved to where it fits.

import type { LineReader } from "./line-reader.ts";
import type { FlowBookLines, FlowLevel, FlowSnapshot } from "./types.ts";

interface OpenBook {
  readonly bid: bigint | undefined;
  readonly ask: bigint | undefined;
  readonly orders: number;
  readonly bids: FlowLevel[];
  readonly asks: FlowLevel[];
  readonly lines: { readonly sym: number; readonly bids: number[]; readonly asks: number[] };
}

export class SnapshotParser {
  readonly #head: LineReader;
  readonly #symbols: number;
  readonly #lastSequence: number;
  readonly #trades: number;
  readonly #books: OpenBook[] = [];

  /** Reads the `snapshot` line; `symbols` is how many the flow registered. */
  constructor(reader: LineReader, symbols: number) {
    this.#head = reader;
    this.#symbols = symbols;
    reader.word("last_seq");
    this.#lastSequence = reader.count("the last sequence");
    reader.word("trades");
    this.#trades = reader.count("the number of trades");
  }

  takeSym(reader: LineReader): void {
    const symbol = reader.u32("the symbol");
    if (symbol >= this.#symbols) reader.fail(`symbol ${symbol} is not registered in this flow`);
    if (symbol !== this.#books.length)
      reader.fail(`expected 'sym ${this.#books.length}', found 'sym ${symbol}'`);
    reader.word("bid");
    const bid = reader.i64OrNone("the best bid");
    reader.word("ask");
    const ask = reader.i64OrNone("the best ask");
    reader.word("orders");
    const orders = reader.count("the number of orders");
    this.#books.push({
      bid,
      ask,
      orders,
      bids: [],
      asks: [],
      lines: { sym: reader.line, bids: [], asks: [] },
    });
  }

  takeLevel(reader: LineReader): void {
    const book = this.#books.at(-1);
    if (book === undefined) reader.fail("'level' comes before any 'sym' line");
    const symbol = reader.u32("the symbol");
    const open = this.#books.length - 1;
    if (symbol !== open) reader.fail(`a level of symbol ${symbol} under 'sym ${open}'`);
    const side = reader.oneOf("the side", { B: "bids", A: "asks" } as const);
    const price = reader.i64("the price");
    const level = { price, quantity: reader.count("the quantity") };
    checkOrder(reader, book, side, price);
    book[side].push(level);
    book.lines[side].push(reader.line);
  }

  finish(): { snapshot: FlowSnapshot; line: number; books: readonly FlowBookLines[] } {
    if (this.#books.length < this.#symbols)
      this.#head.fail(
        `the snapshot has no 'sym ${this.#books.length}' (${this.#symbols} symbols are registered)`,
      );
    return {
      snapshot: {
        lastSequence: this.#lastSequence,
        trades: this.#trades,
        books: this.#books.map(({ bid, ask, orders, bids, asks }) => ({ bid, ask, orders, bids, asks })),
      },
      line: this.#head.line,
      books: this.#books.map((book) => book.lines),
    };
  }
}

function checkOrder(reader: LineReader, book: OpenBook, side: "bids" | "asks", price: bigint): void {
  if (side === "bids" && book.asks.length > 0) reader.fail("a bid level comes after an ask level");
  const last = book[side].at(-1);
  if (last === undefined) return;
  if (side === "bids" && price >= last.price) reader.fail("bid levels go from the highest price down");
  if (side === "asks" && price <= last.price) reader.fail("ask levels go from the lowest price up");
}
