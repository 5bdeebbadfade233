// Channel top into a symbol cache: prices in ticks, as the channel gives them. A slot is stale while its symbol is, or the whole channel,
// and from another epoch's begin on until this one defines its symbol: it may have none of that number. A symbol that found no slot is
// passed over.

import type { DayStatistics } from "../../protocol/index.ts";
import type { CacheWriter } from "../cache/writer.ts";
import { MarketDataListener } from "./listener.ts";

export class ChannelCacheListener extends MarketDataListener {
  readonly #cache: CacheWriter;
  /** By symbol: its slot, or -1. */
  readonly #slots: number[] = [];
  readonly #staleSymbols = new Set<number>();
  /** Symbols that an epoch before knew, and this one has not told of. */
  readonly #formerSymbols = new Set<number>();
  #isStale = true;

  constructor(cache: CacheWriter) {
    super();
    this.#cache = cache;
  }

  override epochBegan(_epoch: number): void {
    this.#staleSymbols.clear();
    for (const symbol of this.#slots.keys()) {
      this.#formerSymbols.add(symbol);
      this.#mark(symbol);
    }
  }
  override channelStale(isStale: boolean): void {
    this.#isStale = isStale;
    for (const symbol of this.#slots.keys()) this.#mark(symbol);
  }
  override symbolStale(symbol: number, isStale: boolean): void {
    if (isStale) this.#staleSymbols.add(symbol);
    else this.#staleSymbols.delete(symbol);
    this.#mark(symbol);
  }
  override definition(symbol: number, name: string, _tick: number, _lot: number, decimals: number): void {
    this.#slots[symbol] = this.#cache.define(symbol, name, decimals);
    this.#formerSymbols.delete(symbol);
    this.#mark(symbol);
  }
  override top(
    symbol: number,
    bid: number,
    bidTotal: number,
    bidOrders: number,
    ask: number,
    askTotal: number,
    askOrders: number,
  ): void {
    const slot = this.#slotOf(symbol);
    const bidQuantity = bidOrders > 0 ? bidTotal : 0;
    const askQuantity = askOrders > 0 ? askTotal : 0;
    if (slot >= 0)
      this.#cache.quote(slot, bid, bidQuantity, ask, askQuantity, this.symbolSequence, this.timestamp_us);
  }
  override trade(symbol: number, price: number, quantity: number): void {
    const slot = this.#slotOf(symbol);
    if (slot >= 0) this.#cache.trade(slot, price, quantity, this.symbolSequence, this.timestamp_us);
  }
  override statistics(symbol: number, day: Readonly<DayStatistics>): void {
    const slot = this.#slotOf(symbol);
    if (slot < 0) return;
    if (day.trades > 0) this.#cache.day(slot, day.open, day.last, day.volume);
    else this.#cache.emptyDay(slot);
  }

  #slotOf(symbol: number): number {
    return symbol < this.#slots.length ? (this.#slots[symbol] ?? -1) : -1;
  }

  #mark(symbol: number): void {
    const slot = this.#slotOf(symbol);
    if (slot < 0) return;
    const isStale = this.#isStale || this.#staleSymbols.has(symbol) || this.#formerSymbols.has(symbol);
    this.#cache.stale(slot, isStale);
  }
}
