// Prices as people write them: a decimal string in the instrument's units, `decimals` digits after the point, exactly the
// ticks that the engine keeps. Digits are moved as text, never divided: 18 decimals are as exact as none.

import { SAFE_MAX } from "../../base/index.ts";

/** No sign but minus, no leading zeros, no bare point. */
const DECIMAL = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;

/** Digits of the largest safe integer: longer is out of range, and is told before it could round. */
const DIGITS_MAX = 16;

/** `ticks` (a safe integer) with `decimals` digits after the point: 7000050 with 2 is `70000.50`. */
export function formatPrice(ticks: number, decimals: number): string {
  if (decimals === 0) return String(ticks);
  const digits = String(Math.abs(ticks)).padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  return `${ticks < 0 ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * The ticks of a decimal string with at most `decimals` digits after the point; undefined when it is none, or is beyond
 * the safe integers. The opposite of formatPrice; zeros at the end may be missing.
 */
export function parsePrice(text: string, decimals: number): number | undefined {
  const [, sign, whole, fraction = ""] = DECIMAL.exec(text) ?? [];
  if (whole === undefined || fraction.length > decimals) return undefined;
  const digits = `${whole}${fraction.padEnd(decimals, "0")}`.replace(/^0+(?=[0-9])/, "");
  if (digits.length > DIGITS_MAX) return undefined;
  const ticks = Number(digits);
  if (ticks > SAFE_MAX) return undefined;
  return sign === "-" && ticks !== 0 ? -ticks : ticks;
}
