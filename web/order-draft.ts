// The order that the form holds: what is typed, what is wrong with it in words, and the order it stands for. Pure.

import { formatPrice, type OrderLimits, parsePrice } from "../src/protocol/index.ts";
import { grouped } from "./words.ts";

export interface OrderDraft {
  readonly side: "buy" | "sell";
  readonly orderType: "limit" | "market";
  readonly timeInForce: "gtc" | "ioc";
  /** As typed. */
  readonly price: string;
  /** As typed: lots. */
  readonly quantity: string;
}

/** What is wrong with a field, in words; a field that is right has none. */
export interface DraftProblems {
  readonly price?: string;
  readonly quantity?: string;
}

/** What the price field shows whole beside the one of the lots, on every screen. */
const PRICE_CHARACTERS_MAX = 9;

/** Of more digits a quantity is none that a request can say. */
const LOTS = /^[0-9]{1,10}$/;

/** Whether a price as typed, or the shortest one with all decimals, would be cut beside the field of the lots. */
export function needsOwnLine(price: string, decimals: number): boolean {
  return Math.max(price.length, decimals + 2) > PRICE_CHARACTERS_MAX;
}

/** What is wrong with a price as typed; undefined when nothing is. */
export function priceProblem(text: string, decimals: number): string | undefined {
  if (text === "") return "A limit order needs a price";
  const ticks = parsePrice(text, decimals);
  if (ticks !== undefined) return ticks > 0 ? undefined : "A price is above zero";
  if (!/^-?\d*\.?\d*$/.test(text) || !/\d/.test(text)) return "A price is digits and one point";
  const fraction = text.split(".")[1] ?? "";
  if (fraction.length <= decimals) return "This is no price here: too large, or zeros in front";
  return decimals === 0 ? "Whole numbers only" : `At most ${decimals} decimals`;
}

/** A price as typed, with all its decimals. */
export function canonicalPrice(text: string, decimals: number): string {
  return formatPrice(parsePrice(text, decimals) ?? 0, decimals);
}

/**
 * What is wrong with a quantity as typed; undefined when nothing is. `ticks`: the price it is ordered at, undefined when there is
 * none.
 */
export function quantityProblem(
  text: string,
  { maxQuantity, maxNotional }: OrderLimits,
  ticks: number | undefined,
): string | undefined {
  if (text === "") return "How many lots?";
  if (!/^\d+$/.test(text)) return "A whole number of lots";
  if (Number(text) === 0) return "At least 1 lot";
  if (Number(text) > maxQuantity) return `At most ${grouped(maxQuantity)} lots`;
  if (ticks === undefined || ticks <= 0) return undefined;
  const most = BigInt(maxNotional) / BigInt(ticks);
  if (BigInt(text) <= most) return undefined;
  return most === 0n ? "The price is too high for 1 lot" : `At this price at most ${grouped(most)}`;
}

export function draftProblems(draft: OrderDraft, decimals: number, limits: OrderLimits): DraftProblems {
  const isMarket = draft.orderType === "market";
  const price = isMarket ? undefined : priceProblem(draft.price, decimals);
  const ticks = isMarket ? undefined : parsePrice(draft.price, decimals);
  const quantity = quantityProblem(draft.quantity, limits, ticks);
  return { ...(price === undefined ? {} : { price }), ...(quantity === undefined ? {} : { quantity }) };
}

/** The typed price moved by `steps` price steps, onto a multiple of the step; from `otherwise` when nothing is typed. */
export function steppedPrice(
  text: string,
  decimals: number,
  step: number,
  steps: number,
  otherwise: number,
): string {
  const typed = parsePrice(text, decimals);
  if (typed === undefined) return formatPrice(otherwise, decimals);
  const moved = (steps > 0 ? Math.floor(typed / step) : Math.ceil(typed / step)) + steps;
  const ticks = moved * step;
  return Number.isSafeInteger(ticks) ? formatPrice(ticks, decimals) : text;
}

export function steppedQuantity(text: string, steps: number, { maxQuantity }: OrderLimits): string {
  const typed = /^\d+$/.test(text) ? Number(text) : 0;
  return String(Math.min(maxQuantity, Math.max(1, typed + steps)));
}

/** Price times lots in the instrument's units, exactly; undefined when one of them is missing. */
export function orderValue(draft: OrderDraft, decimals: number): string | undefined {
  const ticks = parsePrice(draft.price, decimals);
  if (draft.orderType === "market" || ticks === undefined || !LOTS.test(draft.quantity)) return undefined;
  const product = BigInt(ticks) * BigInt(draft.quantity);
  if (decimals === 0) return String(product);
  const digits = String(product < 0n ? -product : product).padStart(decimals + 1, "0");
  return `${product < 0n ? "-" : ""}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
