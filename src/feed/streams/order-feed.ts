// The orders of accounts, from events: what happened to each order, and fills to both sides of a trade. An account's stream
// exists while a connection speaks for it, so accounts that nobody watches cost nothing.
//
// When `expired` is said: after the last event of a new order that is a market order or immediate or cancel, when it has
// lots left (what was ordered, less its trades). The engine writes no event for it; the message has the sequence of the
// command's last event.

import { fromLanes, fromSignedLanes, u64ToString } from "../../base/index.ts";
import {
  EventFlag,
  EventKind,
  EventWord,
  fillText,
  formatPrice,
  type Instrument,
  type OpenOrderEntry,
  type OrderEventName,
  OrderType,
  ordersTexts,
  orderText,
  Side,
  sideName,
  TimeInForce,
} from "../../protocol/index.ts";
import type { RestingOrderView } from "../book-source.ts";
import type { MarketSource } from "./market-source.ts";
import { Stream } from "./stream.ts";

/** Orders in a list of an account's open ones, oldest levels first; about 1 MB of text. */
export const ORDERS_LISTED_MAX = 10_000;

/** An account's orders. A snapshot is the list of its open ones. */
export class OrderStream extends Stream {
  readonly account: number;
  /** Connections that speak for the account. */
  connections = 0;
  readonly #source: MarketSource;
  /** The list of now, while renewWith() is at work. */
  #renewal: readonly string[] | undefined;

  constructor(account: number, source: MarketSource) {
    super("orders");
    this.account = account;
    this.#source = source;
  }

  /** The list reads the source, which is the state. */
  begin(): void {}

  snapshot(): readonly string[] {
    return this.#renewal ?? this.list(undefined);
  }

  say(message: string): void {
    this.publish(message);
  }

