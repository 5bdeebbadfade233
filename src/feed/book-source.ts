// What both publishers, of channels and of JSON streams, read of the exchange between two commands: the engine of their thread. They
// change nothing there.

import type { Instrument, InstrumentStatus, Side } from "../protocol/index.ts";

/** A resting order as plain data. */
export interface RestingOrderView {
  /** u64, as u32 lanes. */
  readonly idLow: number;
  readonly idHigh: number;
  readonly account: number;
  readonly side: Side;
  /** Ticks. */
  readonly price: number;
  /** Lots that still rest. */
  readonly quantity: number;
}

export interface BookSource {
  /** By symbol number; may grow, never changes otherwise. */
  readonly instruments: readonly Instrument[];
  /** The last command's time, in microseconds since 1970, by the log. */
  readonly timestamp_us: number;
  /** `level[0]` is a price of `side`: completes it with the lots and orders that rest there, 0 for none. */
  readLevel(symbol: number, side: Side, level: Float64Array): void;
  /** Visits the best `max` levels of a side, best first: ticks, lots, orders. */
  forEachLevel(
    symbol: number,
    side: Side,
    max: number,
    visit: (price: number, total: number, orders: number) => void,
  ): void;
  /** Visits the orders resting at a price, oldest first, until `visit` returns false: ids as u32 lanes, lots. */
  forEachOrderAt(
    symbol: number,
    side: Side,
    price: number,
    visit: (account: number, idLow: number, idHigh: number, quantity: number) => boolean,
  ): void;
  statusOf(symbol: number): InstrumentStatus;
}
