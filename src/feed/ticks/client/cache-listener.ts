// What a symbol cache is told of ticks/1: each symbol is defined at its first tick, as SYM and three digits, for names are not on
// the wire. Symbols that a full cache has no room for are left out of it.

import { TICK_SYMBOLS_MAX } from "../../../protocol/index.ts";
import type { CacheWriter } from "../../cache/writer.ts";
import type { TickListener } from "./listener.ts";
import type { Tick } from "./tick.ts";
import { tickTimestamp_us } from "./timestamp.ts";

/** Prices are made with so many, and shown with them; the cache keeps them as they came. */
const DECIMALS = 2;
const UNSEEN = -2;
const NO_ROOM = -1;

export class TickCacheListener implements TickListener {
  readonly #writer: CacheWriter;
  /** Of each symbol. */
  readonly #slots: Int32Array;
  readonly #isStale: Uint8Array;

  /** Of symbols 0 to `symbolsMax` - 1. */
  constructor(writer: CacheWriter, symbolsMax = TICK_SYMBOLS_MAX) {
    this.#writer = writer;
    this.#slots = new Int32Array(symbolsMax).fill(UNSEEN);
    this.#isStale = new Uint8Array(symbolsMax);
  }

  onTrade(tick: Tick): void {
    const slot = this.#slotOf(tick.symbol);
    if (slot === NO_ROOM) return;
    this.#writer.trade(slot, tick.price, tick.quantity, tick.sequence, tickTimestamp_us(tick));
    this.#isFresh(tick.symbol, slot);
  }

  onQuote(tick: Tick): void {
    const slot = this.#slotOf(tick.symbol);
    if (slot === NO_ROOM) return;
    const { bid, bidQuantity, ask, askQuantity, sequence } = tick;
    this.#writer.quote(slot, bid, bidQuantity, ask, askQuantity, sequence, tickTimestamp_us(tick));
    this.#isFresh(tick.symbol, slot);
  }

  onStale(): void {
    this.#isStale.fill(1);
    this.#writer.staleAll();
  }

  #slotOf(symbol: number): number {
    if (this.#slots[symbol] === UNSEEN) {
      this.#slots[symbol] = this.#writer.define(symbol, tickSymbolName(symbol), DECIMALS);
    }
    return this.#slots[symbol];
  }

  #isFresh(symbol: number, slot: number): void {
    if (this.#isStale[symbol] === 0) return;
    this.#isStale[symbol] = 0;
    this.#writer.stale(slot, false);
  }
}

/** What a symbol is called when nobody names it. */
export function tickSymbolName(symbol: number): string {
  return `SYM${String(symbol).padStart(3, "0")}`;
}
