// The lists of open orders that one session asks for, made from the web's copy of the exchange: the answer to `openOrders`
// and the beginning of channel `orders`. Lists are dear, so they wait for their turn (list-turns.ts), one of a kind.

import type { Subscriber } from "../../../feed/index.ts";
import type { WebExchange } from "./web-exchange.ts";

/** A list walks through all resting orders, so it is not for polling. */
const LIST_INTERVAL_US = 1_000_000;

export class OrderLists {
  readonly #exchange: WebExchange;
  readonly #subscriber: Subscriber;
  /** The last event that the session was told of otherwise: no list is older than that. */
  readonly #told: () => number;
  #listed_us = Number.NEGATIVE_INFINITY;
  #subscribed_us = Number.NEGATIVE_INFINITY;
  /** The answer to `openOrders` that waits for its turn. */
  #listDue: (() => void) | undefined;
  /** The beginning of a subscription to `orders` that does. */
  #ordersDue: (() => void) | undefined;
  /** Told when the answer to `openOrders` has been sent. */
  #onAnswered: (() => void) | undefined;

  constructor(exchange: WebExchange, subscriber: Subscriber, told: () => number) {
    this.#exchange = exchange;
    this.#subscriber = subscriber;
    this.#told = told;
  }

  /** Whether a list may be asked for now; it counts as asked for. */
  mayList(): boolean {
    const now_us = this.#exchange.clock.monotonicMicros();
    if (this.#listDue !== undefined || now_us - this.#listed_us < LIST_INTERVAL_US) return false;
    this.#listed_us = now_us;
    return true;
  }

  /** Answers `openOrders` when its turn comes. */
  list(request: number | undefined): void {
    this.#listDue = () => {
      this.#listDue = undefined;
      this.#subscriber.listOrders(request);
      this.tellAnswered();
    };
    this.#take(this.#listDue);
  }

  /** Resolves when `openOrders` is answered to the last message; never when the session ends first. */
  answered(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onAnswered = resolve;
    this.tellAnswered();
    return promise;
  }

  /** A slow peer has taken something: maybe the last of a list. */
  tellAnswered(): void {
    if (this.#listDue === undefined && !this.#subscriber.holdsOrders) this.#onAnswered?.();
  }

  /** Whether a subscription may begin now; it counts as begun. */
  mayBegin(): boolean {
    const now_us = this.#exchange.clock.monotonicMicros();
    if (this.#ordersDue !== undefined || now_us - this.#subscribed_us < LIST_INTERVAL_US) return false;
    this.#subscribed_us = now_us;
    return true;
  }

  begin(): void {
    this.#ordersDue = () => {
      this.#ordersDue = undefined;
      this.#subscriber.subscribeOrders();
    };
    this.#take(this.#ordersDue);
  }

  end(): void {
    this.#exchange.lists.drop(this.#ordersDue);
    this.#ordersDue = undefined;
    this.#subscriber.unsubscribeOrders();
  }

  /** Nobody waits for lists any more. */
  close(): void {
    for (const due of [this.#listDue, this.#ordersDue]) this.#exchange.lists.drop(due);
  }

  /**
   * A list must not be older than what its reader was told before, nor than what an earlier connection of the account did
   * without an answer: answers come from the node's thread, lists from the copy.
   */
  #take(make: () => void): void {
    const told = this.#told();
    this.#exchange.lists.take(make, () => this.#exchange.sequence >= told);
  }
}
