// The checks of a single order that need no book (specification: rules.md, "Checks"). Pure; the first that fails
// is the answer. A new limit is one more line here and one more field of the genesis entry.

import { SAFE_MAX } from "../base/index.ts";
import { Reason } from "../protocol/index.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const OK = Reason.None;
const PRICE_MAX = SAFE_MAX;

export interface RiskLimits {
  /** Lots. */
  readonly maxQuantity: number;
  /** Tick-lots; a safe integer. */
  readonly maxNotional: number;
}

/** Checks a price (limit orders and modifies) and a quantity; returns a Reason, None when both pass. */
export function checkLimitOrder(limits: RiskLimits, price: number, quantity: number): Reason {
  if (price <= 0 || price > PRICE_MAX) return Reason.InvalidPrice;
  if (quantity === 0) return Reason.InvalidQuantity;
  if (quantity > limits.maxQuantity) return Reason.MaxQuantityExceeded;
  // The same as quantity > floor(maxNotional / price), without the division: a product up to 2^53 is exact, and a
  // larger one rounds to 2^53 or more, which is above every limit.
  if (quantity * price > limits.maxNotional) return Reason.MaxNotionalExceeded;
  return OK;
}

/** Checks a market order's quantity: it has no price and no notional. */
export function checkMarketOrder(limits: RiskLimits, quantity: number): Reason {
  if (quantity === 0) return Reason.InvalidQuantity;
  if (quantity > limits.maxQuantity) return Reason.MaxQuantityExceeded;
  return OK;
}