  /** The account's open orders as `orders` messages; `request`: what they answer. */
  list(request: number | undefined): readonly string[] {
    const list = new OpenOrders();
    collectOrders(this.#source, new Map([[this.account, list]]));
    return list.texts(this.#source.sequence, request);
  }

  /** As renew(), with a list that was made already: for all who take it now. */
  renewWith(list: OpenOrders): void {
    this.#renewal = list.texts(this.#source.sequence, undefined);
    this.renew();
    this.#renewal = undefined;
  }
}

/** The open orders of one account, up to the most that is listed. */
class OpenOrders {
  readonly #orders: OpenOrderEntry[] = [];
  #truncated = false;

  add({ name, priceDecimals }: Instrument, { idLow, idHigh, side, price, quantity }: RestingOrderView): void {
    this.#truncated = this.#orders.length === ORDERS_LISTED_MAX;
    if (this.#truncated) return;
    this.#orders.push({
      symbol: name,
      id: u64ToString(idLow, idHigh),
      side: sideName(side),
      price: formatPrice(price, priceDecimals),
      open: quantity,
    });
  }

  texts(sequence: number, request: number | undefined): readonly string[] {
    return ordersTexts(this.#orders, { sequence: String(sequence) }, { request, truncated: this.#truncated });
  }
}

/** Fills the lists, by account. */
function collectOrders(source: MarketSource, lists: ReadonlyMap<number, OpenOrders>): void {
  const { instruments } = source;
  source.forEachOrderOf(lists, (symbol, order) => lists.get(order.account)?.add(instruments[symbol], order));
}

export class OrderFeed {
  readonly #source: MarketSource;
  readonly #streams = new Map<number, OrderStream>();
  /** The limit of the command's order, in ticks, when its account is watched; a market order has none. */
  #limit: number | undefined;

  constructor(source: MarketSource) {
    this.#source = source;
  }

  /** Somebody speaks for an account, and is told of its orders as they change. */
  get isOpen(): boolean {
    return this.#streams.size > 0;
  }

  /** The stream of an account, for one connection more; it gives it back with close(). */
  open(account: number): OrderStream {
    let stream = this.#streams.get(account);
    if (stream === undefined) {
      stream = new OrderStream(account, this.#source);
      this.#streams.set(account, stream);
    }
    stream.connections++;
    return stream;
  }

  close(stream: OrderStream): void {
    if (--stream.connections === 0) this.#streams.delete(stream.account);
  }

  /** Another state: everybody gets the list anew, all of them from one walk. */
  renew(): void {
    const lists = new Map<number, OpenOrders>();
    for (const [account, stream] of this.#streams) if (stream.isWatched) lists.set(account, new OpenOrders());
    if (lists.size === 0) return;
    collectOrders(this.#source, lists);
    for (const [account, list] of lists) this.#streams.get(account)?.renewWith(list);
  }

  /** The event record at `at`, of a command that was not refused. */
  onEvent(words: Int32Array, at: number, timestamp_us: number): void {
    if (this.#streams.size === 0) return;
    const subject = this.#watched(words[at + EventWord.account] >>> 0);
    const isTrade = (words[at + EventWord.kindReasonCommandFlags] & 255) === EventKind.Trade;
    const maker = isTrade ? this.#watched(words[at + EventWord.makerAccount] >>> 0) : undefined;
    if (subject === undefined && maker === undefined) return;
    const event = new OrderEvent(words, at, timestamp_us, this.#source);
    maker?.say(event.fill("maker"));
    if (subject !== undefined) this.#tell(subject, event);
  }

  #tell(subject: OrderStream, event: OrderEvent): void {
    switch (event.kind) {
      case EventKind.Accept:
        this.#limit = event.isMarket ? undefined : event.price;
        subject.say(event.order("accepted", this.#limit, event.quantity));
        break;
      case EventKind.Trade:
        subject.say(event.fill("taker"));
        break;
      case EventKind.Modify:
        subject.say(
          event.order(event.quantity === 0 ? "cancelled" : "modified", event.price, event.quantity),
        );
        break;
      case EventKind.Cancel:
        subject.say(event.order("cancelled", event.price, 0));
        break;
    }
    if (event.expires) subject.say(event.order("expired", this.#limit, 0));
  }

  #watched(account: number): OrderStream | undefined {
    const stream = this.#streams.get(account);
    return stream?.isWatched ? stream : undefined;
  }
}

/** An event record as the messages of an account's orders. */
class OrderEvent {
  readonly kind: number;
  readonly price: number;
  readonly quantity: number;
  readonly isMarket: boolean;
  /** It is the last of an order that never rests, and lots are left. */
  readonly expires: boolean;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #time: string;
  readonly #sequence: string;
  readonly #symbol: string;
  readonly #decimals: number;
  readonly #side: Side;

  constructor(words: Int32Array, at: number, timestamp_us: number, { instruments }: MarketSource) {
    const head = words[at + EventWord.kindReasonCommandFlags];
    const sideTypeTif = words[at + EventWord.sideTypeTif];
    const { name, priceDecimals } = instruments[words[at + EventWord.symbol] >>> 0];
    this.#words = words;
    this.#at = at;
    this.kind = head & 255;
    this.price = fromSignedLanes(words[at + EventWord.priceLow], words[at + EventWord.priceHigh]);
    this.quantity = words[at + EventWord.quantity] >>> 0;
    this.isMarket = ((sideTypeTif >>> 8) & 255) === OrderType.Market;
    const left = this.kind === EventKind.Accept ? this.quantity : words[at + EventWord.leaves] >>> 0;
    const neverRests = this.isMarket || ((sideTypeTif >>> 16) & 255) === TimeInForce.ImmediateOrCancel;
    this.expires = ((head >>> 24) & EventFlag.Last) !== 0 && neverRests && left > 0;
    this.#time = String(timestamp_us);
    this.#sequence = String(fromLanes(words[at + EventWord.sequenceLow], words[at + EventWord.sequenceHigh]));
    this.#symbol = name;
    this.#decimals = priceDecimals;
    this.#side = (sideTypeTif & 255) as Side;
  }

  order(event: OrderEventName, price: number | undefined, open: number): string {
    return orderText({
      sequence: this.#sequence,
      event,
      symbol: this.#symbol,
      id: this.#id(EventWord.orderIdLow),
      side: sideName(this.#side),
      price: price === undefined ? null : formatPrice(price, this.#decimals),
      open,
      time: this.#time,
    });
  }

  fill(liquidity: "maker" | "taker"): string {
    const isMaker = liquidity === "maker";
    const opposite = this.#side === Side.Buy ? Side.Sell : Side.Buy;
    return fillText({
      sequence: this.#sequence,
      symbol: this.#symbol,
      id: this.#id(isMaker ? EventWord.makerIdLow : EventWord.orderIdLow),
      side: sideName(isMaker ? opposite : this.#side),
      price: formatPrice(this.price, this.#decimals),
      quantity: this.quantity,
      open: this.#words[this.#at + (isMaker ? EventWord.makerLeaves : EventWord.leaves)] >>> 0,
      liquidity,
      time: this.#time,
    });
  }

  /** The u64 whose low lane lies at word `low`. */
  #id(low: number): string {
    return u64ToString(this.#words[this.#at + low], this.#words[this.#at + low + 1]);
  }
}
