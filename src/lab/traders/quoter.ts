// A trader that quotes: in every market it keeps a slot per level and side, and each time it acts it brings one slot to
// where the fair price wants it. Market makers and patient investors differ only in their profile.
//
// A slot's order id is fixed (one id per market, side and level), so nothing has to be remembered over a restart: whether an
// order of an earlier life rests under it is found out by using it. DuplicateOrderId says yes, and then it is modified to
// where it should be. Slots that were never used are left alone at the end, unless some order of an earlier life was met.

import { type Prng, U32_MAX } from "../../base/index.ts";
import { Reason, Side } from "../../protocol/index.ts";
import { heavyTailed } from "./fair-price.ts";
import type { MarketView, Trader, TraderCommand } from "./trader.ts";

export interface QuoterProfile {
  /** Slots on each side of each market. */
  readonly levels: number;
  /** Of the best level from the fair price. */
  readonly halfSpread_steps: number;
  /** Between two levels. */
  readonly gap_steps: number;
  /** How far at random a level is put further out. */
  readonly jitter_steps: number;
  /** How often a slot that needs no other change is cancelled rather than changed in quantity. */
  readonly cancel: number;
  /** How often a slot at a wrong price is cancelled, to come again later, rather than modified. */
  readonly replace: number;
  readonly quantityMax: number;
}

/** Ids of one market: more than any profile has slots. */
const IDS_PER_MARKET = 256;
/** Quotes are small and many; the large orders are the takers'. */
const QUANTITY_EXPONENT = 1.1;
/** Above 1: slots near the fair price are looked at more often, as they matter more. */
const NEARNESS = 1.7;

/** What the quoters of a crowd know of the life before: they were killed together, and left their orders together. */
export interface EarlierLife {
  isMet: boolean;
}

interface Slot {
  readonly id: number;
  readonly symbol: number;
  readonly side: Side;
  readonly level: number;
  /** Of the resting order; NaN: there is one, and nobody knows where. */
  price: number;
  /** Lots that rest; 0: none. */
  open: number;
  /** Never used in this life: an order of an earlier one may rest here. */
  isUnused: boolean;
  /** A connection was lost since it was used: nobody knows whether an order rests here. */
  isUnsure: boolean;
  isPending: boolean;
}

export class Quoter implements Trader {
  readonly #profile: QuoterProfile;
  readonly #random: Prng;
  /** By market. */
  readonly #slots: readonly (readonly Slot[])[];
  readonly #byId = new Map<number, Slot>();
  readonly #earlier: EarlierLife;
  /** The exchange's own limit, found by its refusals. */
  #quantityMax = U32_MAX;

