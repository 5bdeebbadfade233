import { describe, expect, test } from "vitest";
import { AccountNames, configurationOf } from "../../src/node/index.ts";

const names = new AccountNames(["alice=1", "bob=2", "Zoë=99"], 100);

test.each<[name: string, number: number | undefined]>([
  ["alice", 1],
  ["Zoë", 99],
  ["7", 7],
  ["0", 0],
  ["99", 99],
  ["100", undefined],
  ["99999999999", undefined],
  ["007", undefined],
  ["-1", undefined],
  ["1e1", undefined],
  ["", undefined],
  ["Alice", undefined],
  ["constructor", undefined],
])("the account %s is %s", (name, number) => expect(names.find(name)).toBe(number));

test("a name for an account that the exchange does not have is refused", () => {
  const line = "accounts: carol=100, but this exchange has accounts 0 to 99";
  expect(() => new AccountNames(["alice=1", "carol=100"], 100)).toThrow(line);
});

describe("the setting is refused by one line:", () => {
  const RULE =
    "NAME=NUMBER; a name is 1 to 32 bytes without spaces, commas and equal signs, and not all digits";
  const rows: [accounts: string[], line: string][] = [
    [["alice"], `"alice" is not ${RULE}`],
    [["=1"], `"=1" is not ${RULE}`],
    [["alice=-1"], `"alice=-1" is not ${RULE}`],
    [["alice=one"], `"alice=one" is not ${RULE}`],
    [["al ice=1"], `"al ice=1" is not ${RULE}`],
    [["7=7"], `"7=7" is not ${RULE}`],
    [[`${"é".repeat(17)}=7`], `"${"é".repeat(17)}=7" is not ${RULE}`],
    [["alice=1", "alice=2"], '"alice" is there twice'],
    [new Array(1_025).fill("x=1"), "1025 accounts, at most 1024 are possible"],
  ];
  test.each(rows)("%.40s", (accounts, line) => {
    expect(() => configurationOf({ accounts })).toThrow(`accounts: ${line}`);
  });
});
