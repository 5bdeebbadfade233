// The number discipline of the whole project (docs/adr/command-records.md): integers only, wide ones as safe
// integers in a double, 64-bit fields on the wire as two u32 lanes (low, high), never a BigInt on a hot path.

declare const brand: unique symbol;
/** A price in ticks: a safe integer. */
export type Ticks = number & { readonly [brand]?: "Ticks" };
/** A quantity in lots: a u32. */
export type Lots = number & { readonly [brand]?: "Lots" };
/** A place in the command log, counted from 1; 0 means "before the first command". A safe integer. */
export type Position = number & { readonly [brand]?: "Position" };
/** Microseconds since 1970-01-01 UTC: a safe integer until the year 2255. */
export type Micros = number & { readonly [brand]?: "Micros" };

/** 2^32: the weight of a high lane. */
const LANE = 4294967296;
/** The largest u32. */
export const U32_MAX = 0xffffffff;
/** The largest integer a double holds exactly, 2^53 - 1: the bound of every price, total and counter. */
export const SAFE_MAX = Number.MAX_SAFE_INTEGER;

/** The unsigned value of two lanes; exact only up to SAFE_MAX. */
export function fromLanes(low: number, high: number): number {
  return (high >>> 0) * LANE + (low >>> 0);
}

/** The signed value of two lanes (`high` carries the sign); exact only within +-SAFE_MAX. */
export function fromSignedLanes(low: number, high: number): number {
  return (high | 0) * LANE + (low >>> 0);
}

/** The low lane of a safe integer, as u32. Works for negative values (two's complement). */
export function lowLane(value: number): number {
  return value >>> 0;
}

/** The high lane of a safe integer, as i32. Works for negative values (two's complement). */
export function highLane(value: number): number {
  return Math.floor(value / LANE) | 0;
}

/** Writes a safe integer as a little-endian 64-bit field. */
export function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, lowLane(value), true);
  view.setInt32(at + 4, highLane(value), true);
}

/** The little-endian u64 field at `at`; exact only up to SAFE_MAX. */
export function getU64(view: DataView, at: number): number {
  return fromLanes(view.getUint32(at, true), view.getUint32(at + 4, true));
}

/** Decimal text of a u64 given as lanes. Cold path: allocates. */
export function u64ToString(low: number, high: number): string {
  return ((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString();
}

/** Lanes `[low, high]` of a decimal u64, or undefined when `text` is not one. Cold path: allocates. */
export function u64FromString(text: string): [low: number, high: number] | undefined {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text)) return undefined;
  const value = BigInt(text);
  if (value > 0xffffffffffffffffn) return undefined;
  return [Number(value & 0xffffffffn), Number(value >> 32n)];
}

/** The smallest power of two >= `value` (1 <= value <= 2^30). */
export function powerOfTwoAtLeast(value: number): number {
  let power = 1;
  while (power < value) power *= 2;
  return power;
}
