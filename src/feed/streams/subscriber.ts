// One connection's subscriptions: which streams it listens to. How fast it gets them is its outbox's matter.

import type { Side } from "../../protocol/index.ts";
import type { OrderStream } from "./order-feed.ts";
import { Outbox, type SubscriberSink, Subscription } from "./outbox.ts";
import type { Publisher } from "./publisher.ts";
import type { QueueStream } from "./queue-stream.ts";
import { MARKET_CHANNELS, type MarketChannel } from "./symbol-feed.ts";

/** Channels of symbols that one subscriber has: four of 512 symbols; about 1 MB of bookkeeping. */
export const SUBSCRIPTIONS_MAX = 2048;

export class Subscriber {
  readonly #publisher: Publisher;
  readonly #outbox: Outbox;
  /** By channel and symbol (keyOf). */
  readonly #market = new Map<number, readonly Subscription[]>();
  /** The account's orders; listened to when subscribed, and the way that lists of them take. */
  readonly #orders: { readonly stream: OrderStream; readonly subscription: Subscription } | undefined;
  readonly #account: number | undefined;
  /** The one queue that it looks at. */
  #queue: { readonly stream: QueueStream; readonly subscription: Subscription } | undefined;
  #isClosed = false;

  /** `account`: whose orders it may ask for. Must be closed. */
  constructor(publisher: Publisher, sink: SubscriberSink, account?: number) {
    this.#publisher = publisher;
    this.#account = account;
    const guarded = {
      send: (message: string) => sink.send(message),
      overflowed: () => {
        this.close();
        sink.overflowed();
      },
    };
    this.#outbox = new Outbox(guarded, publisher.figures);
    if (account === undefined) return;
    const stream = publisher.orders.open(account);
    this.#orders = { stream, subscription: new Subscription(this.#outbox, stream) };
  }

  /** What waits for the peer: messages and characters held, streams whose turn will come. */
  get held(): { readonly messages: number; readonly bytes: number; readonly streams: number } {
    return this.#outbox.held;
  }

  /** Whether any of its account's orders wait for the peer: a list of them, or what was told of them. */
  get holdsOrders(): boolean {
    return this.#orders !== undefined && this.#orders.subscription.queue.length > 0;
  }

  /** Whether these channels of these symbols, whatever of them is subscribed already, stay within SUBSCRIPTIONS_MAX. */
  hasRoomFor(channels: readonly MarketChannel[], symbols: readonly number[]): boolean {
    let more = 0;
    for (const symbol of symbols) {
      for (const channel of channels) if (!this.#market.has(keyOf(channel, symbol))) more++;
    }
    return this.#market.size + more <= SUBSCRIPTIONS_MAX;
  }

  /** Begins with a snapshot, also when it is subscribed already. The caller has asked hasRoomFor(). */
  subscribe(channel: MarketChannel, symbol: number): void {
    if (this.#isClosed) return;
    const key = keyOf(channel, symbol);
    let subscriptions = this.#market.get(key);
    if (subscriptions === undefined) {
      subscriptions = this.#publisher
        .streams(channel, symbol)
        .map((stream) => new Subscription(this.#outbox, stream));
      this.#market.set(key, subscriptions);
      for (const subscription of subscriptions) subscription.stream.attach(subscription);
      this.#publisher.figures.subscriptions++;
    }
    for (const subscription of subscriptions) this.#outbox.renew(subscription);
  }

  unsubscribe(channel: MarketChannel, symbol: number): void {
    const key = keyOf(channel, symbol);
    if (this.#market.has(key)) this.#publisher.figures.subscriptions--;
    for (const subscription of this.#market.get(key) ?? []) {
      subscription.stream.detach(subscription);
      this.#outbox.drop(subscription);
    }
    this.#market.delete(key);
  }

  /** Looks at the queue at a price in ticks, in place of the one it looked at before; begins with a snapshot. */
  subscribeQueue(symbol: number, side: Side, price: number): void {
    if (this.#isClosed) return;
    this.unsubscribeQueue();
    const stream = this.#publisher.openQueue(symbol, side, price, this.#account);
    const subscription = new Subscription(this.#outbox, stream);
    this.#queue = { stream, subscription };
    this.#publisher.figures.subscriptions++;
    stream.attach(subscription);
    this.#outbox.renew(subscription);
  }

  unsubscribeQueue(): void {
    if (this.#queue === undefined) return;
    const { stream, subscription } = this.#queue;
    this.#queue = undefined;
    this.#publisher.figures.subscriptions--;
    stream.detach(subscription);
    this.#outbox.drop(subscription);
    this.#publisher.closeQueue(stream);
  }

  /** Begins with the list of open orders. Without an account there is nothing to listen to. */
  subscribeOrders(): void {
    if (this.#orders === undefined || this.#isClosed) return;
    this.#orders.stream.attach(this.#orders.subscription);
    this.#outbox.renew(this.#orders.subscription);
  }

  unsubscribeOrders(): void {
    if (this.#orders === undefined) return;
    this.#orders.stream.detach(this.#orders.subscription);
    this.#outbox.drop(this.#orders.subscription);
  }

  /** Sends the list of open orders, behind what waits of the account's orders. */
  listOrders(request: number | undefined): void {
    if (this.#orders === undefined || this.#isClosed) return;
    this.#outbox.add(this.#orders.subscription, this.#orders.stream.list(request));
  }

  /** The peer can take more. */
  drained(): void {
    this.#outbox.drained();
  }

  /** Forgets everything; no call to the sink follows. May be called twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const subscriptions of this.#market.values())
      for (const subscription of subscriptions) subscription.stream.detach(subscription);
    this.#publisher.figures.subscriptions -= this.#market.size;
    this.#market.clear();
    this.unsubscribeQueue();
    this.#outbox.close();
    if (this.#orders === undefined) return;
    this.#orders.stream.detach(this.#orders.subscription);
    this.#publisher.orders.close(this.#orders.stream);
  }
}

function keyOf(channel: MarketChannel, symbol: number): number {
  return symbol * MARKET_CHANNELS.length + MARKET_CHANNELS.indexOf(channel);
}
