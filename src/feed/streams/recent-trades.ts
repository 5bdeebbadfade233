// A symbol's latest trades, for those who begin to listen: a ring of 100, 36 bytes each.

import { formatPrice, type Side, sideName, type TradeEntry } from "../../protocol/index.ts";

/** What a subscription to trades begins with. */
const RECENT_TRADES_MAX = 100;

/** One trade as numbers: event sequence, ticks, lots, microseconds since 1970. */
export interface Trade {
  readonly sequence: number;
  readonly price: number;
  readonly quantity: number;
  readonly aggressor: Side;
  readonly timestamp_us: number;
}

export function tradeEntry(trade: Trade, decimals: number): TradeEntry {
  return {
    id: String(trade.sequence),
    price: formatPrice(trade.price, decimals),
    quantity: trade.quantity,
    aggressor: sideName(trade.aggressor),
    time: String(trade.timestamp_us),
  };
}

export class RecentTrades {
  readonly #sequences = new Float64Array(RECENT_TRADES_MAX);
  readonly #prices = new Float64Array(RECENT_TRADES_MAX);
  readonly #quantities = new Uint32Array(RECENT_TRADES_MAX);
  readonly #aggressors = new Uint8Array(RECENT_TRADES_MAX);
  readonly #timestamps_us = new Float64Array(RECENT_TRADES_MAX);
  /** Trades ever added; number n lies at n % RECENT_TRADES_MAX. */
  #count = 0;

  add({ sequence, price, quantity, aggressor, timestamp_us }: Trade): void {
    const at = this.#count++ % RECENT_TRADES_MAX;
    this.#sequences[at] = sequence;
    this.#prices[at] = price;
    this.#quantities[at] = quantity;
    this.#aggressors[at] = aggressor;
    this.#timestamps_us[at] = timestamp_us;
  }

  /** All that are kept but the newest `without`, oldest first. */
  entries(decimals: number, without: number): TradeEntry[] {
    const first = Math.max(0, this.#count - RECENT_TRADES_MAX);
    const length = Math.max(0, this.#count - without - first);
    return Array.from({ length }, (_, i) => tradeEntry(this.#at((first + i) % RECENT_TRADES_MAX), decimals));
  }

  #at(at: number): Trade {
    return {
      sequence: this.#sequences[at],
      price: this.#prices[at],
      quantity: this.#quantities[at],
      aggressor: this.#aggressors[at] as Side,
      timestamp_us: this.#timestamps_us[at],
    };
  }
}
