// The ladder's rows: prices one step apart, with what rests in each. A price between two rows counts to the one that is worse
// for whoever takes it, so that no row promises a better price than there is. Pure; arrays are reused from frame to frame.

import type { Book, BookSide } from "../src/client/socket/index.ts";

/** Levels on each side that shall be visible when the step is chosen. */
const LEVELS_SHOWN = 6;
/** A step is given up for a smaller one when this many times as many rows would do. */
const SLACK = 8;

/** The price nearest to `price` that is a multiple of `step`, both in ticks: `round` says to which side. */
export function onGrid(price: number, step: number, round = Math.round): number {
  return round(price / step) * step;
}

export class LadderRows {
  /** The row number of the first row: its price is that number times the step. Rows below have lower prices. */
  top = 0;
  /** Ticks from row to row. */
  step = 1;
  bids = new Float64Array(0);
  asks = new Float64Array(0);
  ownBuys = new Float64Array(0);
  ownSells = new Float64Array(0);
  /** The largest quantity of a row: what a full bar stands for. */
  largest = 0;

  get count(): number {
    return this.bids.length;
  }

  resize(count: number): void {
    if (count === this.count) return;
    const middle = this.top - (this.count >> 1);
    this.bids = new Float64Array(count);
    this.asks = new Float64Array(count);
    this.ownBuys = new Float64Array(count);
    this.ownSells = new Float64Array(count);
    this.top = middle + (count >> 1);
  }

  priceOf(row: number): number {
    return (this.top - row) * this.step;
  }

  /** The row in which a bid (or a buy) counts. */
  bidRow(price: number): number {
    return this.top - Math.floor(price / this.step);
  }

  askRow(price: number): number {
    return this.top - Math.ceil(price / this.step);
  }

  centre(price: number): void {
    this.top = Math.round(price / this.step) + (this.count >> 1);
  }

  /** Another step, with the middle row's price kept. */
  setStep(step: number): void {
    const price = this.priceOf(this.count >> 1);
    this.step = step;
    this.centre(price);
  }

  take(book: Book): void {
    this.largest = 0;
    this.#fill(this.bids, book.bids, (price) => this.bidRow(price));
    this.#fill(this.asks, book.asks, (price) => this.askRow(price));
  }

  clearOwn(): void {
    this.ownBuys.fill(0);
    this.ownSells.fill(0);
  }

  addOwn(side: "buy" | "sell", price: number, open: number): void {
    const row = side === "buy" ? this.bidRow(price) : this.askRow(price);
    if (row >= 0 && row < this.count) (side === "buy" ? this.ownBuys : this.ownSells)[row] += open;
  }

  #fill(rows: Float64Array, { prices, quantities }: BookSide, rowOf: (price: number) => number): void {
    rows.fill(0);
    for (let i = 0; i < prices.length; i++) {
      const row = rowOf(prices[i]);
      if (row < 0 || row >= rows.length) continue;
      rows[row] += quantities[i];
      if (rows[row] > this.largest) this.largest = rows[row];
    }
  }
}

/** What lies in the middle: between the best prices, or the best of the only side; undefined when nothing rests. */
export function middleOf({ bids, asks }: Book): number | undefined {
  const bid = bids.prices[0];
  const ask = asks.prices[0];
  if (bid === undefined) return ask;
  return ask === undefined ? bid : bid + (ask - bid) / 2;
}

/**
 * Whose queue a click on the row of `price` means: of a row that several prices share the best one that has orders. `side`: of
 * the column; on the price itself the side that lies there.
 */
export function queueOfRow(
  { bids, asks }: Book,
  price: number,
  step: number,
  side: "buy" | "sell" | undefined,
): { readonly side: "buy" | "sell"; readonly price: number } {
  const isBuy = side === undefined ? price <= (bids.prices[0] ?? Number.NEGATIVE_INFINITY) : side === "buy";
  const round = isBuy ? Math.floor : Math.ceil;
  const found = (isBuy ? bids : asks).prices.find((level) => round(level / step) * step === price);
  return { side: isBuy ? "buy" : "sell", price: found ?? price };
}

/** A row as a sentence, for those who don't see under which title a figure stands; its texts from left to right, "" where nothing is. */
export function rowWords([ownBuys, bid, price, ask, ownSells]: readonly string[]): string {
  const figures = [
    [bid, `bid ${bid}`],
    [ask, `ask ${ask}`],
    [ownBuys, `mine to buy ${ownBuys}`],
    [ownSells, `mine to sell ${ownSells}`],
  ];
  return [price, ...figures.filter(([text]) => text !== "").map(([, words]) => words)].join(", ");
}

/** The step with which the best levels of both sides fit into `rows`: `now` as long as it does well enough. */
export function fittingStep(book: Book, smallest: number, now: number, rows: number): number {
  const span = spanOf(book);
  if (span <= now * rows && (now <= smallest || span * SLACK > now * rows)) return now;
  let step = smallest;
  for (let i = 0; step * rows < span; i++) step *= i % 3 === 1 ? 2.5 : 2;
  return Math.min(Number.MAX_SAFE_INTEGER, Math.round(step));
}

function spanOf({ bids, asks }: Book): number {
  const lowest = bids.prices[Math.min(LEVELS_SHOWN, bids.prices.length) - 1];
  const highest = asks.prices[Math.min(LEVELS_SHOWN, asks.prices.length) - 1];
  if (lowest === undefined || highest === undefined) return 0;
  return highest - lowest;
}

/** The steps to choose from: 1, 2, 5, 10, ... times the instrument's own. */
export function stepChoices(smallest: number): number[] {
  return [1, 2, 5, 10, 20, 50, 100, 1_000].map((times) => times * smallest).filter(Number.isSafeInteger);
}
