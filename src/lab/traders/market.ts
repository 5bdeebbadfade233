// What simulated traders believe of an instrument before they trade it: where its price starts and how it moves.

import { SAFE_MAX } from "../../base/index.ts";
import type { ListedInstrument } from "../../client/index.ts";

export interface TradedInstrument {
  /** The exchange's number of it. */
  readonly symbol: number;
  readonly name: string;
  readonly priceDecimals: number;
  /** The price step, in smallest units. */
  readonly tick: number;
  /** The first fair price, in smallest units. */
  readonly start: number;
  /** Of the fair price, relative, per square root of a second. */
  readonly volatility: number;
}

/**
 * Start prices in units, volatilities per square root of a second. A real year's volatility is sigma * 5,618: here 28 % for
 * BTC-USD and 17 % for EUR-USD, brought closer together so that each moves some ticks a second and none runs away.
 */
const KNOWN: Readonly<Record<string, { readonly start: number; readonly volatility: number }>> = {
  BTCUSD: { start: 70_000, volatility: 5e-5 },
  ETHUSD: { start: 3_500, volatility: 6e-5 },
  SOLUSD: { start: 180, volatility: 9e-5 },
  EURUSD: { start: 1.085, volatility: 3e-5 },
  GBPUSD: { start: 1.27, volatility: 3e-5 },
  XAUUSD: { start: 2_400, volatility: 7e-5 },
  XAGUSD: { start: 29, volatility: 1.2e-4 },
};

/** Any other starts at this many steps and moves about three of them in a second: 100.00 with two decimals. */
const UNKNOWN = { start_ticks: 10_000, volatility: 3e-4 } as const;

/** A market of fewer steps than this has no room for a book. */
const START_TICKS_MIN = 100;
/** Room above for the walk (a factor of 100) and the levels. */
const START_MAX = SAFE_MAX / 1_000;

/** BTC-USD, btc/usd and BTCUSD are the same market. */
export function tradedInstrument(listed: ListedInstrument): TradedInstrument {
  const { symbol, name, priceDecimals, tick } = listed;
  const known = KNOWN[name.toUpperCase().replace(/[^A-Z]/g, "")];
  const ticks = known === undefined ? 0 : Math.round((known.start * 10 ** priceDecimals) / tick);
  const isUsable = ticks >= START_TICKS_MIN && ticks * tick <= START_MAX;
  const start_ticks = isUsable ? ticks : UNKNOWN.start_ticks;
  const volatility = isUsable && known !== undefined ? known.volatility : UNKNOWN.volatility;
  return { symbol, name, priceDecimals, tick, start: start_ticks * tick, volatility };
}

/** Whether a book of this instrument fits into the prices there are. */
export function canBeTraded({ start }: TradedInstrument): boolean {
  return start <= START_MAX;
}
