// The checks of a single order that need no book: specification order-entry.md, "Risk". Pure; the first that fails
// is the answer. A new limit is one more line here and one more field of the genesis entry.

import { SAFE_MAX } from "../base/index.ts";
import { Reason } from "../protocol/index.ts";

export interface RiskLimits {
  /** Lots. */
  readonly maxQuantity: number;
  /** Tick-lots; a safe integer. */
  readonly maxNotional: number;
}

/** Checks a price (limit orders and modifies) and a quantity; returns a Reason, None when both pass. */
export function checkLimitOrder(limits: RiskLimits, price: number, quantity: number): Reason {
  if (price <= 0 || price > SAFE_MAX) return Reason.InvalidPrice;
  if (quantity === 0) return Reason.InvalidQuantity;
  if (quantity > limits.maxQuantity) return Reason.MaxQuantityExceeded;
  // Divided, not multiplied: the product may not be a safe integer. The quotient of two safe integers never rounds
  // up to the next integer, so the floor is exact.
  if (quantity > Math.floor(limits.maxNotional / price)) return Reason.MaxNotionalExceeded;
  return Reason.None;
}

/** Checks a market order's quantity: it has no price and no notional. */
export function checkMarketOrder(limits: RiskLimits, quantity: number): Reason {
  if (quantity === 0) return Reason.InvalidQuantity;
  if (quantity > limits.maxQuantity) return Reason.MaxQuantityExceeded;
  return Reason.None;
}
