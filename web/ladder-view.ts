// The ladder on the screen: as many rows of plain elements as fit, made once and changed in place, at most once per
// frame, and only where a cell differs. It follows the market until someone scrolls; then it stays until it is centred.

import type { Book, Market, OwnOrders } from "../src/client/socket/index.ts";
import { formatPrice } from "../src/protocol/index.ts";
import { COLUMNS, fittingStep, LadderRows, type Meant, middleOf, rowWords } from "./ladder-rows.ts";
import { shortQuantity } from "./words.ts";

export const ROW_PX = 22;
/** A screen of 4,000 px has fewer. */
const ROWS_MAX = 200;
/** So that the column doesn't jump between 99.99 and 100.00. */
const PRICE_CHARS_MIN = 8;
/** Prices that are longer have a smaller face: the columns beside them need the room. */
const PRICE_CHARS_USUAL = 12;
/** Of the widest digit in any cell, and what a mark of one's own has around its digits. */
const DIGIT_PX = 8.4;
const MARK_PX = 8;

interface RowView {
  readonly row: HTMLElement;
  readonly cells: readonly HTMLElement[];
  readonly texts: string[];
  readonly bidBar: HTMLElement;
  readonly askBar: HTMLElement;
}

const CELLS = { ownBuys: "own", bids: "bid", price: "price", asks: "ask", ownSells: "own" } as const;

export class LadderView {
  readonly rows = new LadderRows();
  /** Whether it stays where the market is. */
  follows = true;
  /** The step chosen by hand, in ticks; undefined: whatever fits. */
  chosenStep: number | undefined;
  readonly #body: HTMLElement;
  #views: RowView[] = [];
  #market: Market | undefined;
  /** The row under the keyboard's cursor, by its price; undefined: none. */
  #cursor: number | undefined;
  /** Prices have been where the market is, or where the keyboard went: before, any would be as good. */
  #isPlaced = false;
  #priceChars = 0;
  /** Characters that a quantity of the book, and a mark of one's own, have room for. */
  #room = { book: 0, own: 0 };
  #painted = "";
  /** Whose orders are marked: another account's have versions of their own. */
  #own: OwnOrders | undefined;
  #ownPainted = "";

  constructor(body: HTMLElement) {
    this.#body = body;
  }

  get market(): Market | undefined {
    return this.#market;
  }

  /** Shows another market, or none. */
  show(market: Market | undefined): void {
    if (market === this.#market) return;
    this.#market = market;
    this.chosenStep = undefined;
    this.#cursor = undefined;
    this.follows = true;
    this.#isPlaced = false;
    this.#painted = "";
    if (market === undefined) return;
    this.rows.step = market.step;
  }

  /** To the place that it has now. */
  fit(): void {
    this.#fitHeight(this.#body.clientHeight);
    this.#fitQuantities();
    this.#painted = "";
  }

  #fitHeight(height_px: number): void {
    const count = Math.min(ROWS_MAX, Math.floor(height_px / ROW_PX));
    // The rows share what is left, so that the last one ends where the panel does.
    if (count > 0) this.#body.style.setProperty("--row", `${height_px / count}px`);
    if (count === this.#views.length) return;
    this.rows.resize(count);
    this.#views = Array.from({ length: count }, (_, i) => makeRow(i));
    this.#body.replaceChildren(...this.#views.map(({ row }) => row));
  }

  /** A quantity that is cut off would be a smaller one: what there is no room for is said in short. */
  #fitQuantities(): void {
    const [own, bid] = this.#views[0]?.cells ?? [];
    if (own === undefined || bid === undefined) return;
    this.#room = { book: roomOf(bid, 0), own: roomOf(own, MARK_PX) };
  }

  scroll(rows: number): void {
    this.follows = false;
    this.rows.top += rows;
    this.#painted = "";
  }

  centre(): void {
    this.follows = true;
    this.#cursor = undefined;
    this.#painted = "";
  }

  chooseStep(step: number | undefined): void {
    this.chosenStep = step;
    this.#painted = "";
  }

