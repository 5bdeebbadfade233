// Listeners that keep the books of a channel, of levels or of single orders, and hold each against its sum. Whoever wants to hear more
// extends them, and calls the method it overrides.
//
// Bounds: a book per symbol that was told of; those of one book stand in level-side.ts and order-book.ts.

import { BookChecksum, type Side } from "../../protocol/index.ts";
import { LevelBook } from "./level-book.ts";
import { MarketDataListener } from "./listener.ts";
import { OrderBook } from "./order-book.ts";

/** One for all: a sum is made in one go. */
const sum = new BookChecksum();

/** The books of channel levels. */
export class LevelBooks extends MarketDataListener {
  readonly #books: LevelBook[] = [];

  /** The book of a symbol; an empty one when nothing was told of it. */
  book(symbol: number): LevelBook {
    this.#books[symbol] ??= new LevelBook();
    return this.#books[symbol];
  }

  override epochBegan(_epoch: number): void {
    for (const book of this.#books) book?.clear();
  }
  override bookClear(symbol: number): void {
    this.book(symbol).clear();
  }
  override level(symbol: number, side: number, price: number, total: number, orders: number): void {
    this.book(symbol).set(side as Side, price, total, orders);
  }
  override agrees(symbol: number, crc: number): boolean {
    return this.book(symbol).agrees(crc, sum);
  }
}

/** The books of channel orders. */
export class OrderBooks extends MarketDataListener {
  readonly #books: OrderBook[] = [];

  /** The book of a symbol; an empty one when nothing was told of it. */
  book(symbol: number): OrderBook {
    this.#books[symbol] ??= new OrderBook();
    return this.#books[symbol];
  }

  override epochBegan(_epoch: number): void {
    for (const book of this.#books) book?.clear();
  }
  override bookClear(symbol: number): void {
    this.book(symbol).clear();
  }
  override orderAdd(
    symbol: number,
    ref: number,
    side: number,
    price: number,
    quantity: number,
    place: number,
  ): void {
    this.book(symbol).add(ref, side as Side, price, quantity, place);
  }
  override orderExecuted(
    symbol: number,
    ref: number,
    _price: number,
    quantity: number,
    leaves: number,
  ): void {
    this.book(symbol).execute(ref, quantity, leaves);
  }
  override orderReduced(symbol: number, ref: number, quantity: number): void {
    this.book(symbol).reduce(ref, quantity);
  }
  override orderDelete(symbol: number, ref: number): void {
    this.book(symbol).delete(ref);
  }
  override agrees(symbol: number, crc: number): boolean {
    return this.book(symbol).agrees(crc, sum);
  }
}
