// The latest trades, newest first: a fixed set of rows whose texts change, at most once per frame.

import { useEffect, useRef } from "preact/hooks";
import type { Market, Trade } from "../src/client/socket/index.ts";
import { formatPrice } from "../src/protocol/index.ts";
import type { Desk } from "./desk.ts";
import { Painted } from "./painted.ts";
import { shortQuantity, timeText } from "./words.ts";

const ROW_PX = 20;
/** A screen of 2,000 px has fewer. */
const ROWS_MAX = 100;

class TradeRows {
  readonly #body: HTMLElement;
  #rows: HTMLElement[] = [];
  readonly #painted = new Painted();
  #market: Market | undefined;

  constructor(body: HTMLElement) {
    this.#body = body;
  }

  fitHeight(height_px: number): void {
    const count = Math.min(ROWS_MAX, Math.floor(height_px / ROW_PX));
    if (count === this.#rows.length) return;
    this.#rows = Array.from({ length: count }, makeRow);
    this.#body.replaceChildren(...this.#rows);
    this.#painted.forget();
  }

  paint(market: Market | undefined): void {
    if (!this.#painted.differs(market, `${market?.tradesVersion}`)) return;
    // Another market's trade may have the same number.
    const isOther = market !== this.#market;
    this.#market = market;
    const trades = market?.trades ?? [];
    this.#rows.forEach((row, i) => {
      const trade = trades.at(-1 - i);
      const key = trade?.id ?? "";
      if (row.dataset.trade === key && !isOther) return;
      row.dataset.trade = key;
      fill(row, trade, market?.decimals ?? 0);
    });
  }
}

function makeRow(): HTMLElement {
  const row = document.createElement("div");
  row.className = "trade-row";
  for (let i = 0; i < 3; i++) row.append(document.createElement("span"));
  return row;
}

function fill(row: HTMLElement, trade: Trade | undefined, decimals: number): void {
  const [time, price, quantity] = row.children;
  row.className = trade === undefined ? "trade-row" : `trade-row ${trade.aggressor}`;
  time.textContent = trade === undefined ? "" : timeText(trade.time_us);
  const arrow = trade?.aggressor === "buy" ? "▲" : "▼";
  price.textContent = trade === undefined ? "" : `${arrow} ${formatPrice(trade.price, decimals)}`;
  quantity.textContent = trade === undefined ? "" : shortQuantity(trade.quantity);
}

export function TradeList({ desk }: { readonly desk: Desk }) {
  const body = useRef<HTMLDivElement>(null);
  const empty = useRef<HTMLParagraphElement>(null);

  useEffect(() => {
    const rows = new TradeRows(body.current!);
    const resized = new ResizeObserver(() => {
      rows.fitHeight(body.current?.clientHeight ?? 0);
      desk.frames.ask();
    });
    resized.observe(body.current!);
    const end = desk.frames.add(() => {
      rows.paint(desk.market);
      if (empty.current !== null) empty.current.textContent = emptyWords(desk.market);
    });
    return () => {
      resized.disconnect();
      end();
    };
  }, [desk]);

  return (
    <section class="panel trades-panel" data-panel="trades" aria-label="Trades">
      <header class="panel-head">
        <h2>Trades</h2>
      </header>
      <div class="trade-titles" aria-hidden="true">
        <span>Time</span>
        <span>Price</span>
        <span>Lots</span>
      </div>
      <div class="trade-body" ref={body} />
      <p class="empty" ref={empty} />
    </section>
  );
}

function emptyWords(market: Market | undefined): string {
  if (market === undefined || !market.isCurrent("trades"))
    return market?.tradesVersion ? "" : "Waiting for trades";
  return market.trades.length === 0 ? "No trades yet" : "";
}
