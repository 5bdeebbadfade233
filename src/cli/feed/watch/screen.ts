// The view in a terminal: ink paints it on the alternate screen, which gives the terminal back as it was when the view ends. What is
// shown and what keys do is decided elsewhere (view.ts, market-table.ts); here are boxes, colours and the clock that looks again.

import { Box, render, Text, useApp, useInput, useWindowSize } from "ink";
import { createElement, type FunctionComponent, type ReactNode, useEffect, useState } from "react";
import { cell, columnsThatFit, fittedLine, fittedParts } from "./columns.ts";
import { MarketTable, type Row } from "./market-table.ts";
import { BETWEEN, headText, type Summary, summaryOf } from "./summary.ts";
import {
  FIRST_VIEW,
  type Key,
  keysThatFit,
  orderText,
  pressed,
  type SortKey,
  shownRows,
  type View,
  wantedRows,
} from "./view.ts";
import type { WatchedFeed } from "./watched-feed.ts";

/** Between two looks at the market: nobody reads figures that change more often. */
const LOOK_MS = 250;
/** Lines that are not rows: the summary, the titles, the keys, and one between. */
const OTHER_LINES = 6;

const SORTED_COLUMNS: Record<SortKey, string> = {
  busiest: "upd/s",
  name: "symbol",
  change: "change",
  volume: "volume",
  oldest: "age",
};
const GOOD: Style = { color: "green" };
const BAD: Style = { color: "red" };
const TINTS: Record<string, string | undefined> = { "1": "green", "-1": "red" };

interface ScreenProps {
  readonly feed: WatchedFeed;
  readonly table: MarketTable;
  readonly now_ms: () => number;
}

/** Shows the feed until `q`, Ctrl-C or `stopped`; the terminal is as it was when this resolves. */
export async function showScreen(
  feed: WatchedFeed,
  now_ms: () => number,
  stopped: Promise<unknown>,
): Promise<void> {
  const table = new MarketTable(feed);
  const app = render(createElement(Screen, { feed, table, now_ms }), {
    alternateScreen: true,
    interactive: true,
    exitOnCtrlC: false,
  });
  void stopped.then(() => app.unmount());
  await app.waitUntilExit();
}

const Screen: FunctionComponent<ScreenProps> = ({ feed, table, now_ms }) => {
  const { exit } = useApp();
  const { columns, rows: height } = useWindowSize();
  const [view, setView] = useState(FIRST_VIEW);
  const [, setLook] = useState(0);
  const page = Math.max(1, height - OTHER_LINES);

  useEffect(() => {
    const timer = setInterval(() => {
      table.look(now_ms());
      setLook((look) => look + 1);
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [table, now_ms]);

  useInput((text, key) => {
    let next = view;
    for (const each of keysOf(text, key)) {
      const found = wantedRows(table.rows, next).length;
      const { view: after, wish } = pressed(next, each, page, found);
      if (wish === "quit") return exit();
      if (wish === "reset") {
        feed.reset();
        table.reset();
      }
      next = after;
    }
    setView(next);
  });

  const wanted = wantedRows(table.rows, view);
  return createElement(
    Box,
    { flexDirection: "column", width: columns, height },
    ...summaryLines(summaryOf(feed, table), view, columns),
    titles(view, columns),
    ...shownRows(wanted, view, page).map((row) => rowLine(row, feed, columns)),
    createElement(Box, { flexGrow: 1, key: "space" }),
    keys(view, wanted.length, columns),
  );
};

type Style = { readonly color?: string; readonly bold?: true; readonly inverse?: true };

function line(key: string, text: string, width: number, style: Style = {}): ReactNode {
  return createElement(Text, { key, ...style, wrap: "truncate" }, fittedLine(text, width) || " ");
}

/** The line below the figures is empty, unless it has what has no room elsewhere: why there is no connection, or what is sorted by. */
function summaryLines(summary: Summary, view: View, width: number): readonly ReactNode[] {
  const full = headText(summary);
  const why = full.length > width ? summary.why : undefined;
  const isSortShown = columnsThatFit(width).some(({ title }) => title === SORTED_COLUMNS[view.sort]);
  return [
    line("head", why === undefined ? full : summary.head, width, summary.isLive ? GOOD : BAD),
    line("counts", fittedParts(summary.counts, BETWEEN, width), width, summary.isBad ? BAD : {}),
    line("latency", fittedParts(summary.latency, BETWEEN, width), width),
    why === undefined
      ? line("order", isSortShown ? "" : orderText(view), width)
      : line("why", why, width, BAD),
  ];
}

/** The title of what it is sorted by is marked. */
function titles({ sort, isReversed }: View, width: number): ReactNode {
  const text = columnsThatFit(width)
    .map((column) => {
      const mark = column.title === SORTED_COLUMNS[sort] ? (isReversed ? "↑" : "↓") : "";
      return cell(column.title + mark, column);
    })
    .join(" ");
  return line("titles", text, width, { bold: true });
}

function rowLine(row: Row, feed: WatchedFeed, width: number): ReactNode {
  const cells = columnsThatFit(width).map((column, i) => {
    const color = TINTS[String(column.tint?.(row) ?? 0)];
    const text = `${i > 0 ? " " : ""}${cell(column.text(row, feed.priceText), column)}`;
    return createElement(Text, { key: column.title, ...(color === undefined ? {} : { color }) }, text);
  });
  return createElement(Text, { key: row.id, dimColor: row.isStale, wrap: "truncate" }, ...cells);
}

function keys({ filter, isTyping }: View, found: number, width: number): ReactNode {
  const typed = `filter: ${filter}_  ${found} found (Enter keeps it, Esc drops it)`;
  const kept = filter === "" ? "/ filter" : `/ filter "${filter}": ${found} found, Esc drops it`;
  return line("keys", isTyping ? typed : keysThatFit(kept, width), width, { inverse: true });
}

/** What is typed fast, or pasted, comes at once: each character is a key. */
function keysOf(text: string, key: Parameters<Parameters<typeof useInput>[0]>[1]): readonly Key[] {
  const names = {
    ...{ up: key.upArrow, down: key.downArrow, pageUp: key.pageUp, pageDown: key.pageDown },
    ...{ return: key.return, escape: key.escape, backspace: key.backspace || key.delete },
  };
  const [name] = Object.entries(names).find(([, isPressed]) => isPressed) ?? [];
  if (name !== undefined) return [{ text: "", name: name as Key["name"], isControl: key.ctrl }];
  return [...text].map((each) => ({ text: each, name: TYPED[each], isControl: key.ctrl }));
}

/** Keys that come as a character when they come among others. */
const TYPED: Readonly<Record<string, Key["name"]>> = { "\r": "return", "\x7f": "backspace" };
