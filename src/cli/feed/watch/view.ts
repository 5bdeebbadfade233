// How the table is looked at: what it is sorted by, which symbols are wanted, how far it is scrolled; and what a key changes in
// that. Pure.

import type { Row } from "./market-table.ts";

/** Keys that sort: the same one again turns the order round. */
const SORT_KEYS = { b: "busiest", n: "name", c: "change", v: "volume", o: "oldest" } as const;
export type SortKey = (typeof SORT_KEYS)[keyof typeof SORT_KEYS];

/** Characters of a filter: as many as a name has. */
const FILTER_CHARS_MAX = 16;

export interface View {
  readonly sort: SortKey;
  readonly isReversed: boolean;
  /** Part of a symbol's name, in any case; "": all. */
  readonly filter: string;
  /** What is typed goes into the filter. */
  readonly isTyping: boolean;
  /** Rows above the first one that is shown. */
  readonly scrolled: number;
}

/** What a key asks of the program beside the view. */
export type Wish = "quit" | "reset" | undefined;

export const FIRST_VIEW: View = {
  sort: "busiest",
  isReversed: false,
  filter: "",
  isTyping: false,
  scrolled: 0,
};

/** A key as a terminal says it. */
export interface Key {
  /** What was typed, as text. */
  readonly text: string;
  readonly name?: "up" | "down" | "pageUp" | "pageDown" | "return" | "escape" | "backspace" | undefined;
  readonly isControl: boolean;
}

/** The view after a key, and what else it asks for. `page`: rows on the screen; `found`: rows that the view has. */
export function pressed(
  view: View,
  key: Key,
  page: number,
  found: number,
): { readonly view: View; readonly wish: Wish } {
  if (key.isControl && key.text === "c") return { view, wish: "quit" };
  if (view.isTyping) return { view: typed(view, key), wish: undefined };
  if (key.text === "q") return { view, wish: "quit" };
  if (key.text === "r") return { view: { ...view, scrolled: 0 }, wish: "reset" };
  return { view: moved(view, key, page, found), wish: undefined };
}

function typed(view: View, { text, name, isControl }: Key): View {
  if (name === "return") return { ...view, isTyping: false };
  if (name === "escape") return { ...view, isTyping: false, filter: "", scrolled: 0 };
  if (name === "backspace") return { ...view, filter: view.filter.slice(0, -1), scrolled: 0 };
  const isText = name === undefined && !isControl && /^[\x20-\x7e]+$/.test(text);
  if (!isText) return view;
  return { ...view, filter: (view.filter + text).slice(0, FILTER_CHARS_MAX), scrolled: 0 };
}

function moved(view: View, { text, name }: Key, page: number, found: number): View {
  if (text === "/") return { ...view, isTyping: true };
  if (name === "escape") return { ...view, filter: "", scrolled: 0 };
  const sort = SORT_KEYS[text as keyof typeof SORT_KEYS] as SortKey | undefined;
  if (sort !== undefined)
    return { ...view, sort, isReversed: sort === view.sort && !view.isReversed, scrolled: 0 };
  const rows = { up: -1, down: 1, pageUp: -page, pageDown: page }[name as string] ?? 0;
  // Not beyond the last page: the way back would seem to do nothing.
  return { ...view, scrolled: Math.max(0, Math.min(view.scrolled + rows, found - page)) };
}

const KEYS = ["r reset", "b busiest  n name  c change  v volume  o oldest", "arrows scroll"] as const;

/** What the keys do, as much of it as fits: how to end it first, then `filter`'s. */
export function keysThatFit(filter: string, width: number): string {
  let text = `q quit  ${filter}`;
  for (const words of KEYS) if (text.length + 2 + words.length <= width) text += `  ${words}`;
  return text;
}

/** In words, the usual way round and the other. */
const ORDER_WORDS: Record<SortKey, readonly [usual: string, reversed: string]> = {
  busiest: ["busiest first", "quietest first"],
  name: ["by name", "by name, the last first"],
  change: ["largest change first", "smallest change first"],
  volume: ["largest volume first", "smallest volume first"],
  oldest: ["oldest first", "newest first"],
};

/** How the rows are sorted, in words. */
export function orderText({ sort, isReversed }: View): string {
  return ORDER_WORDS[sort][isReversed ? 1 : 0];
}

const ORDERS: Record<SortKey, (a: Row, b: Row) => number> = {
  busiest: (a, b) => b.rate - a.rate || b.updates - a.updates,
  name: (a, b) => compareText(a.name, b.name),
  change: (a, b) => (b.change ?? Number.NEGATIVE_INFINITY) - (a.change ?? Number.NEGATIVE_INFINITY) || 0,
  volume: (a, b) => b.volume - a.volume,
  oldest: (a, b) => b.age_ms - a.age_ms,
};

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The rows that are wanted, in their order; equal ones by their number, so that they don't change places. */
export function wantedRows(rows: readonly Row[], { sort, isReversed, filter }: View): readonly Row[] {
  const part = filter.toUpperCase();
  const wanted = rows.filter(({ name }) => name.toUpperCase().includes(part));
  const direction = isReversed ? -1 : 1;
  return wanted.sort((a, b) => direction * ORDERS[sort](a, b) || a.id - b.id);
}

/** Those of `rows` that fit: the last ones when it is scrolled further than there are any. */
export function shownRows(rows: readonly Row[], { scrolled }: View, page: number): readonly Row[] {
  const first = Math.max(0, Math.min(scrolled, rows.length - page));
  return rows.slice(first, first + page);
}
