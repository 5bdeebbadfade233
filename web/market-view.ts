// The overview's rows on the screen: elements for what can be seen, whatever the number of instruments, changed in place and
// only where a cell differs. Rows are sorted anew every two seconds, but not under the pointer.

import type { Market } from "../src/client/socket/index.ts";
import { formatPrice } from "../src/protocol/index.ts";
import {
  changeKind,
  changeOf,
  changeText,
  marketWords,
  NOTHING,
  SORT_KEYS,
  type Sorting,
  SPARK,
  sortedSymbols,
  sparkKind,
  sparkPoints,
} from "./market-rows.ts";
import { ROWS_SHOWN_MAX } from "./shown-markets.ts";
import { lotsText } from "./words.ts";

const ROW_PX = 28;
const SORTED_MS = 2_000;
const SVG = "http://www.w3.org/2000/svg";

interface RowView {
  readonly row: HTMLElement;
  readonly cells: readonly HTMLElement[];
  readonly line: SVGElement;
  painted: string;
}

export class MarketView {
  readonly #body: HTMLElement;
  readonly #space: HTMLElement;
  #rows: RowView[] = [];
  #symbols: readonly string[] = [];
  #sorting: Sorting;
  #sorted_ms = Number.NEGATIVE_INFINITY;
  #first = 0;
  /** The row under the keyboard's cursor, by its symbol. */
  cursor: string | undefined;
  /** Painted last, to say where a price went. */
  readonly #lasts = new Map<string, { price: number; kind: string }>();

  constructor(body: HTMLElement) {
    this.#body = body;
    this.#space = document.createElement("div");
    body.replaceChildren(this.#space);
  }

  sort(sorting: Sorting): void {
    this.#sorting = sorting;
    this.#sorted_ms = Number.NEGATIVE_INFINITY;
  }

  /** Symbols of the rows that can be seen. */
  get shown(): readonly string[] {
    return this.#symbols.slice(this.#first, this.#first + this.#rows.length);
  }

  symbolAt(element: Element): string | undefined {
    return element.closest<HTMLElement>(".market-row")?.dataset.symbol;
  }

  /** Moves the cursor by rows, and what is seen along with it. */
  move(rows: number, selected: string): void {
    const at = this.#symbols.indexOf(this.cursor ?? selected);
    const next = Math.max(0, Math.min(this.#symbols.length - 1, at + rows));
    this.cursor = this.#symbols[next];
    const { scrollTop, clientHeight } = this.#body;
    if (next * ROW_PX < scrollTop) this.#body.scrollTop = next * ROW_PX;
    else if ((next + 1) * ROW_PX > scrollTop + clientHeight)
      this.#body.scrollTop = (next + 1) * ROW_PX - clientHeight;
  }

  paint(markets: ReadonlyMap<string, Market>, selected: string, now_ms: number): void {
    this.#order(markets, now_ms);
    this.#fit();
    this.#rows.forEach((view, i) => {
      const market = markets.get(this.#symbols[this.#first + i]);
      // It is listed no more: whoever is, is sorted anew.
      if (market === undefined) this.#sorted_ms = Number.NEGATIVE_INFINITY;
      else this.#paintRow(view, this.#first + i, market, selected);
    });
    const at = this.cursor === undefined ? -1 : this.shown.indexOf(this.cursor);
    if (at < 0) this.#body.removeAttribute("aria-activedescendant");
    else this.#body.setAttribute("aria-activedescendant", this.#rows[at].row.id);
  }

  #order(markets: ReadonlyMap<string, Market>, now_ms: number): void {
    const isDue = this.#sorted_ms < 0 || markets.size !== this.#symbols.length;
    const isStill = now_ms - this.#sorted_ms < SORTED_MS || this.#body.matches(":hover");
    if (!isDue && (isStill || this.#sorting === undefined)) return;
    this.#sorted_ms = now_ms;
    this.#symbols = sortedSymbols(markets, this.#sorting);
    this.#space.style.height = `${this.#symbols.length * ROW_PX}px`;
  }

  #fit(): void {
    const { clientHeight, scrollTop } = this.#body;
    const count = Math.min(ROWS_SHOWN_MAX, this.#symbols.length, Math.ceil(clientHeight / ROW_PX) + 1);
    const last = Math.max(0, this.#symbols.length - count);
    this.#first = Math.min(last, Math.floor(scrollTop / ROW_PX));
    if (count === this.#rows.length) return;
    this.#rows = Array.from({ length: count }, (_, i) => makeRow(i));
    this.#space.replaceChildren(...this.#rows.map(({ row }) => row));
  }

  #paintRow(view: RowView, at: number, market: Market, selected: string): void {
    const { symbol, statisticsVersion, quoteVersion, statusVersion } = market;
    const mark = `${symbol === selected} ${symbol === this.cursor}`;
    const state = `${at} ${symbol} ${statisticsVersion} ${quoteVersion} ${statusVersion} ${mark}`;
    if (state === view.painted) return;
    view.painted = state;
    const { row, cells, line } = view;
    row.dataset.symbol = symbol;
    row.style.transform = `translateY(${at * ROW_PX}px)`;
    row.className = symbol === this.cursor ? "market-row cursor" : "market-row";
    row.setAttribute("aria-selected", String(symbol === selected));
    const texts = rowTexts(market);
    for (const [i, text] of texts.entries()) if (cells[i].textContent !== text) cells[i].textContent = text;
    row.ariaLabel = marketWords(texts);
    const { day, closes } = market.statistics;
    cells[0].dataset.status = market.status ?? "trading";
    cells[1].className = `market-last ${this.#direction(symbol, day?.last)}`;
    cells[2].className = `market-change ${changeKind(changeOf(market))}`;
    line.setAttribute("class", sparkKind(closes));
    line.setAttribute("points", closes.length === 0 ? "" : sparkPoints(closes));
  }

  #direction(symbol: string, price: number | undefined): string {
    if (price === undefined) return "";
    const before = this.#lasts.get(symbol);
    if (before?.price === price) return before.kind;
    const kind = before === undefined ? "" : price > before.price ? "buy" : "sell";
    this.#lasts.set(symbol, { price, kind });
    return kind;
  }
}

function rowTexts(market: Market): readonly string[] {
  const { symbol, decimals, bestBid, bestAsk, status } = market;
  const { day } = market.statistics;
  const price = (ticks: number | undefined) => (ticks === undefined ? NOTHING : formatPrice(ticks, decimals));
  const name = status === undefined || status === "trading" ? symbol : `${symbol} ${STATUS_WORDS[status]}`;
  return [
    name,
    price(day?.last),
    changeText(changeOf(market)),
    price(bestBid?.price),
    price(bestAsk?.price),
    day === undefined ? NOTHING : lotsText(day.volume),
  ];
}

const STATUS_WORDS = { switchedOff: "(off)", halted: "(halted)" } as const;

function makeRow(at: number): RowView {
  const row = document.createElement("div");
  row.id = `market-row-${at}`;
  row.setAttribute("role", "option");
  const cells = SORT_KEYS.map((name) => {
    const cell = document.createElement("span");
    cell.className = `market-${name}`;
    return cell;
  });
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", `0 0 ${SPARK.width} ${SPARK.height}`);
  picture.setAttribute("preserveAspectRatio", "none");
  picture.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "polyline");
  picture.append(line);
  row.append(...cells, picture);
  return { row, cells, line, painted: "" };
}
