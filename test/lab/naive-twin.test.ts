// The twin's own rules, as tables in the flow format: what is written here is what the specification says, and the
// engine is held to the twin elsewhere.

import { expect, test } from "vitest";
import { NaiveTwin, twinRecords } from "../../src/lab/index.ts";
import { flowGenesis, flowOutcomeOf, formatOutcome, parseFlow } from "../../src/protocol/index.ts";

/** Commands whose outcomes must be just the lines after them; `options` extend the meta line. */
const RULES: [name: string, options: string, lines: string[]][] = [
  [
    "an order trades at the resting price with the oldest of the best level first",
    "",
    [
      "cmd limit 0 1 S 10 5 GTC",
      "evt accept 1 0 1",
      "cmd limit 0 2 S 9 5 GTC",
      "evt accept 2 0 2",
      "cmd limit 0 3 S 9 5 GTC",
      "evt accept 3 0 3",
      "cmd limit 0 4 B 11 12 GTC",
      "evt accept 4 0 4",
      "evt trade 5 0 4 2 9 5",
      "evt trade 6 0 4 3 9 5",
      "evt trade 7 0 4 1 10 2",
    ],
  ],
  [
    "what an IOC or a market order does not trade is dropped without an event",
    "",
    [
      "cmd limit 0 1 B 10 5 IOC",
      "evt accept 1 0 1",
      "cmd market 0 1 B 5",
      "evt accept 2 0 1",
      "cmd cancel 0 1",
      "reject cancel 1 UnknownOrder",
    ],
  ],
  [
    "the checks of a new order come in the order 1, 7, 2, 3, 5, 6",
    "",
    [
      "cmd limit 0 1 B 10 5 GTC",
      "evt accept 1 0 1",
      "cmd limit 1 1 B 0 0 GTC",
      "reject new_limit 1 UnknownSymbol",
      "cmd limit 0 1 B 0 0 GTC",
      "reject new_limit 1 DuplicateOrderId",
      "cmd limit 0 2 B 0 0 GTC",
      "reject new_limit 2 InvalidPrice",
      "cmd limit 0 2 B 9007199254740992 0 GTC",
      "reject new_limit 2 InvalidPrice",
      "cmd limit 0 2 B 1000 0 GTC",
      "reject new_limit 2 InvalidQuantity",
      "cmd limit 0 2 B 1000 101 GTC",
      "reject new_limit 2 MaxQuantityExceeded",
      "cmd limit 0 2 B 11 91 GTC",
      "reject new_limit 2 MaxNotionalExceeded",
      "cmd market 0 2 B 100",
      "evt accept 2 0 2",
    ],
  ],
  [
    "a modify keeps its place when it only shrinks, goes to the tail otherwise, and with 0 leaves unpriced",
    "",
    [
      "cmd limit 0 1 S 10 5 GTC",
      "evt accept 1 0 1",
      "cmd limit 0 2 S 10 5 GTC",
      "evt accept 2 0 2",
      "cmd modify 0 1 10 4",
      "evt modify 3 0 1",
      "cmd market 0 9 B 1",
      "evt accept 4 0 9",
      "evt trade 5 0 9 1 10 1",
      "cmd modify 0 1 10 4",
      "evt modify 6 0 1",
      "cmd market 0 9 B 1",
      "evt accept 7 0 9",
      "evt trade 8 0 9 2 10 1",
      "cmd modify 0 1 -5 0",
      "evt modify 9 0 1",
      "cmd cancel 0 1",
      "reject cancel 1 UnknownOrder",
    ],
  ],
  [
    "a modify that crosses trades as the taker and rests what is left",
    "",
    [
      "cmd limit 0 1 S 10 2 GTC",
      "evt accept 1 0 1",
      "cmd limit 0 2 B 8 5 GTC",
      "evt accept 2 0 2",
      "cmd modify 0 2 10 3",
      "evt modify 3 0 2",
      "evt trade 4 0 2 1 10 2",
      "cmd cancel 0 2",
      "evt cancel 5 0 2",
    ],
  ],
  [
    "an order id is free again once it rests no more, and belongs to its account and symbol",
    " accounts_max 2",
    [
      "cmd reg S1",
      "cmd limit 0 1 B 10 5 GTC",
      "evt accept 1 0 1",
      "cmd limit 1 1 B 10 5 GTC",
      "evt accept 2 1 1",
      "cmd cancel 0 1 account 1",
      "reject cancel 1 UnknownOrder",
      "cmd limit 0 1 S 11 5 GTC account 1",
      "evt accept 3 0 1",
      "cmd cancel 0 1",
      "evt cancel 4 0 1",
      "cmd limit 0 1 B 9 5 GTC",
      "evt accept 5 0 1",
    ],
  ],
  [
    "a full book refuses only what would rest, and a fully traded maker makes room",
    " orders_max 1",
    [
      "cmd limit 0 1 S 10 5 GTC",
      "evt accept 1 0 1",
      "cmd limit 0 2 S 11 5 GTC",
      "reject new_limit 2 StorageExhausted",
      "cmd limit 0 2 B 10 4 GTC",
      "evt accept 2 0 2",
      "evt trade 3 0 2 1 10 4",
      "cmd limit 0 3 B 9 5 IOC",
      "evt accept 4 0 3",
      "cmd limit 0 4 B 10 3 GTC",
      "evt accept 5 0 4",
      "evt trade 6 0 4 1 10 1",
      "cmd modify 0 4 12 9",
      "evt modify 7 0 4",
    ],
  ],
  [
    "an answer limit refuses a command with more fills than it, before anything changes",
    " orders_max 3",
    [
      "cmd limit 0 1 S 10 1 GTC",
      "evt accept 1 0 1",
      "cmd limit 0 2 S 10 1 GTC",
      "evt accept 2 0 2",
      "cmd limit 0 3 B 10 2 GTC limit 1",
      "reject new_limit 3 AnswerTooLarge",
      "cmd limit 0 4 B 9 1 GTC",
      "evt accept 3 0 4",
      "cmd modify 0 4 10 2 limit 1",
      "reject modify 4 AnswerTooLarge",
      "cmd modify 0 4 10 2 limit 2",
      "evt modify 4 0 4",
      "evt trade 5 0 4 1 10 1",
      "evt trade 6 0 4 2 10 1",
    ],
  ],
  [
    "a request number is used once: the answer comes again, other content under it is refused",
    " accounts_max 2",
    [
      "cmd limit 0 1 S 10 2 GTC once 7",
      "evt accept 1 0 1",
      "cmd limit 0 2 B 10 2 GTC limit 1 once 8",
      "evt accept 2 0 2",
      "evt trade 3 0 2 1 10 2",
      "cmd limit 0 2 B 10 2 GTC once 8",
      "evt repeat 2 0 2",
      "cmd cancel 0 1 once 9",
      "reject cancel 1 UnknownOrder",
      "cmd cancel 0 1 once 9",
      "reject cancel 1 UnknownOrder",
      "cmd cancel 0 1 once 7",
      "reject cancel 1 RequestReused",
      "cmd limit 0 1 S 10 2 GTC account 1 once 7",
      "evt accept 4 0 1",
    ],
  ],
];

test.each(RULES)("%s", (_name, options, lines) => {
  const head = [
    "version 3",
    `meta seed 0 symbols 1 orders 9 max_qty 100 max_notional 1000${options}`,
    "cmd reg S0",
  ];
  const { flow } = parseFlow([...head, ...lines].join("\n"));
  const twin = new NaiveTwin(flowGenesis(flow));
  for (const { command, outcomes } of flow.steps) {
    const records = twinRecords(command, twin.apply(command));
    expect(records.map(flowOutcomeOf).map(formatOutcome)).toEqual(outcomes.map(formatOutcome));
  }
});
