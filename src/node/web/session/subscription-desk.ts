// What a WebSocket session subscribes to: channels of symbols, the queue at one price, its account's orders, the node's status and
// its tape.

import { MessageRate } from "../../../base/index.ts";
import { type MarketChannel, SUBSCRIPTIONS_MAX, type Subscriber } from "../../../feed/index.ts";
import {
  type Channel,
  ErrorCode,
  errorText,
  parsePrice,
  type Refusal,
  Side,
  type SubscriptionRequest,
  subscriptionText,
} from "../../../protocol/index.ts";
import { unknownSymbol } from "./order-desk.ts";
import type { OrderLists } from "./order-lists.ts";
import type { WebExchange } from "./web-exchange.ts";

/** Queues that a connection may choose in a second: as fast as somebody clicks; each costs a walk of up to 1,000 orders. */
const QUEUES_PER_SECOND = 10;

export interface SubscriptionParts {
  readonly exchange: WebExchange;
  readonly subscriber: Subscriber;
  readonly lists: OrderLists;
  readonly account: number | undefined;
  /** Reports tell what happens to the account. */
  readonly hasReports: boolean;
  readonly send: (text: string) => void;
}

type Answer = Omit<Refusal, "request">;

export class SubscriptionDesk {
  /** Whether channel `status` is subscribed to. */
  wantsStatus = false;
  /** Whether channel `tape` is. */
  wantsTape = false;
  readonly #parts: SubscriptionParts;
  readonly #queues: MessageRate;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
    this.#queues = new MessageRate(QUEUES_PER_SECOND, parts.exchange.clock.monotonicMicros());
  }

  /** Does what is asked, or answers why not: then nothing of it is done. */
  take(request: SubscriptionRequest): void {
    const symbols = this.#symbolsOf(request);
    const refusal = Array.isArray(symbols) ? this.#refusalOf(request, symbols) : symbols;
    if (refusal !== undefined) this.#parts.send(errorText({ request: request.request, ...refusal }));
    else this.#change(request, symbols as readonly number[]);
  }

  #refusalOf(request: SubscriptionRequest, symbols: readonly number[]): Answer | undefined {
    const { account, hasReports, subscriber, lists } = this.#parts;
    const { type, channels, level } = request;
    const hasOrders = channels.includes("orders");
    if (hasOrders && account === undefined) return NEEDS_ACCOUNT;
    if (hasOrders && hasReports) return REPORTS_SAY_IT;
    if (type === "unsubscribe") return undefined;
    if (!subscriber.hasRoomFor(marketChannels(request), symbols)) return TOO_MANY_SUBSCRIPTIONS;
    if (level !== undefined) return this.#queueRefusal(symbols[0], level.price);
    return hasOrders && !lists.mayBegin() ? TOO_OFTEN : undefined;
  }

  #queueRefusal(symbol: number, price: string): Answer | undefined {
    const { symbols, clock } = this.#parts.exchange;
    if (this.#ticksOf(symbol, price) === undefined) {
      const { priceDecimals } = symbols.instruments[symbol];
      return { code: ErrorCode.BadMessage, text: `price: no price with at most ${priceDecimals} decimals` };
    }
    return this.#queues.take(clock.monotonicMicros()) ? undefined : TOO_MANY_QUEUES;
  }

  #change(request: SubscriptionRequest, symbols: readonly number[]): void {
    const { subscriber, lists, send } = this.#parts;
    const { channels } = request;
    const isOn = request.type === "subscribe";
    send(subscriptionText(request));
    if (channels.includes("status")) this.wantsStatus = isOn;
    if (channels.includes("tape")) this.wantsTape = isOn;
    if (channels.includes("orders")) {
      if (isOn) lists.begin();
      else lists.end();
    }
    if (channels.includes("queue")) this.#changeQueue(request, symbols[0]);
    const market = marketChannels(request);
    for (const symbol of symbols) {
      for (const channel of market) {
        if (isOn) subscriber.subscribe(channel, symbol);
        else subscriber.unsubscribe(channel, symbol);
      }
    }
  }

  #changeQueue({ level }: SubscriptionRequest, symbol: number): void {
    const { subscriber } = this.#parts;
    if (level === undefined) return subscriber.unsubscribeQueue();
    const side = level.side === "buy" ? Side.Buy : Side.Sell;
    subscriber.subscribeQueue(symbol, side, this.#ticksOf(symbol, level.price) as number);
  }

  #ticksOf(symbol: number, price: string): number | undefined {
    return parsePrice(price, this.#parts.exchange.symbols.instruments[symbol].priceDecimals);
  }

  /** The numbers of the symbols a subscription is about, or why there are none. */
  #symbolsOf({ symbols: names }: SubscriptionRequest): number[] | Answer {
    const { symbols } = this.#parts.exchange;
    if (names === undefined) return symbols.instruments.map((_instrument, number) => number);
    const numbers: number[] = [];
    for (const [i, name] of names.entries()) {
      const number = symbols.find(name);
      if (number === undefined) return unknownSymbol(`symbols[${i}]`, name);
      numbers.push(number);
    }
    return numbers;
  }
}

function marketChannels({ channels }: SubscriptionRequest) {
  return channels.filter(isMarketChannel);
}

function isMarketChannel(channel: Channel): channel is MarketChannel {
  return channel !== "orders" && channel !== "status" && channel !== "queue" && channel !== "tape";
}

const NEEDS_ACCOUNT: Answer = { code: ErrorCode.NoAccount, text: "this needs an account: say one in hello" };
const REPORTS_SAY_IT: Answer = { code: ErrorCode.Reports, text: "the reports of this session say it" };
const TOO_OFTEN: Answer = { code: ErrorCode.TooOften, text: "channel orders is subscribed once a second" };
const TOO_MANY_QUEUES: Answer = {
  code: ErrorCode.TooOften,
  text: `channel queue is subscribed ${QUEUES_PER_SECOND} times a second`,
};
const TOO_MANY_SUBSCRIPTIONS: Answer = {
  code: ErrorCode.TooManySubscriptions,
  text: `that would be more than ${SUBSCRIPTIONS_MAX} channels of symbols: nothing was subscribed`,
};
