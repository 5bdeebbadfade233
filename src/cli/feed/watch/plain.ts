// The view for pipes and files: at each interval the summary and the busiest symbols, as text without colours. Pure.

import { COLUMNS, cell } from "./columns.ts";
import type { MarketTable } from "./market-table.ts";
import { BETWEEN, headText, summaryOf } from "./summary.ts";
import { FIRST_VIEW, wantedRows } from "./view.ts";
import type { WatchedFeed } from "./watched-feed.ts";

/** Symbols of a block. */
export const PLAIN_ROWS = 10;

/** One block, each line with its end, an empty one behind the last. */
export function plainBlock(feed: WatchedFeed, table: MarketTable): string {
  const rows = wantedRows(table.rows, FIRST_VIEW).slice(0, PLAIN_ROWS);
  const summary = summaryOf(feed, table);
  const lines = [
    headText(summary),
    summary.counts.join(BETWEEN),
    summary.latency.join(BETWEEN),
    COLUMNS.map((column) => cell(column.title, column)).join(" "),
    ...rows.map((row) => COLUMNS.map((column) => cell(column.text(row, feed.priceText), column)).join(" ")),
  ];
  return `${lines.map((line) => `${line.trimEnd()}\n`).join("")}\n`;
}
