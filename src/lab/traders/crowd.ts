// The whole crowd of simulated traders, without sockets and clocks: who acts next, in which market, and how.
//
// What is the same for a seed: the fair prices are a function of seed, instrument and time alone. The commands are one of
// seed, instruments and rate, and of the calls here and to the traders, in their order: so answers that come in another
// order, as over any network, lead to other commands, on the same prices.

import { Prng } from "../../base/index.ts";
import { FairPrice } from "./fair-price.ts";
import type { TradedInstrument } from "./market.ts";
import { type EarlierLife, Quoter, type QuoterProfile } from "./quoter.ts";
import { Taker } from "./taker.ts";
import type { MarketView, Trader, TraderCommand } from "./trader.ts";

const MAKER = { jitter_steps: 0, cancel: 0.1, replace: 0.25, quantityMax: 60 } as const;
const INVESTOR = { jitter_steps: 12, cancel: 0.5, replace: 0.6, quantityMax: 150 } as const;

/** Who there is, and the share of all actions each has. */
const CAST: readonly { readonly share: number; readonly profile?: QuoterProfile }[] = [
  { share: 0.24, profile: { ...MAKER, levels: 16, halfSpread_steps: 0.6, gap_steps: 1 } },
  { share: 0.22, profile: { ...MAKER, levels: 14, halfSpread_steps: 1.2, gap_steps: 2 } },
  { share: 0.16, profile: { ...MAKER, levels: 12, halfSpread_steps: 2, gap_steps: 4 } },
  { share: 0.1, profile: { ...INVESTOR, levels: 5, halfSpread_steps: 0.5, gap_steps: 1 } },
  { share: 0.1, profile: { ...INVESTOR, levels: 5, halfSpread_steps: 1, gap_steps: 3 } },
  { share: 0.07 },
  { share: 0.06 },
  { share: 0.05 },
];

/** Each trader has an account of its own. */
export const TRADERS = CAST.length;

/** The account of trader 0, where there are enough: people have the low numbers. */
export const FIRST_ACCOUNT = 1_000;

/** Slots of one market over the whole cast, and how much of the actions renews them. */
const SLOTS_PER_MARKET = CAST.reduce((sum, { profile }) => sum + 2 * (profile?.levels ?? 0), 0);
const QUOTING_SHARE = CAST.reduce((sum, { share, profile }) => sum + (profile === undefined ? 0 : share), 0);
/**
 * Steps are this part of how far the price walks until a quote is renewed: where quotes are renewed seldom they must stand
 * further apart, or whoever is late is always hit.
 */
const STEP_PER_WALK = 0.5;

export interface CrowdOptions {
  readonly instruments: readonly TradedInstrument[];
  /** Orders a second that will be asked for. */
  readonly rate: number;
  readonly seed: number;
  /** The clock's time now. */
  readonly now_us: number;
}

interface Market {
  readonly instrument: TradedInstrument;
  readonly index: number;
  readonly fair: FairPrice;
}

/** All simulated traders of one run. */
export class TraderCrowd {
  /** By number: trader 0 has the first account. */
  readonly traders: readonly Trader[];
  readonly #markets: readonly Market[];
  readonly #random: Prng;
  readonly #renewal_rootSeconds: number;

  constructor({ instruments, rate, seed, now_us }: CrowdOptions) {
    this.#random = new Prng(seed);
    this.#markets = instruments.map((instrument, index) => {
      const { symbol, start, volatility } = instrument;
      const random = priceRandom(seed, symbol);
      return { instrument, index, fair: new FairPrice(start, volatility, random, now_us) };
    });
    const symbols = instruments.map(({ symbol }) => symbol);
    const earlier: EarlierLife = { isMet: false };
    this.traders = CAST.map(({ profile }) =>
      profile === undefined ? new Taker(this.#random) : new Quoter(profile, this.#random, symbols, earlier),
    );
    this.#renewal_rootSeconds = Math.sqrt((SLOTS_PER_MARKET * symbols.length) / (QUOTING_SHARE * rate));
  }

  /** Lets the prices walk up to `now_us`. */
  advance(now_us: number): void {
    for (const { fair } of this.#markets) fair.advance(now_us);
  }

  /** The fair price of the traded instrument at `index`, in smallest units. */
  fairPrice(index: number): number {
    return this.#markets[index].fair.price;
  }

  /** Who acts now. */
  drawTrader(): number {
    let left = this.#random.unit();
    for (const [i, { share }] of CAST.entries()) {
      left -= share;
      if (left < 0) return i;
    }
    return CAST.length - 1;
  }

  /** What trader `number` does now; undefined: nothing, draw again. */
  act(number: number): TraderCommand | undefined {
    return this.traders[number].act(this.#view(this.#random.pick(this.#markets)));
  }

  #view({ instrument, index, fair: { price } }: Market): MarketView {
    const walk = price * instrument.volatility * this.#renewal_rootSeconds;
    const step = Math.max(instrument.tick, walk * STEP_PER_WALK);
    return { instrument, index, fair: price, step };
  }
}

/** A stream for each instrument's price, whatever else is traded. */
function priceRandom(seed: number, symbol: number): Prng {
  return new Prng(new Prng(seed).u32() + 1 + symbol);
}
