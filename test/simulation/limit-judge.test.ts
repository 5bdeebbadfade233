// Who judges what the log's own limits refuse must be able to find fault: each of its rules broken once, and kept once.

import { expect, test } from "vitest";
import { COMMAND_WORDS, CommandKind, CommandWord, type Genesis, Reason } from "../../src/protocol/index.ts";
import { LimitJudge } from "../../src/simulation/limit-judge.ts";

const GENESIS: Genesis = {
  ...{ maxQuantity: 8, maxNotional: 8_000, ordersMax: 4, accountOrdersMax: 2, symbolsMax: 2, accountsMax: 6 },
  indexSeed: [7, 11],
};

/** What is wrong with an order of account 4, of `quantity` at 1,000, behind which orders of those accounts rest. */
function problemsOf(reason: number, resting: readonly number[], quantity = 1, isRepeat = false): string[] {
  const judge = new LimitJudge();
  const words = new Int32Array(COMMAND_WORDS);
  words[0] = CommandKind.NewOrder;
  words[CommandWord.account] = 4;
  words[CommandWord.quantity] = quantity;
  words[CommandWord.priceLow] = 1_001;
  const orders = resting.map((account) => ({ account }));
  judge.after(words, 0, 9, GENESIS, orders, { reason, isRepeat });
  expect(judge.met.size).toBe(reason !== Reason.None && !isRepeat ? 1 : 0);
  return judge.problems;
}

test.each<[what: string, reason: number, resting: number[], quantity: number]>([
  ["taken, as many as there is room for", Reason.None, [1, 2, 4, 4], 1],
  ["refused, as many rest as there is room for", Reason.StorageExhausted, [1, 2, 3, 4], 1],
  ["refused, the account has as many as it may", Reason.TooManyOpenOrders, [4, 4], 1],
  ["refused, the quantity is above the limit", Reason.MaxQuantityExceeded, [], 9],
  ["refused, the notional is above the limit", Reason.MaxNotionalExceeded, [], 8],
])("%s: nothing is wrong", (_, reason, resting, quantity) => {
  expect(problemsOf(reason, resting, quantity)).toEqual([]);
});

test.each<[problem: string, reason: number, resting: number[], quantity: number]>([
  ["5 orders rest, there is room for 4", Reason.None, [1, 1, 2, 3, 4], 1],
  ["3 orders of account 4 rest, it may have 2", Reason.None, [4, 4, 4], 1],
  ["no room for an order, and 3 rest", Reason.StorageExhausted, [1, 2, 4], 1],
  ["account 4 has too many orders, and 1 rest", Reason.TooManyOpenOrders, [1, 2, 4], 1],
  ["an order of 9 was taken, at most 8", Reason.None, [], 9],
  ["8008 was taken, at most 8000", Reason.None, [], 8],
  ["8 is not too much", Reason.MaxQuantityExceeded, [], 8],
  ["7007 is not too much", Reason.MaxNotionalExceeded, [], 7],
])("%s", (problem, reason, resting, quantity) => {
  expect(problemsOf(reason, resting, quantity)).toEqual([`position 9: ${problem}`]);
});

test("a repeat is judged when it is first asked", () => {
  expect(problemsOf(Reason.StorageExhausted, [], 1, true)).toEqual([]);
});
