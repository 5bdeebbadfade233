// Which of an account's orders its table shows.

import { expect, test } from "vitest";
import type { OwnOrder } from "../../src/client/socket/index.ts";
import { rowsOf } from "../../web/own-rows.ts";

function orders(...symbols: readonly string[]): OwnOrder[] {
  return symbols.map((symbol, i) => ({ symbol, id: String(i + 1), side: "buy", price: 1, open: 1 }));
}

// Those that one looks at had no rows, and could neither be changed nor cancelled, when newer ones elsewhere filled the table.
test.each([
  ["as many as there are rows", orders("A", "B", "A"), ["3", "2", "1"]],
  ["more than there are rows", orders("A", "B", "A", "B", "B"), ["3", "1", "5"]],
  ["more here alone", orders("A", "A", "A", "A"), ["4", "3", "2"]],
  ["none here", orders("B", "B", "B", "B"), ["4", "3", "2"]],
])("of %s the newest come first, and those that are looked at before others", (_what, all, ids) => {
  expect(rowsOf(all, "A", 3).map(({ id }) => id)).toEqual(ids);
});