  /** Moves the cursor up (1) or down (-1); it starts in the middle. */
  moveCursor(rows: number): void {
    const { step } = this.rows;
    const at =
      this.#cursor === undefined ? this.rows.top - (this.rows.count >> 1) : Math.round(this.#cursor / step);
    const next = Math.max(1, this.#cursor === undefined ? at : at + rows);
    this.#cursor = next * step;
    this.follows = false;
    this.#isPlaced = true;
    const { top, count } = this.rows;
    if (next > top) this.rows.top = next;
    if (next <= top - count) this.rows.top = next + count - 1;
    this.#painted = "";
  }

  /** Paints what changed since the last time. */
  paint(orders: OwnOrders): void {
    const market = this.#market;
    if (market === undefined || this.rows.count === 0) return;
    if (orders !== this.#own) {
      this.#own = orders;
      this.#painted = "";
      this.#ownPainted = "";
    }
    const state = `${market.bookVersion} ${market.tradesVersion} ${orders.version}`;
    if (state === this.#painted) return;
    this.#painted = state;
    this.#place(market);
    this.rows.take(market.book);
    this.#takeOwn(market, orders);
    this.#paintRows(market);
  }

  #place({ book, step, trades }: Market): void {
    const { rows } = this;
    const middle = middleOf(book) ?? trades.at(-1)?.price;
    const isFree = this.follows && !this.#isPointedAt();
    const wanted = this.chosenStep ?? (isFree ? fittingStep(book, step, rows.step, rows.count) : rows.step);
    if (wanted !== rows.step) rows.setStep(wanted);
    this.#isPlaced ||= middle !== undefined;
    if (!this.follows || middle === undefined) return;
    // In the middle half it stays, so that prices don't run away under the eye.
    const row = rows.top - Math.round(middle / rows.step);
    if (row < rows.count / 4 || row >= (rows.count * 3) / 4) rows.centre(middle);
  }

  /** Whoever is about to click on a row means that row: under the pointer it goes on to count the same prices. */
  #isPointedAt(): boolean {
    const isSomethingThere = this.#isPlaced && this.rows.largest > 0;
    // After a touch the pointer counts as being there.
    return isSomethingThere && matchMedia("(hover: hover)").matches && this.#body.matches(":hover");
  }

  #takeOwn({ symbol }: Market, orders: OwnOrders): void {
    const state = `${orders.version} ${symbol} ${this.rows.top} ${this.rows.step} ${this.rows.count}`;
    if (state === this.#ownPainted) return;
    this.#ownPainted = state;
    this.rows.clearOwn();
    for (const order of orders.open()) {
      if (order.symbol === symbol) this.rows.addOwn(order.side, order.price, order.open);
    }
  }

  #paintRows(market: Market): void {
    const { rows } = this;
    const last = market.trades.at(-1);
    const lastRow = last === undefined ? -1 : rows.bidRow(last.price);
    const best = bestRows(market.book, rows);
    this.#markCursor();
    this.#fitPrices(market.decimals);
    const { book, own } = this.#room;
    for (let i = 0; i < this.#views.length; i++) {
      const view = this.#views[i];
      const price = rows.priceOf(i);
      const text = this.#isPlaced && isPrice(price) ? formatPrice(price, market.decimals) : "";
      setTexts(view, [
        quantityText(rows.ownBuys[i], own),
        quantityText(rows.bids[i], book),
        text,
        quantityText(rows.asks[i], book),
        quantityText(rows.ownSells[i], own),
      ]);
      setBar(view.bidBar, rows.bids[i], rows.largest);
      setBar(view.askBar, rows.asks[i], rows.largest);
      const classes = rowClasses(i, lastRow, last?.aggressor, best, price === this.#cursor);
      if (view.row.className !== classes) view.row.className = classes;
    }
  }

  /** Makes the middle column as wide as its longest price; the titles above share the columns. */
  #fitPrices(decimals: number): void {
    const { rows } = this;
    const ends = [rows.priceOf(0), rows.priceOf(rows.count - 1)].filter(isPrice);
    const chars = Math.max(PRICE_CHARS_MIN, ...ends.map((price) => formatPrice(price, decimals).length));
    if (chars === this.#priceChars) return;
    this.#priceChars = chars;
    const panel = this.#body.parentElement;
    panel?.style.setProperty("--price-chars", String(chars));
    panel?.classList.toggle("long-prices", chars > PRICE_CHARS_USUAL);
    this.#fitQuantities();
  }

