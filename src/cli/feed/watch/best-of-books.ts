// Channels that tell books, levels or orders, for a table of best prices: these are looked up when an event is over, and in a book that its
// checksum proves, as at the end of a snapshot, which is no event.

import {
  type CacheWriter,
  ChannelCacheListener,
  type LevelSide,
  type MarketDataListener,
} from "../../../feed/index.ts";

/** LevelBooks or OrderBooks. */
type Books = MarketDataListener & {
  book(symbol: number): { readonly bids: LevelSide; readonly asks: LevelSide };
};

export class BestOfBooks extends ChannelCacheListener {
  readonly #books: Books | undefined;

  /** Without books it is channel top's, which tells the best prices itself. */
  constructor(cache: CacheWriter, books: Books | undefined) {
    super(cache);
    this.#books = books;
  }

  override epochBegan(epoch: number): void {
    super.epochBegan(epoch);
    this.#books?.epochBegan(epoch);
  }
  override bookClear(symbol: number): void {
    this.#books?.bookClear(symbol);
  }
  override level(symbol: number, side: number, price: number, total: number, orders: number): void {
    this.#books?.level(symbol, side, price, total, orders);
  }
  override orderAdd(
    symbol: number,
    ref: number,
    side: number,
    price: number,
    lots: number,
    place: number,
  ): void {
    this.#books?.orderAdd(symbol, ref, side, price, lots, place);
  }
  override orderExecuted(symbol: number, ref: number, price: number, lots: number, leaves: number): void {
    this.#books?.orderExecuted(symbol, ref, price, lots, leaves);
  }
  override orderReduced(symbol: number, ref: number, quantity: number): void {
    this.#books?.orderReduced(symbol, ref, quantity);
  }
  override orderDelete(symbol: number, ref: number): void {
    this.#books?.orderDelete(symbol, ref);
  }
  override agrees(symbol: number, crc: number): boolean {
    if (this.#books?.agrees(symbol, crc) === false) return false;
    this.#tellBest(symbol);
    return true;
  }
  override endOfEvent(symbol: number): void {
    this.#tellBest(symbol);
  }

  #tellBest(symbol: number): void {
    if (this.#books === undefined) return;
    const { bids, asks } = this.#books.book(symbol);
    const [bid, ask] = [bids.count > 0, asks.count > 0];
    this.top(
      symbol,
      bid ? bids.price(0) : 0,
      bid ? bids.total(0) : 0,
      bid ? bids.orders(0) : 0,
      ask ? asks.price(0) : 0,
      ask ? asks.total(0) : 0,
      ask ? asks.orders(0) : 0,
    );
  }
}
