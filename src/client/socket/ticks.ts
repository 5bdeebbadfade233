// Prices that the exchange sent, as ticks. It doesn't send what isn't one: a peer that does speaks something else.

import { SeriatimError } from "../../base/index.ts";
import { parsePrice } from "../../protocol/index.ts";

/** Throws SeriatimError `BAD_MESSAGE` when `price` is none of an instrument with that many decimals. */
export function ticksOf(price: string, decimals: number): number {
  const ticks = parsePrice(price, decimals);
  if (ticks !== undefined) return ticks;
  throw new SeriatimError("BAD_MESSAGE", `the exchange sent ${price}, no price with ${decimals} decimals`);
}
