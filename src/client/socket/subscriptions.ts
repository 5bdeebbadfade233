// What a client wants to hear, kept apart from any connection: after a reconnect all of it is asked for again.

import { type Channel, parsePrice, type SideName } from "../../protocol/index.ts";
import { channelOf } from "./market.ts";
import type { MarketMessage } from "./messages.ts";
import type { QueueLevel } from "./pictures.ts";

export interface SubscribeRequest {
  readonly type: "subscribe" | "unsubscribe";
  readonly channels: readonly Channel[];
  readonly symbols?: readonly string[];
  readonly side?: SideName;
  readonly price?: string;
}

/** Of names of 16 bytes that are all escaped (`\u0001`) these are 60 kB; the exchange takes messages of 64 KiB. */
const SYMBOLS_MAX = 600;

export class Subscriptions {
  /** The queue that is looked at. */
  queue: QueueLevel | undefined;
  readonly #wanted = new Map<Channel, Set<string>>();

  /** Remembers what is wanted; true when any of it is new. */
  add(channels: readonly Channel[], symbols: readonly string[]): boolean {
    let added = false;
    for (const channel of channels) {
      let wanted = this.#wanted.get(channel);
      if (wanted === undefined) {
        wanted = new Set();
        this.#wanted.set(channel, wanted);
        added = true;
      }
      for (const symbol of symbols) {
        added ||= !wanted.has(symbol);
        wanted.add(symbol);
      }
    }
    return added;
  }

  remove(channels: readonly Channel[], symbols: readonly string[]): void {
    for (const channel of channels) {
      const wanted = this.#wanted.get(channel);
      for (const symbol of symbols) wanted?.delete(symbol);
      if (wanted?.size === 0) this.#wanted.delete(channel);
    }
  }

  /** Of a queue its level: another one of the symbol was looked at before. */
  wants(message: MarketMessage, markets: ReadonlyMap<string, { readonly decimals: number }>): boolean {
    const { symbol } = message;
    if (message.type !== "queue") return this.#wanted.get(channelOf(message))?.has(symbol) ?? false;
    const { queue } = this;
    if (queue?.symbol !== symbol || queue.side !== message.side) return false;
    const { decimals } = markets.get(symbol) ?? { decimals: 0 };
    return parsePrice(queue.price, decimals) === parsePrice(message.price, decimals);
  }

  /** The requests that ask for everything that is wanted and that the exchange has. */
  requests(isListed: (symbol: string) => boolean, hasAccount: boolean): SubscribeRequest[] {
    const requests: SubscribeRequest[] = [];
    for (const [channel, wanted] of this.#wanted) {
      if (channel === "status" || channel === "tape" || channel === "orders") {
        if (channel !== "orders" || hasAccount) requests.push({ type: "subscribe", channels: [channel] });
        continue;
      }
      const symbols = [...wanted].filter(isListed);
      requests.push(...requestsFor("subscribe", [channel], symbols));
    }
    if (this.queue !== undefined && isListed(this.queue.symbol)) requests.push(queueRequest(this.queue));
    return requests;
  }
}

/** As many requests as these symbols need. */
export function requestsFor(
  type: SubscribeRequest["type"],
  channels: readonly Channel[],
  symbols: readonly string[],
): SubscribeRequest[] {
  const requests: SubscribeRequest[] = [];
  for (let from = 0; from < symbols.length; from += SYMBOLS_MAX)
    requests.push({ type, channels, symbols: symbols.slice(from, from + SYMBOLS_MAX) });
  return requests;
}

export function queueRequest({ symbol, side, price }: QueueLevel): SubscribeRequest {
  return { type: "subscribe", channels: ["queue"], symbols: [symbol], side, price };
}
