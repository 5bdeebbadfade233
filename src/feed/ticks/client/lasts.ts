// The last trade and quote of each symbol, over all connections: columns of fixed size, written in place. After a connection is lost
// they are stale, each until the next tick of its symbol.

import { TICK_SYMBOLS_MAX } from "../../../protocol/index.ts";
import type { TickListener } from "./listener.ts";
import type { Tick } from "./tick.ts";

/** What is known of a symbol. Prices in units of the currency, quantities in shares; undefined: none came yet. */
export interface LastTick {
  readonly symbol: number;
  readonly trade: { readonly price: number; readonly quantity: number } | undefined;
  readonly quote:
    | {
        readonly bid: number;
        readonly bidQuantity: number;
        readonly ask: number;
        readonly askQuantity: number;
      }
    | undefined;
  /** Of the newer of the two: nanoseconds since 1970 by the server's wall clock. */
  readonly timestamp_ns: bigint;
  /** The connection it came over is gone. */
  readonly isStale: boolean;
}

const TRADE = 1;
const QUOTE = 2;
const STALE = 4;
/** Of a symbol: price; bid; ask. */
const PRICES = 3;
/** Of a symbol: traded; at the bid; at the ask; both lanes of the timestamp. */
const WORDS = 5;

export class TickLasts implements TickListener {
  readonly #known: Uint8Array;
  readonly #prices: Float64Array;
  readonly #words: Uint32Array;

  /** Of symbols 0 to `symbolsMax` - 1, 64 bytes each at most. */
  constructor(symbolsMax = TICK_SYMBOLS_MAX) {
    this.#known = new Uint8Array(symbolsMax);
    this.#prices = new Float64Array(symbolsMax * PRICES);
    this.#words = new Uint32Array(symbolsMax * WORDS);
  }

  onTrade(tick: Tick): void {
    const { symbol } = tick;
    this.#prices[symbol * PRICES] = tick.price;
    this.#words[symbol * WORDS] = tick.quantity;
    this.#heard(tick, symbol, TRADE);
  }

  onQuote(tick: Tick): void {
    const { symbol } = tick;
    const prices = symbol * PRICES;
    const words = symbol * WORDS;
    this.#prices[prices + 1] = tick.bid;
    this.#prices[prices + 2] = tick.ask;
    this.#words[words + 1] = tick.bidQuantity;
    this.#words[words + 2] = tick.askQuantity;
    this.#heard(tick, symbol, QUOTE);
  }

  onStale(): void {
    const known = this.#known;
    for (let symbol = 0; symbol < known.length; symbol++) if (known[symbol] !== 0) known[symbol] |= STALE;
  }

  /** What is known of `symbol`; undefined: nothing yet. */
  of(symbol: number): LastTick | undefined {
    const known = this.#known[symbol] ?? 0;
    if (known === 0) return undefined;
    const [price, bid, ask] = this.#prices.subarray(symbol * PRICES);
    const [quantity, bidQuantity, askQuantity, low, high] = this.#words.subarray(symbol * WORDS);
    return {
      symbol,
      trade: (known & TRADE) === 0 ? undefined : { price, quantity },
      quote: (known & QUOTE) === 0 ? undefined : { bid, bidQuantity, ask, askQuantity },
      timestamp_ns: (BigInt(high) << 32n) | BigInt(low),
      isStale: (known & STALE) !== 0,
    };
  }

  #heard(tick: Tick, symbol: number, what: number): void {
    const words = symbol * WORDS;
    this.#words[words + 3] = tick.timestampLow;
    this.#words[words + 4] = tick.timestampHigh;
    this.#known[symbol] = (this.#known[symbol] & ~STALE) | what;
  }
}
