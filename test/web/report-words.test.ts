// What a report says in a few words, as a table.

import { expect, test } from "vitest";
import type { ReportMessage } from "../../src/protocol/index.ts";
import { eventWords, priceWords } from "../../web/report-words.ts";

const REPORT: ReportMessage = {
  type: "report",
  number: "1",
  event: "accepted",
  command: "submit",
  time: "1",
};

test.each<[words: string, fields: Partial<ReportMessage>]>([
  ["Accepted", {}],
  ["Changed", { event: "modified", leaves: 3 }],
  ["Taken out", { event: "modified", leaves: 0 }],
  ["Traded as maker", { event: "traded", liquidity: "maker", leaves: 3 }],
  ["Filled as taker", { event: "traded", liquidity: "taker", leaves: 0 }],
  ["Cancelled", { event: "cancelled", cause: "request" }],
  ["Cancelled: connection lost", { event: "cancelled", cause: "disconnected" }],
  ["Rest dropped", { event: "expired" }],
  [
    "Rejected: an order with this id rests already",
    { event: "rejected", text: "an order with this id rests already" },
  ],
  ["Mass cancel of 2", { event: "massCancelled", lastQuantity: 2 }],
])("%s", (words, fields) => {
  expect(eventWords({ ...REPORT, ...fields })).toBe(words);
});

test.each<[price: string, fields: Partial<ReportMessage>]>([
  ["70000.50", { price: "70001.00", lastPrice: "70000.50" }],
  ["70001.00", { price: "70001.00" }],
  ["market", { price: null }],
  ["", { event: "rejected" }],
])("its price: %s", (price, fields) => {
  expect(priceWords({ ...REPORT, ...fields })).toBe(price);
});
