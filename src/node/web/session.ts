// One WebSocket connection's conversation: text in, text out, no socket and no timer (specification:
// docs/api/websocket.md).
//
//   New ──hello──► Greeting (its order connection is being made, nothing is read) ──► Open ──► Ended
//
// Orders go through the public client library over a connection of their own, so limits, gate and log treat them as
// anybody's. When that connection is lost, every order in flight is told as OUTCOME_UNKNOWN and then the session ends:
// the exchange is gone or going, and a client has to connect again in any case.

import type { SeriatimError } from "../../base/index.ts";
import { SUBSCRIPTIONS_MAX, Subscriber } from "../../feed/index.ts";
import {
  CloseCode,
  ErrorCode,
  errorText,
  type HelloRequest,
  type JsonRequest,
  parseRequest,
  type SubscriptionRequest,
  shownJson,
  subscriptionText,
} from "../../protocol/index.ts";
import { MessageRate } from "./message-rate.ts";
import { type NewLink, OrderDesk, unknownSymbol } from "./order-desk.ts";
import type { WebExchange } from "./web-exchange.ts";

/** `openOrders` walks through all resting orders, so it is not for polling. */
const OPEN_ORDERS_INTERVAL_US = 1_000_000;

/** The connection of a session. */
export interface SessionPeer {
  /** Takes a message. False: the peer is slow now, see `WebSession.drained`. */
  send(text: string): boolean;
  /** Nothing more is read (true), or reading goes on (false). */
  hold(isHeld: boolean): void;
  /** Ends the connection; `WebSession.end` follows. */
  close(code: CloseCode, why: string): void;
}

const State = { New: 0, Greeting: 1, Open: 2, Ended: 3 } as const;
type State = (typeof State)[keyof typeof State];

export class WebSession {
  /** Whether channel `status` is subscribed to. */
  wantsStatus = false;
  readonly #peer: SessionPeer;
  readonly #exchange: WebExchange;
  readonly #rate: MessageRate;
  /** What it subscribes with; from its greeting on. */
  #subscriber: Subscriber | undefined;
  #state: State = State.New;
  /** What was read before reading was held; in the end as many as the rate allows. */
  #held: string[] = [];
  #account: number | undefined;
  #desk: OrderDesk | undefined;
  #openOrders_us = Number.NEGATIVE_INFINITY;
  #ordersSubscribed_us = Number.NEGATIVE_INFINITY;
  /** The answer to `openOrders` that waits for its turn. */
  #listDue: (() => void) | undefined;
  /** The beginning of a subscription to `orders` that does. */
  #ordersDue: (() => void) | undefined;
  #isSlow = false;

  constructor(peer: SessionPeer, exchange: WebExchange) {
    this.#peer = peer;
    this.#exchange = exchange;
    this.#rate = new MessageRate(exchange.limits.messagesPerSecond, exchange.clock.monotonicMicros());
  }

  /** Whether `hello` was said. */
  get isGreeted(): boolean {
    return this.#state !== State.New;
  }