  constructor(
    profile: QuoterProfile,
    random: Prng,
    symbols: readonly number[],
    earlier: EarlierLife = { isMet: false },
  ) {
    this.#profile = profile;
    this.#earlier = earlier;
    this.#random = random;
    this.#slots = symbols.map((symbol) => makeSlots(symbol, profile.levels));
    for (const slot of this.#slots.flat()) this.#byId.set(slot.id, slot);
  }

  act(market: MarketView): TraderCommand | undefined {
    const slot = this.#choose(market);
    if (slot.isPending) return undefined;
    slot.isPending = true;
    return this.#bring(slot, market);
  }

  #choose(market: MarketView): Slot {
    const { levels } = this.#profile;
    const level = Math.floor(levels * this.#random.unit() ** NEARNESS);
    const side = this.#random.chance(0.5) ? Side.Buy : Side.Sell;
    const slots = this.#slots[market.index];
    const slot = slots[level * 2 + side];
    // Nobody trades with himself: what stands in the way of this quote goes first.
    const target = quotePrice(market, this.#profile, side, level, 0);
    const inTheWay = slots.find((other) => other.side !== side && other.open > 0 && meets(other, target));
    return inTheWay ?? slot;
  }

  #bring(slot: Slot, market: MarketView): TraderCommand {
    const { id, symbol, side, level, open } = slot;
    const { cancel, replace, jitter_steps, gap_steps } = this.#profile;
    const away_steps = this.#random.unit() * jitter_steps;
    const price = quotePrice(market, this.#profile, side, level, away_steps);
    if (open === 0) return { kind: "limit", id, symbol, side, price, quantity: this.#quantity(level) };
    const off = Math.abs(slot.price - price);
    // Not every breath of the market is followed, least of all far out.
    const tolerance = market.step * (0.5 + jitter_steps + (level * gap_steps) / 8);
    if (off <= tolerance) {
      if (this.#random.chance(cancel)) return { kind: "cancel", id, symbol };
      return { kind: "modify", id, symbol, price: slot.price, quantity: this.#quantity(level) };
    }
    if (this.#random.chance(replace)) return { kind: "cancel", id, symbol };
    return { kind: "modify", id, symbol, price, quantity: Number.isNaN(off) ? this.#quantity(level) : open };
  }

  /** More is offered further out, as in real books. */
  #quantity(level: number): number {
    const quantity = heavyTailed(this.#random, QUANTITY_EXPONENT, this.#profile.quantityMax);
    return Math.min(this.#quantityMax, quantity * (1 + Math.floor(level / 2)));
  }

  onAccepted(command: TraderCommand): void {
    const slot = this.#byId.get(command.id);
    if (slot === undefined) return;
    slot.isPending = false;
    slot.isUnused = false;
    slot.isUnsure = false;
    if (command.kind === "cancel") slot.open = 0;
    else if (command.kind === "limit" || command.kind === "modify") {
      slot.open = command.quantity;
      slot.price = command.price;
    }
  }

  onRejected(command: TraderCommand, reason: Reason): void {
    const slot = this.#byId.get(command.id);
    if (slot === undefined) return;
    slot.isPending = false;
    if (reason === Reason.UnknownOrder) {
      slot.open = 0;
      slot.isUnused = false;
      slot.isUnsure = false;
    } else if (reason === Reason.DuplicateOrderId) {
      if (slot.isUnused) this.#earlier.isMet = true;
      slot.open = 1;
      slot.price = Number.NaN;
    } else if (reason === Reason.MaxQuantityExceeded || reason === Reason.MaxNotionalExceeded) {
      if (command.kind === "limit" || command.kind === "modify")
        this.#quantityMax = Math.max(1, Math.floor(command.quantity / 2));
    }
  }

  onFill(id: number, quantity: number): void {
    const slot = this.#byId.get(id);
    if (slot === undefined) return;
    if (slot.isUnused && !slot.isPending) this.#earlier.isMet = true;
    slot.open = Math.max(0, slot.open - quantity);
  }

  onLost(): void {
    for (const slot of this.#byId.values()) {
      slot.isUnsure = !slot.isUnused || slot.isPending;
      slot.isPending = false;
      slot.open = 0;
    }
  }

  cancels(): TraderCommand[] {
    return [...this.#byId.values()]
      .filter(({ open, isUnsure, isPending, isUnused }) => {
        return open > 0 || isUnsure || isPending || (isUnused && this.#earlier.isMet);
      })
      .map(({ id, symbol }) => ({ kind: "cancel", id, symbol }));
  }
}

const UNUSED = { isUnused: true, isUnsure: false, isPending: false } as const;

function makeSlots(symbol: number, levels: number): Slot[] {
  const slots: Slot[] = [];
  for (let level = 0; level < levels; level++) {
    for (const side of [Side.Buy, Side.Sell]) {
      const id = symbol * IDS_PER_MARKET + level * 2 + side + 1;
      slots.push({ id, symbol, side, level, price: 0, open: 0, ...UNUSED });
    }
  }
  return slots;
}

/** Whether a quote at `price` would trade with the order that rests in `slot`. */
function meets(slot: Slot, price: number): boolean {
  return slot.side === Side.Buy ? slot.price >= price : slot.price <= price;
}

/** Where a level belongs, in whole ticks away from the fair price, at least one tick. */
export function quotePrice(
  { fair, step, instrument: { tick } }: MarketView,
  { halfSpread_steps, gap_steps }: Pick<QuoterProfile, "halfSpread_steps" | "gap_steps">,
  side: Side,
  level: number,
  away_steps: number,
): number {
  const distance = (halfSpread_steps + level * gap_steps + away_steps) * step;
  const ticks =
    side === Side.Buy ? Math.floor((fair - distance) / tick) : Math.ceil((fair + distance) / tick);
  return Math.max(1, ticks) * tick;
}
