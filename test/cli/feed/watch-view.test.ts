// What keys do to the view of a feed, and which rows it then shows.

import { expect, test } from "vitest";
import type { Row } from "../../../src/cli/feed/watch/market-table.ts";
import {
  FIRST_VIEW,
  type Key,
  keysThatFit,
  pressed,
  shownRows,
  type View,
  type Wish,
  wantedRows,
} from "../../../src/cli/feed/watch/view.ts";

const PAGE = 10;
const FOUND = 25;

/** "a", or the name of a key that types nothing. */
function keyOf(said: string): Key {
  const isName = said.length > 1 && said !== "ctrl-c";
  if (said === "ctrl-c") return { text: "c", isControl: true };
  return { text: isName ? "" : said, name: (isName ? said : undefined) as Key["name"], isControl: false };
}

const rows: [keys: string, view: Partial<View>, wish?: Wish][] = [
  ["q", {}, "quit"],
  ["ctrl-c", {}, "quit"],
  ["down down r", { scrolled: 0 }, "reset"],
  ["x", {}],
  ["n", { sort: "name", isReversed: false }],
  ["n n", { sort: "name", isReversed: true }],
  ["n n n", { sort: "name", isReversed: false }],
  ["b", { sort: "busiest", isReversed: true }],
  ["down down c", { sort: "change", scrolled: 0 }],
  ["up", { scrolled: 0 }],
  ["down pageDown up", { scrolled: PAGE }],
  ["pageDown pageUp pageUp", { scrolled: 0 }],
  // It went on beyond the last page, and as many keys upwards seemed to do nothing.
  ["pageDown pageDown pageDown down up", { scrolled: FOUND - PAGE - 1 }],
  ["/ b t", { filter: "bt", isTyping: true }],
  ["/ q r return", { filter: "qr", isTyping: false }],
  ["/ q return q", { filter: "q" }, "quit"],
  ["/ a b backspace backspace backspace", { filter: "", isTyping: true }],
  ["/ a escape", { filter: "", isTyping: false }],
  ["/ a return escape", { filter: "" }],
  ["/ a ctrl-c", { filter: "a", isTyping: true }, "quit"],
  ["/ 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7", { filter: "0123456789012345", isTyping: true }],
];

test.each(rows)("keys %s", (keys, expected, wish) => {
  let view = FIRST_VIEW;
  let wished: Wish;
  for (const key of keys.split(" ")) ({ view, wish: wished } = pressed(view, keyOf(key), PAGE, FOUND));
  expect({ view, wished }).toEqual({ view: { ...FIRST_VIEW, ...expected }, wished: wish });
});

function row(id: number, name: string, figures: Partial<Row> = {}): Row {
  const none = {
    bid: undefined,
    ask: undefined,
    last: undefined,
    change: undefined,
    isStale: false,
  } as const;
  const zero = { decimals: 2, bidQuantity: 0, askQuantity: 0, volume: 0, updates: 0, rate: 0, age_ms: 0 };
  return { id, name, direction: 0, ...none, ...zero, ...figures };
}

const market = [
  row(0, "BTC-USD", { rate: 5, volume: 10, change: -0.1, age_ms: 3 }),
  row(1, "ETH-USD", { rate: 9, volume: 30, age_ms: 1 }),
  row(2, "btc-eur", { rate: 5, volume: 20, change: 0.2, age_ms: 2 }),
];

const orders: [Partial<View>, number[]][] = [
  [{}, [1, 0, 2]],
  [{ isReversed: true }, [0, 2, 1]],
  [{ sort: "name" }, [0, 1, 2]],
  [{ sort: "change" }, [2, 0, 1]],
  [{ sort: "volume" }, [1, 2, 0]],
  [{ sort: "oldest" }, [0, 2, 1]],
  [{ filter: "BTC" }, [0, 2]],
  [{ filter: "nothing" }, []],
];

test.each(orders)("%j shows symbols in this order: %j", (view, ids) => {
  expect(wantedRows(market, { ...FIRST_VIEW, ...view }).map(({ id }) => id)).toEqual(ids);
});

test("what is scrolled too far shows the last page", () => {
  const ids = (scrolled: number, page: number) =>
    shownRows(market, { ...FIRST_VIEW, scrolled }, page).map(({ id }) => id);
  expect([ids(0, 2), ids(1, 2), ids(99, 2), ids(99, 9)]).toEqual([
    [0, 1],
    [1, 2],
    [1, 2],
    [0, 1, 2],
  ]);
});

const widths: [width: number, text: string][] = [
  [10, "q quit  FILTER"],
  [80, "q quit  FILTER  r reset  b busiest  n name  c change  v volume  o oldest"],
  [40, "q quit  FILTER  r reset  arrows scroll"],
];

test.each(widths)("in %i columns the keys are said to be: %s", (width, text) => {
  expect(keysThatFit("FILTER", width)).toBe(text);
});