  /** Takes a message of the client. */
  take(text: string): void {
    this.count();
    if (this.#state === State.Ended) return;
    if (this.#state === State.Greeting) this.#held.push(text);
    else this.#do(text);
  }

  /** Counts a message, or a ping or pong, which cost as much to read; one too many ends the session. */
  count(): void {
    if (this.#state === State.Ended || this.#rate.take(this.#exchange.clock.monotonicMicros())) return;
    const { messagesPerSecond } = this.#exchange.limits;
    this.#close(CloseCode.TooManyMessages, `more than ${messagesPerSecond} messages in a second`);
  }

  /** The peer has taken what waited for it. */
  drained(): void {
    this.#isSlow = false;
    this.#subscriber?.drained();
  }

  /** The node's status, for who subscribed to it; a slow peer gets the next one. */
  sendStatus(text: string): void {
    if (this.wantsStatus && !this.#isSlow) this.#send(text);
  }

  /** The connection is gone. */
  end(): void {
    if (this.#state === State.Ended) return;
    this.#state = State.Ended;
    this.#held = [];
    for (const due of [this.#listDue, this.#ordersDue]) this.#exchange.lists.drop(due);
    this.#subscriber?.close();
    this.#subscriber = undefined;
    this.#desk?.close();
  }

  #do(text: string): void {
    const parsed = parseRequest(text);
    if ("request" in parsed) return this.#dispatch(parsed.request);
    this.#send(errorText(parsed.refusal));
    if (parsed.refusal.code === ErrorCode.Schema)
      this.#close(CloseCode.NoHello, "this server does not speak that schema");
  }

  #dispatch(request: JsonRequest): void {
    if (request.type === "hello") {
      if (this.#state === State.New) this.#hello(request);
      else this.#refuse(request.request, ErrorCode.HelloFirst, "hello was said already");
    } else if (this.#subscriber === undefined) {
      this.#refuse(request.request, ErrorCode.HelloFirst, `say hello before ${request.type}`);
    } else {
      this.#serve(request, this.#subscriber);
    }
  }

  #serve(request: Exclude<JsonRequest, HelloRequest>, subscriber: Subscriber): void {
    switch (request.type) {
      case "subscribe":
      case "unsubscribe":
        return this.#subscription(request, subscriber);
      case "openOrders":
        return this.#listOpenOrders(request.request, subscriber);
      default:
        if (this.#desk === undefined) this.#needsAccount(request.request);
        else this.#desk.take(request);
    }
  }

  #hello({ request, account }: HelloRequest): void {
    if (account === undefined) return this.#greet(request, undefined);
    const number = this.#exchange.accounts.find(account);
    if (number === undefined) {
      this.#refuse(request, ErrorCode.UnknownAccount, `account: there is no account ${shownJson(account)}`);
      return this.#close(CloseCode.NoHello, "there is no such account");
    }
    this.#state = State.Greeting;
    this.#peer.hold(true);
    this.#exchange.connectOrders(number).then(
      (link) => this.#linked(link, request, account, number),
      (error: SeriatimError) => this.#unlinked(request, error),
    );
  }

  #linked(link: NewLink, request: number | undefined, account: string, number: number): void {
    const desk = new OrderDesk(
      link,
      this.#exchange.symbols,
      (text) => this.#send(text),
      () => this.#close(CloseCode.GoingAway, "the exchange is gone"),
    );
    if (this.#state === State.Ended) return desk.close();
    this.#desk = desk;
    this.#account = number;
    this.#greet(request, account);
    this.#peer.hold(false);
    for (const text of this.#held.splice(0)) this.#do(text);
  }

  #unlinked(request: number | undefined, error: SeriatimError): void {
    this.#refuse(request, ErrorCode.Unavailable, `no order entry now: ${error.message}`);
    this.#close(CloseCode.NoHello, "no order entry now");
  }

  #greet(request: number | undefined, account: string | undefined): void {
    this.#state = State.Open;
    const sink = {
      send: (text: string) => this.#send(text),
      overflowed: () => this.#close(CloseCode.TooSlow, "too slow: too much waits for you"),
    };
    this.#subscriber = new Subscriber(this.#exchange.publisher, sink, this.#account);
    this.#send(this.#exchange.welcome(request, account, this.#account));
  }

  #subscription(request: SubscriptionRequest, subscriber: Subscriber): void {
    const { type, channels } = request;
    const symbols = this.#symbolsOf(request);
    if (symbols === undefined) return;
    if (channels.includes("orders") && this.#account === undefined)
      return this.#needsAccount(request.request);
    const market = channels.filter((channel) => channel !== "orders" && channel !== "status");
    if (type === "subscribe" && !subscriber.hasRoomFor(market, symbols))
      return this.#refuse(request.request, ErrorCode.TooManySubscriptions, tooManySubscriptions());
    const isOn = type === "subscribe";
    const hasOrders = channels.includes("orders");
    if (isOn && hasOrders && !this.#mayBeginOrders())
      return this.#refuse(request.request, ErrorCode.TooOften, "channel orders is subscribed once a second");
    this.#send(subscriptionText(request));
    if (channels.includes("status")) this.wantsStatus = isOn;
    if (hasOrders && isOn) this.#beginOrders(subscriber);
    else if (hasOrders) this.#endOrders(subscriber);
    for (const symbol of symbols) {
      for (const channel of market) {
        if (isOn) subscriber.subscribe(channel, symbol);
        else subscriber.unsubscribe(channel, symbol);
      }
    }
  }

  /** A subscription to `orders` begins with a list, which is as dear as openOrders. */
  #mayBeginOrders(): boolean {
    const now_us = this.#exchange.clock.monotonicMicros();
    if (this.#ordersDue !== undefined || now_us - this.#ordersSubscribed_us < OPEN_ORDERS_INTERVAL_US)
      return false;
    this.#ordersSubscribed_us = now_us;
    return true;
  }

  #beginOrders(subscriber: Subscriber): void {
    this.#ordersDue = () => {
      this.#ordersDue = undefined;
      subscriber.subscribeOrders();
    };
    this.#takeList(this.#ordersDue);
  }

  #endOrders(subscriber: Subscriber): void {
    this.#exchange.lists.drop(this.#ordersDue);
    this.#ordersDue = undefined;
    subscriber.unsubscribeOrders();
  }

  /** The numbers of the symbols a subscription is about; undefined when it names one that is not there, which is told. */
  #symbolsOf({ request, symbols }: SubscriptionRequest): number[] | undefined {
    if (symbols === undefined) return this.#exchange.symbols.instruments.map((_instrument, number) => number);
    const numbers: number[] = [];
    for (const [i, name] of symbols.entries()) {
      const number = this.#exchange.symbols.find(name);
      if (number === undefined) {
        this.#send(errorText({ request, ...unknownSymbol(`symbols[${i}]`, name) }));
        return undefined;
      }
      numbers.push(number);
    }
    return numbers;
  }

