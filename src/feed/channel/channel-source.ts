// What the publisher of channels reads beside what every publisher does.

import type { Side } from "../../protocol/index.ts";
import type { BookSource, RestingOrderView } from "../book-source.ts";

export interface ChannelSource extends BookSource {
  /** Seeds tables that are keyed by what clients choose; a secret of the exchange. */
  readonly genesis: { readonly indexSeed: readonly [low: number, high: number] };
  /** Puts the best `max` levels into `to`, best first: price, total, orders of each; returns how many there are. */
  readLevels(symbol: number, side: Side, max: number, to: Float64Array): number;
  /** Visits a symbol's resting orders: bids, then asks, best level first, oldest first. */
  forEachOrder(symbol: number, visit: (order: RestingOrderView) => void): void;
}
