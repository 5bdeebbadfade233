// What a simulated trader is to those who carry its orders: it decides and it hears. No trader knows a socket or a clock.

import type { Reason, Side } from "../../protocol/index.ts";
import type { TradedInstrument } from "./market.ts";

/** An order-entry request in numbers. Prices in smallest units, quantities in lots. */
export type TraderCommand =
  | {
      readonly kind: "limit" | "ioc";
      readonly id: number;
      readonly symbol: number;
      readonly side: Side;
      readonly price: number;
      readonly quantity: number;
    }
  | {
      readonly kind: "market";
      readonly id: number;
      readonly symbol: number;
      readonly side: Side;
      readonly quantity: number;
    }
  | {
      readonly kind: "modify";
      readonly id: number;
      readonly symbol: number;
      readonly price: number;
      readonly quantity: number;
    }
  | { readonly kind: "cancel"; readonly id: number; readonly symbol: number };

/** A market as it stands when a trader looks at it. */
export interface MarketView {
  readonly instrument: TradedInstrument;
  /** Its place among the traded ones. */
  readonly index: number;
  /** The fair price, in smallest units; not whole. */
  readonly fair: number;
  /** The distance in which quotes are staggered, in smallest units: at least a tick. */
  readonly step: number;
}

export interface Trader {
  /** What it does next in this market; undefined: nothing now. The command counts as sent. */
  act(market: MarketView): TraderCommand | undefined;
  onAccepted(command: TraderCommand): void;
  onRejected(command: TraderCommand, reason: Reason): void;
  /** An order of its own traded. */
  onFill(id: number, quantity: number): void;
  /** The connection is gone: the outcome of what was sent is unknown, and so is what rests. */
  onLost(): void;
  /** A cancel for each order that rests or may. */
  cancels(): TraderCommand[];
}
