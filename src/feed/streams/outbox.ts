// What one subscriber still has to get, and its pace. While the peer keeps up, messages go straight through and nothing is
// held. While it is slow:
//   conflated streams  hold nothing but the mark that a snapshot is due: O(1) per message, one mark per stream. The snapshot
//                      says how many messages it stands for
//   trades, orders     wait in order, up to the bounds below; one more and the subscriber is given up
// When the peer can take more, the streams that wait are served in turn, one message each: none starves another.

import { conflatedText } from "../../protocol/index.ts";
import type { Holding, Stream, StreamListener } from "./stream.ts";

/**
 * Messages that may wait for one subscriber. A stalled one's trades of a busy symbol last 16 s: 50 batches a second, each cut by
 * up to four quotes.
 */
export const TRADE_MESSAGES_MAX = 4_000;
export const ORDER_MESSAGES_MAX = 10_000;
/** Characters (all but names are ASCII: bytes) of all that waits for one subscriber. */
export const HELD_BYTES_MAX = 4 * 1024 * 1024;

const MESSAGES_MAX: Record<Holding, number> = {
  conflated: Number.POSITIVE_INFINITY,
  trades: TRADE_MESSAGES_MAX,
  orders: ORDER_MESSAGES_MAX,
};

/** Where messages go: a connection. Neither call may come back to the subscriber, but for close(). */
export interface SubscriberSink {
  /** Takes a message. False: the peer is slow now; nothing more until `drained()`. */
  send(message: string): boolean;
  /** The peer is too slow and gets nothing any more: to be disconnected (close code 4008). */
  overflowed(): void;
}

/** Figures of all subscribers together. */
export class StreamFigures {
  /** Channels of symbols, and queues, that are subscribed to now. */
  subscriptions = 0;
  /** Messages that subscribers were not sent, because a newer one said more: they were slow, or it was a quote within a burst of trades. */
  conflated = 0;
}

/** One subscriber's place in one stream. */
export class Subscription implements StreamListener {
  readonly stream: Stream;
  /** Messages that wait, oldest first. */
  readonly queue: string[] = [];
  /** The next message, once the queue is empty, is a snapshot; what the stream says until then is in it. */
  needsSnapshot = false;
  /** Messages that were left out since the last one that was sent. */
  conflated = 0;
  readonly #outbox: Outbox;

  constructor(outbox: Outbox, stream: Stream) {
    this.#outbox = outbox;
    this.stream = stream;
  }

  onMessage(message: string): void {
    this.#outbox.offer(this, message);
  }

  onRenewed(): void {
    this.#outbox.renew(this);
  }
}

export class Outbox {
  readonly #sink: SubscriberSink;
  readonly #figures: StreamFigures;
  /** Subscriptions that have something to send, in the order of their turns: none while the peer keeps up. */
  readonly #waiting = new Set<Subscription>();
  readonly #held: Record<Holding, number> = { conflated: 0, trades: 0, orders: 0 };
  #held_bytes = 0;
  #isSlow = false;
  #isClosed = false;

  constructor(sink: SubscriberSink, figures: StreamFigures) {
    this.#sink = sink;
    this.#figures = figures;
  }

  /** Messages and characters held now, and the streams that wait for their turn. */
  get held(): { readonly messages: number; readonly bytes: number; readonly streams: number } {
    const { conflated, trades, orders } = this.#held;
    return {
      messages: conflated + trades + orders,
      bytes: this.#held_bytes,
      streams: this.#waiting.size,
    };
  }

  /** A message of a stream that all its listeners get. */
  offer(subscription: Subscription, message: string): void {
    if (this.#isClosed) return;
    if (subscription.needsSnapshot) return this.#leaveOut(subscription);
    if (!this.#isSlow) return this.#send(message);
    if (subscription.stream.holding === "conflated") {
      subscription.needsSnapshot = true;
      this.#leaveOut(subscription);
    } else if (!this.#hold(subscription, message)) return;
    this.#waiting.add(subscription);
  }

  /** The subscription goes on with a snapshot, after what already waits for it. */
  renew(subscription: Subscription): void {
    if (this.#isClosed) return;
    subscription.needsSnapshot = true;
    this.#waiting.add(subscription);
    this.#pump();
  }

  /** Messages for this subscriber alone, after what already waits for the subscription. */
  add(subscription: Subscription, messages: readonly string[]): void {
    if (this.#isClosed || !messages.every((message) => this.#hold(subscription, message))) return;
    this.#waiting.add(subscription);
    this.#pump();
  }

  /** Nothing of a subscription is sent any more. */
  drop(subscription: Subscription): void {
    this.#waiting.delete(subscription);
    subscription.needsSnapshot = false;
    while (subscription.queue.length > 0) this.#take(subscription);
  }

  /** The peer can take more. */
  drained(): void {
    this.#isSlow = false;
    this.#pump();
  }

  close(): void {
    this.#isClosed = true;
    for (const subscription of this.#waiting) this.drop(subscription);
  }

  /** Serves those who wait, in turn, as long as the peer takes it. A set is walked along with what is added to it. */
  #pump(): void {
    for (const subscription of this.#waiting) {
      if (this.#isSlow || this.#isClosed) return;
      this.#waiting.delete(subscription);
      this.#serve(subscription);
    }
  }

  #serve(subscription: Subscription): void {
    if (subscription.needsSnapshot && subscription.queue.length === 0) {
      subscription.needsSnapshot = false;
      if (!this.#snapshot(subscription).every((message) => this.#hold(subscription, message))) return;
    }
    const message = this.#take(subscription);
    if (subscription.queue.length > 0 || subscription.needsSnapshot) this.#waiting.add(subscription);
    if (message !== undefined) this.#send(message);
  }

  /** What the stream's snapshot says, and how many messages the subscriber was not sent. */
  #snapshot(subscription: Subscription): readonly string[] {
    const { conflated, stream } = subscription;
    const messages = stream.snapshot();
    subscription.conflated = 0;
    if (conflated === 0) return messages;
    return [conflatedText(messages[0], conflated), ...messages.slice(1)];
  }

  /** A list of open orders reads the state: nothing that was said before is missing in it. */
  #leaveOut(subscription: Subscription): void {
    if (subscription.stream.holding === "orders") return;
    subscription.conflated++;
    this.#figures.conflated++;
  }

  #send(message: string): void {
    if (!this.#sink.send(message)) this.#isSlow = true;
  }

  /** Keeps a message until its turn. False when it was one too many: the subscriber is given up. */
  #hold(subscription: Subscription, message: string): boolean {
    const { holding } = subscription.stream;
    if (this.#held[holding] === MESSAGES_MAX[holding] || this.#held_bytes + message.length > HELD_BYTES_MAX) {
      this.#overflow(subscription);
      return false;
    }
    subscription.queue.push(message);
    this.#held[holding]++;
    this.#held_bytes += message.length;
    return true;
  }

  #take(subscription: Subscription): string | undefined {
    const message = subscription.queue.shift();
    if (message === undefined) return undefined;
    this.#held[subscription.stream.holding]--;
    this.#held_bytes -= message.length;
    return message;
  }

  #overflow(subscription: Subscription): void {
    this.close();
    this.drop(subscription);
    this.#sink.overflowed();
  }
}