  #listOpenOrders(request: number | undefined, subscriber: Subscriber): void {
    if (this.#account === undefined) return this.#needsAccount(request);
    const now_us = this.#exchange.clock.monotonicMicros();
    if (this.#listDue !== undefined || now_us - this.#openOrders_us < OPEN_ORDERS_INTERVAL_US)
      return this.#refuse(
        request,
        ErrorCode.TooOften,
        "openOrders once a second; channel orders tells every change",
      );
    this.#openOrders_us = now_us;
    this.#listDue = () => {
      this.#listDue = undefined;
      subscriber.listOrders(request);
    };
    this.#takeList(this.#listDue);
  }

  /**
   * A list must not be older than what its reader was told before, nor than what an earlier connection of the account did
   * without an answer: answers come from the node's thread, lists from the copy.
   */
  #takeList(make: () => void): void {
    const told = this.#desk?.sequence ?? 0;
    this.#exchange.lists.take(make, () => this.#exchange.sequence >= told);
  }

  #needsAccount(request: number | undefined): void {
    this.#refuse(request, ErrorCode.NoAccount, "this needs an account: say one in hello");
  }

  #refuse(request: number | undefined, code: ErrorCode, text: string): void {
    this.#send(errorText({ request, code, text }));
  }

  #send(text: string): boolean {
    if (this.#state === State.Ended) return false;
    const isTaken = this.#peer.send(text);
    if (!isTaken) this.#isSlow = true;
    return isTaken;
  }

  #close(code: CloseCode, why: string): void {
    if (this.#state === State.Ended) return;
    this.end();
    this.#peer.close(code, why);
  }
}

function tooManySubscriptions(): string {
  return `that would be more than ${SUBSCRIPTIONS_MAX} channels of symbols: nothing was subscribed`;
}
