// What the publisher of channels reads of the exchange, between two commands: the engine of its thread. It changes nothing there.

import type { Instrument, InstrumentStatus, Side } from "../../protocol/index.ts";
import type { RestingOrderView } from "../streams/market-source.ts";

export interface ChannelSource {
  /** By symbol number; may grow, never changes otherwise. */
  readonly instruments: readonly Instrument[];
  /** Seeds tables that are keyed by what clients choose; a secret of the exchange. */
  readonly genesis: { readonly indexSeed: readonly [low: number, high: number] };
  /** The last command's time, in microseconds since 1970, by the log. */
  readonly timestamp_us: number;
  /** `level[0]` is a price of `side`: completes it with total and orders, 0 for none. */
  readLevel(symbol: number, side: Side, level: Float64Array): void;
  /** Puts the best `max` levels into `to`, best first: price, total, orders of each; returns how many there are. */
  readLevels(symbol: number, side: Side, max: number, to: Float64Array): number;
  /** Visits the levels of a side, best first. */
  forEachLevel(
    symbol: number,
    side: Side,
    max: number,
    visit: (price: number, total: number, orders: number) => void,
  ): void;
  /** Visits a symbol's resting orders: bids, then asks, best level first, oldest first. */
  forEachOrder(symbol: number, visit: (order: RestingOrderView) => void): void;
  /** Visits the orders resting at a price, oldest first, until `visit` returns false: ids as u32 lanes, lots. */
  forEachOrderAt(
    symbol: number,
    side: Side,
    price: number,
    visit: (account: number, idLow: number, idHigh: number, quantity: number) => boolean,
  ): void;
  statusOf(symbol: number): InstrumentStatus;
}
