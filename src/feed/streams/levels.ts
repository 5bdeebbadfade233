// The best levels of one side of a book: as clients know them and as they are, and what must be said to get from the one
// to the other. 20 bytes per level, twice.

import { type LevelEntry, levelEntry, Side } from "../../protocol/index.ts";
import type { MarketSource } from "./market-source.ts";

/** Levels of a side, best first. */
class Levels {
  readonly prices: Float64Array;
  readonly totals: Float64Array;
  readonly orders: Int32Array;
  count = 0;

  constructor(max: number) {
    this.prices = new Float64Array(max);
    this.totals = new Float64Array(max);
    this.orders = new Int32Array(max);
  }

  readonly add = (price: number, total: number, orders: number): void => {
    this.prices[this.count] = price;
    this.totals[this.count] = total;
    this.orders[this.count++] = orders;
  };

  entry(i: number, decimals: number): LevelEntry {
    return levelEntry(this.prices[i], decimals, this.totals[i], this.orders[i]);
  }
}

export class SideLevels {
  readonly #side: Side;
  readonly #max: number;
  readonly #decimals: number;
  #known: Levels;
  #fresh: Levels;

  constructor(side: Side, max: number, decimals: number) {
    this.#side = side;
    this.#max = max;
    this.#decimals = decimals;
    this.#known = new Levels(max);
    this.#fresh = new Levels(max);
  }

  /** Takes the source's levels as those that clients know. */
  capture(source: MarketSource, symbol: number): void {
    this.read(source, symbol);
    this.#adopt();
  }

  /** The levels that clients know. */
  entries(): LevelEntry[] {
    const known = this.#known;
    return Array.from({ length: known.count }, (_, i) => known.entry(i, this.#decimals));
  }

  /** Reads the source's levels, for take(). */
  read(source: MarketSource, symbol: number): void {
    this.#fresh.count = 0;
    source.forEachLevel(symbol, this.#side, this.#max, this.#fresh.add);
  }

  /** Whether the levels that were read last are others than clients know. */
  differs(): boolean {
    return this.#compare().length > 0;
  }

  /** Takes the levels that were read last, and returns what is different: best first, a level that left with quantity 0. */
  take(): LevelEntry[] {
    const found = this.#compare();
    this.#adopt();
    return found;
  }

  #adopt(): void {
    [this.#known, this.#fresh] = [this.#fresh, this.#known];
  }

  #compare(): LevelEntry[] {
    const [was, is, decimals] = [this.#known, this.#fresh, this.#decimals];
    const found: LevelEntry[] = [];
    let before = 0;
    let now = 0;
    while (before < was.count || now < is.count) {
      const ahead = this.#lead(was, before, is, now);
      if (ahead > 0) found.push(levelEntry(was.prices[before++], decimals, 0, 0));
      else if (ahead < 0) found.push(is.entry(now++, decimals));
      else {
        const isSame = was.totals[before] === is.totals[now] && was.orders[before] === is.orders[now];
        if (!isSame) found.push(is.entry(now, decimals));
        before++;
        now++;
      }
    }
    return found;
  }

  /** Above 0 when the level that was is better than the one that is, below 0 when it is worse, 0 at one price. */
  #lead(was: Levels, before: number, is: Levels, now: number): number {
    if (before === was.count) return -1;
    if (now === is.count) return 1;
    const difference = was.prices[before] - is.prices[now];
    return this.#side === Side.Buy ? difference : -difference;
  }
}
