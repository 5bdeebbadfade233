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

/** The cells of a row, from left to right. */
export const COLUMNS = ["ownBuys", "bids", "price", "asks", "ownSells"] as const;
export type Column = (typeof COLUMNS)[number];

/** What a click in the ladder means: prices in ticks. */
export interface Meant {
  readonly side: "buy" | "sell";
  readonly price: number;
  /** The row's own price, where its rows have several prices each. */
  readonly row: number | undefined;
}

/** Of the orders that a cell counts the price that is first to trade; 0 where it counts none. */
type Firsts = Readonly<Record<Exclude<Column, "price">, Float64Array>>;

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
  #firsts: Firsts = firstsOf(0);
  #bestBid = 0;

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
    this.#firsts = firstsOf(count);
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
    this.#bestBid = book.bids.prices[0] ?? 0;
    this.#fill("bids", book.bids, (price) => this.bidRow(price));
    this.#fill("asks", book.asks, (price) => this.askRow(price));
  }

  clearOwn(): void {
    for (const column of ["ownBuys", "ownSells"] as const) {
      this[column].fill(0);
      this.#firsts[column].fill(0);
    }
  }

  addOwn(side: "buy" | "sell", price: number, open: number): void {
    const row = side === "buy" ? this.bidRow(price) : this.askRow(price);
    if (row < 0 || row >= this.count) return;
    const column = side === "buy" ? "ownBuys" : "ownSells";
    this[column][row] += open;
    const first = this.#firsts[column][row];
    const isFirst = first === 0 || (side === "buy" ? price > first : price < first);
    if (isFirst) this.#firsts[column][row] = price;
  }

  /**
   * What a click means, for the form and for the queue alike: on a quantity the orders that it counts, of several prices the one that
   * is first to trade; everywhere else the row's own price, on the side that lies there. As the rows were taken last, which is what
   * one sees. `step`: the instrument's own.
   */
  meantAt(row: number, column: Column, step: number): Meant {
    const own = this.priceOf(row);
    const ofRow = this.step > step ? own : undefined;
    const price = column === "price" ? 0 : (this.#firsts[column][row] ?? 0);
    if (price > 0) return { side: sideOf(column), price, row: ofRow };
    const isColumnOfBook = column === "bids" || column === "asks";
    const side = isColumnOfBook ? sideOf(column) : own <= this.#bestBid ? "buy" : "sell";
    return { side, price: own, row: ofRow };
  }

  #fill(column: "bids" | "asks", { prices, quantities }: BookSide, rowOf: (price: number) => number): void {
    const rows = this[column];
    const firsts = this.#firsts[column];
    rows.fill(0);
    firsts.fill(0);
    for (let i = 0; i < prices.length; i++) {
      const row = rowOf(prices[i]);
      if (row < 0 || row >= rows.length) continue;
      // A side's best price comes first.
      if (rows[row] === 0) firsts[row] = prices[i];
      rows[row] += quantities[i];
      if (rows[row] > this.largest) this.largest = rows[row];
    }
  }
}

function firstsOf(count: number): Firsts {
  const none = () => new Float64Array(count);
  return { ownBuys: none(), bids: none(), asks: none(), ownSells: none() };
}

function sideOf(column: Column): "buy" | "sell" {
  return column === "bids" || column === "ownBuys" ? "buy" : "sell";
}

/** What lies in the middle: between the best prices, or the best of the only side; undefined when nothing rests. */
export function middleOf({ bids, asks }: Book): number | undefined {
  const bid = bids.prices[0];
  const ask = asks.prices[0];
  if (bid === undefined) return ask;
  return ask === undefined ? bid : bid + (ask - bid) / 2;
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
