// How each channel tells what a command has done to a symbol's book, once the command is over: the top of book when it is another
// one, the levels that were touched as they are now, the orders that were cancelled and the one that came to rest.

import { assert, highLane, lowLane, powerOfTwoAtLeast } from "../../base/index.ts";
import {
  EventWord,
  MdType,
  putBookClear,
  putLevel,
  putOrderAdd,
  putOrderDelete,
  putOrderExecuted,
  putOrderReduced,
  putTopOfBook,
  Side,
} from "../../protocol/index.ts";
import type { Channel } from "./channel.ts";
import type { ChannelSource } from "./channel-source.ts";
import { OrderRefs } from "./order-refs.ts";
import type { RestingOrder } from "./resting-order.ts";
import type { Touched } from "./touched.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md.
const SYMBOL = EventWord.symbol;
const SEQUENCE_LOW = EventWord.sequenceLow;
const SEQUENCE_HIGH = EventWord.sequenceHigh;
const ORDER_ID_LOW = EventWord.orderIdLow;
const ORDER_ID_HIGH = EventWord.orderIdHigh;
const MAKER_ID_LOW = EventWord.makerIdLow;
const MAKER_ID_HIGH = EventWord.makerIdHigh;
const PRICE_LOW = EventWord.priceLow;
const PRICE_HIGH = EventWord.priceHigh;
const QUANTITY = EventWord.quantity;
const ACCOUNT = EventWord.account;
const MAKER_ACCOUNT = EventWord.makerAccount;
const MAKER_LEAVES = EventWord.makerLeaves;

const NUMBERED = "every order that rests has a number";

/** Price, total, orders of the best bid, and of the best ask. */
const TOP_NUMBERS = 6;

export class TopTeller {
  readonly channel: Channel;
  readonly #source: ChannelSource;
  readonly #bid = new Float64Array(3);
  readonly #ask = new Float64Array(3);
  /** By symbol: what was told last, TOP_NUMBERS of each; no orders, no such side. */
  #told = new Float64Array(0);

  constructor(channel: Channel, source: ChannelSource) {
    this.channel = channel;
    this.#source = source;
  }

