// What the log says of orders that ends of sessions took out.

import { expect, test } from "vitest";
import { TakenOutLog } from "../../src/node/taken-out-log.ts";

test("pieces of an end are one line; of many ends ten have a line, and the rest are counted", () => {
  const lines: object[] = [];
  const log = new TakenOutLog((fields) => lines.push(fields));
  log.add({ account: 5, cause: "disconnected", orders: 64 });
  log.add({ account: 5, cause: "disconnected", orders: 3 });
  log.tick();
  log.tick();
  expect(lines.splice(0)).toEqual([{ account: 5, cause: "disconnected", orders: 67 }]);
  for (let account = 0; account < 12; account++) log.add({ account, cause: "dead_man", orders: 2 });
  log.tick();
  expect(lines.length).toBe(11);
  expect(lines[10]).toEqual({ accounts: 2, orders: 4 });
});