  /** Says which row the cursor is in, for those who don't see it. */
  #markCursor(): void {
    const row = this.#cursor === undefined ? undefined : this.#views[this.rows.bidRow(this.#cursor)];
    if (row === undefined) this.#body.removeAttribute("aria-activedescendant");
    else this.#body.setAttribute("aria-activedescendant", row.row.id);
  }

  /** What a click on an element of the ladder means; undefined where there is no price. */
  meantBy(element: Element): Meant | undefined {
    const row = element.closest<HTMLElement>(".ladder-row");
    if (row === null) return undefined;
    const cell = element.closest<HTMLElement>(".ladder-row > span");
    return this.#meantAt(Number(row.dataset.row), [...row.children].indexOf(cell as Element));
  }

  /** What the price under the cursor means; undefined without a cursor. */
  get meantByCursor(): Meant | undefined {
    if (this.#cursor === undefined) return undefined;
    return this.#meantAt(this.rows.bidRow(this.#cursor), -1);
  }

  #meantAt(row: number, cell: number): Meant | undefined {
    if (this.#market === undefined || !this.#isPlaced || !isPrice(this.rows.priceOf(row))) return undefined;
    return this.rows.meantAt(row, COLUMNS[cell] ?? "price", this.#market.step);
  }
}

/** Whether an order can have it: rows beyond have none. */
function isPrice(ticks: number): boolean {
  return Number.isSafeInteger(ticks) && ticks > 0;
}

function makeRow(index: number): RowView {
  const row = document.createElement("div");
  row.className = "ladder-row";
  row.dataset.row = String(index);
  row.id = `ladder-row-${index}`;
  row.role = "option";
  const bars: HTMLElement[] = [];
  const cells = COLUMNS.map((column) => {
    const name = CELLS[column];
    const cell = document.createElement("span");
    cell.className = `ladder-${name}`;
    if (name === "bid" || name === "ask") {
      const bar = document.createElement("i");
      bars.push(bar);
      cell.append(bar);
    }
    const text = document.createElement("b");
    cell.append(text);
    row.append(cell);
    return text;
  });
  return { row, cells, texts: cells.map(() => ""), bidBar: bars[0], askBar: bars[1] };
}

/** By cells, from left to right. */
function setTexts({ row, cells, texts }: RowView, wanted: readonly string[]): void {
  let differs = false;
  for (let i = 0; i < cells.length; i++) {
    if (texts[i] === wanted[i]) continue;
    texts[i] = wanted[i];
    cells[i].textContent = wanted[i];
    differs = true;
  }
  if (differs) row.ariaLabel = rowWords(texts);
}

function setBar(bar: HTMLElement, quantity: number, largest: number): void {
  const scale = quantity === 0 ? "scaleX(0)" : `scaleX(${Math.max(0.02, quantity / largest).toFixed(3)})`;
  if (bar.style.transform !== scale) bar.style.transform = scale;
}

function quantityText(lots: number, room: number): string {
  return lots === 0 ? "" : shortQuantity(lots, room);
}

/** Characters that fit into a text's cell, beside `other_px`. */
function roomOf(text: HTMLElement, other_px: number): number {
  const cell = text.parentElement as HTMLElement;
  const { paddingLeft, paddingRight } = getComputedStyle(cell);
  const free_px =
    cell.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight) - other_px;
  return Math.max(0, Math.floor(free_px / DIGIT_PX));
}

function bestRows({ bids, asks }: Book, rows: LadderRows): readonly [bid: number, ask: number] {
  const bid = bids.prices.length === 0 ? -1 : rows.bidRow(bids.prices[0]);
  return [bid, asks.prices.length === 0 ? -1 : rows.askRow(asks.prices[0])];
}

function rowClasses(
  row: number,
  lastRow: number,
  aggressor: "buy" | "sell" | undefined,
  [bid, ask]: readonly [bid: number, ask: number],
  isCursor: boolean,
): string {
  let classes = "ladder-row";
  if (row === lastRow) classes += ` last-${aggressor}`;
  if (row === bid) classes += " best-bid";
  if (row === ask) classes += " best-ask";
  return isCursor ? `${classes} cursor` : classes;
}