  /** Takes the books as they are for what is known. */
  begin(): void {
    for (let symbol = 0; symbol < this.#source.instruments.length; symbol++) this.#take(symbol);
  }

  /** Tells the top of the symbol of entries [from, to), when it is another one. */
  tell(touched: Touched, from: number, to: number): void {
    const symbol = touched.symbols[from];
    if (!this.#isReached(symbol, touched, from, to) || !this.#take(symbol)) return;
    putTopOfBook(
      this.channel.writer,
      symbol,
      this.channel.claim(MdType.TopOfBook, symbol),
      this.#bid,
      this.#ask,
    );
  }

  /** Whether one of the entries is at the top that was told, or better: what lies behind it changes nothing. */
  #isReached(symbol: number, { prices, sides }: Touched, from: number, to: number): boolean {
    const told = this.#told;
    const at = TOP_NUMBERS * symbol;
    if (at + TOP_NUMBERS > told.length) return true;
    for (let i = from; i < to; i++) {
      const isBid = sides[i] === Side.Buy;
      const best = isBid ? at : at + 3;
      if (told[best + 2] === 0 || (isBid ? prices[i] >= told[best] : prices[i] <= told[best])) return true;
    }
    return false;
  }

  /** Reads the top of a book; whether it is not what was told. */
  #take(symbol: number): boolean {
    const [bid, ask] = [this.#bid, this.#ask];
    if (this.#source.readLevels(symbol, Side.Buy, 1, bid) === 0) bid.fill(0);
    if (this.#source.readLevels(symbol, Side.Sell, 1, ask) === 0) ask.fill(0);
    const at = TOP_NUMBERS * symbol;
    if (at + TOP_NUMBERS > this.#told.length) this.#grow(at + TOP_NUMBERS);
    const told = this.#told;
    let isChanged = false;
    for (let i = 0; i < 3; i++) {
      if (told[at + i] !== bid[i] || told[at + 3 + i] !== ask[i]) isChanged = true;
      told[at + i] = bid[i];
      told[at + 3 + i] = ask[i];
    }
    return isChanged;
  }

  #grow(length: number): void {
    const grown = new Float64Array(powerOfTwoAtLeast(length));
    grown.set(this.#told);
    this.#told = grown;
  }
}

export class LevelTeller {
  readonly channel: Channel;
  readonly #source: ChannelSource;
  readonly #level = new Float64Array(3);

  constructor(channel: Channel, source: ChannelSource) {
    this.channel = channel;
    this.#source = source;
  }

  /** Tells the levels of entries [from, to), all of one symbol; `isCleared`: nothing rests in its book any more. */
  tell(touched: Touched, from: number, to: number, isCleared: boolean): void {
    const { channel } = this;
    const symbol = touched.symbols[from];
    if (isCleared) return putBookClear(channel.writer, symbol, channel.claim(MdType.BookClear, symbol));
    for (let i = from; i < to; i++) {
      if (touched.isRepeated(i)) continue;
      const side = touched.sides[i];
      this.#level[0] = touched.prices[i];
      this.#source.readLevel(symbol, side as Side, this.#level);
      putLevel(channel.writer, symbol, channel.claim(MdType.Level, symbol), side, this.#level);
    }
  }
}

export class OrderTeller {
  readonly channel: Channel;
  readonly refs: OrderRefs;
  readonly #source: ChannelSource;
  readonly #level = new Float64Array(3);

  constructor(channel: Channel, source: ChannelSource) {
    this.channel = channel;
    this.#source = source;
    this.refs = new OrderRefs(source.genesis.indexSeed);
  }

  /** Numbers the orders that rest. */
  begin(): void {
    const { refs } = this;
    refs.clear();
    for (let symbol = 0; symbol < this.#source.instruments.length; symbol++)
      this.#source.forEachOrder(symbol, ({ account, idLow, idHigh }) => {
        refs.add(account, symbol, idLow, idHigh);
      });
  }

  /** Tells the cancelled orders among entries [from, to), all of one symbol. */
  tell(touched: Touched, from: number, to: number, isCleared: boolean): void {
    const { channel } = this;
    const symbol = touched.symbols[from];
    if (isCleared) return putBookClear(channel.writer, symbol, channel.claim(MdType.BookClear, symbol));
    for (let i = from; i < to; i++) if (touched.refs[i] !== 0) this.deleted(symbol, touched.refs[i]);
  }

  deleted(symbol: number, ref: number): void {
    const { channel } = this;
    putOrderDelete(channel.writer, symbol, channel.claim(MdType.OrderDelete, symbol), ref);
  }

  /** An order that came to rest at `price`, at the end of its queue: the number of its level's orders is its place. */
  rests(order: RestingOrder): void {
    const { channel } = this;
    const { symbol, side } = order;
    const level = this.#level;
    level[0] = order.price[0];
    this.#source.readLevel(symbol, side as Side, level);
    const place = level[2];
    const ref = this.refs.add(order.account, symbol, order.idLow, order.idHigh);
    const sequence = channel.claim(MdType.OrderAdd, symbol);
    const [low, high] = [lowLane(level[0]), highLane(level[0])];
    putOrderAdd(channel.writer, symbol, sequence, ref, low, high, order.left, place, side);
  }

  /** The maker of the Trade at `at` of `words`. */
  executed(words: Int32Array, at: number): void {
    const { channel, refs } = this;
    const symbol = words[at + SYMBOL];
    const account = words[at + MAKER_ACCOUNT];
    const [idLow, idHigh] = [words[at + MAKER_ID_LOW], words[at + MAKER_ID_HIGH]];
    const leaves = words[at + MAKER_LEAVES] >>> 0;
    const isGone = leaves === 0;
    const ref = isGone
      ? refs.remove(account, symbol, idLow, idHigh)
      : refs.find(account, symbol, idLow, idHigh);
    assert(ref !== 0, NUMBERED);
    putOrderExecuted(
      channel.writer,
      symbol,
      channel.claim(MdType.OrderExecuted, symbol),
      ref,
      words[at + SEQUENCE_LOW],
      words[at + SEQUENCE_HIGH],
      words[at + PRICE_LOW],
      words[at + PRICE_HIGH],
      words[at + QUANTITY] >>> 0,
      leaves,
    );
  }

  /** The subject of the Modify at `at` of `words`, which keeps its place. */
  reduced(words: Int32Array, at: number): void {
    const { channel, refs } = this;
    const symbol = words[at + SYMBOL];
    const ref = refs.find(words[at + ACCOUNT], symbol, words[at + ORDER_ID_LOW], words[at + ORDER_ID_HIGH]);
    assert(ref !== 0, NUMBERED);
    const sequence = channel.claim(MdType.OrderReduced, symbol);
    putOrderReduced(channel.writer, symbol, sequence, ref, words[at + QUANTITY] >>> 0);
  }

  /** The number of the event's subject, which leaves its place in the book. */
  removed(words: Int32Array, at: number): number {
    const [idLow, idHigh] = [words[at + ORDER_ID_LOW], words[at + ORDER_ID_HIGH]];
    const ref = this.refs.remove(words[at + ACCOUNT], words[at + SYMBOL], idLow, idHigh);
    assert(ref !== 0, NUMBERED);
    return ref;
  }
}
