import { expect, test } from "vitest";
import { compareGenesis, loadConfiguration } from "../../src/node/index.ts";

const genesis = {
  maxQuantity: 1_000_000,
  maxNotional: 5_000,
  ordersMax: 100,
  symbolsMax: 8,
  accountsMax: 16,
  indexSeed: [1, 2],
} as const;
const instruments = [
  { name: "A", priceDecimals: 2, tick: 1, lot: 1 },
  { name: "B", priceDecimals: 4, tick: 25, lot: 1 },
];

const begun = (origin: string, value: string, setting: string, logged: string) =>
  `${origin} is ${value}, but this log was begun with ${setting} ${logged}: ` +
  "leave the setting out or start a new data directory";

const rows: [flags: Record<string, string>, answer: string | undefined][] = [
  // Defaults differ from this log in almost everything, and contradict nothing.
  [{}, undefined],
  [{ orderPort: "1", durability: "off" }, undefined],
  [{ maxQuantity: "1000000", maxNotional: "5000", ordersMax: "100", symbols: "A,B:4:25" }, undefined],
  [{ symbols: "A" }, begun("--symbols", "A", "symbols", "A,B:4:25")],
  [{ symbols: "B,A" }, begun("--symbols", "B,A", "symbols", "A,B:4:25")],
  // The same instruments, written out.
  [{ symbols: "A:2:1:1,B:04:25:1" }, undefined],
  // A part that is left out has its default, and is meant.
  [{ symbols: "A,B" }, begun("--symbols", "A,B", "symbols", "A,B:4:25")],
  [{ symbols: "A:3,B:4:25" }, begun("--symbols", "A:3,B:4:25", "symbols", "A,B:4:25")],
  [{ symbols: "A,B:4:5" }, begun("--symbols", "A,B:4:5", "symbols", "A,B:4:25")],
  [{ symbols: "A,B:4:25:10" }, begun("--symbols", "A,B:4:25:10", "symbols", "A,B:4:25")],
  [{ maxQuantity: "1000001" }, begun("--max-quantity", "1000001", "max-quantity", "1000000")],
  [{ maxNotional: "1" }, begun("--max-notional", "1", "max-notional", "5000")],
  [{ ordersMax: "1" }, begun("--orders-max", "1", "orders-max", "100")],
  [
    { accountOrdersMax: "100000" },
    begun("--account-orders-max", "100000", "account-orders-max", "without a bound"),
  ],
  [{ symbolsMax: "9" }, begun("--symbols-max", "9", "symbols-max", "8")],
  [
    { symbols: "A", ordersMax: "1" },
    "--symbols is A, but this log was begun with symbols A,B:4:25; " +
      "--orders-max is 1, but this log was begun with orders-max 100: " +
      "leave these settings out or start a new data directory",
  ],
  [{ accountsMax: "1" }, begun("--accounts-max", "1", "accounts-max", "16")],
];

test.each(rows)("against the log, the flags %j are answered by %j", (flags, answer) => {
  const { given } = loadConfiguration({ flags, environment: {} });
  expect(compareGenesis(given, { genesis, instruments })).toBe(answer);
});

test("the contradiction names where the value was written", () => {
  const { given } = loadConfiguration({ flags: {}, environment: { SERIATIM_ORDERS_MAX: "7" } });
  expect(compareGenesis(given, { genesis, instruments })).toMatch(/^SERIATIM_ORDERS_MAX is 7, /);
});
