import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import {
  ACK_POLICY_NAMES,
  type Flow,
  type FlowCommand,
  flowVersionOf,
  formatFlow,
  parseFlow,
  SESSION_END_CAUSES,
  Side,
  TimeInForce,
} from "../../src/protocol/index.ts";

const HEAD = ["version 1", "meta seed 0 symbols 1 orders 2 max_qty 100 max_notional 1000"];
const HEAD2 = ["version 2", `${HEAD[1]} orders_max 4 accounts_max 3`];
const HEAD3 = ["version 3", HEAD2[1]];
const REG = "cmd reg S0";

function messageOf(lines: readonly string[]): string {
  try {
    parseFlow(lines.join("\n"), "f.txt");
  } catch (error) {
    if (error instanceof SeriatimError) return error.message;
    throw error;
  }
  return "no error";
}

describe("a malformed flow is refused with its line", () => {
  const cases: [name: string, lines: string[], message: string][] = [
    ["an empty file", [], "f.txt:1: the version line is missing"],
    [
      "a version from the future",
      ["version 4"],
      "f.txt:1: expected a version this program reads (1, 2, 3), found '4'",
    ],
    ["no meta line", [HEAD[0], REG], "f.txt:2: expected the meta line, found 'cmd'"],
    ["meta cut short", [HEAD[0], "meta seed 1"], "f.txt:2: 'symbols' is missing at the end of the line"],
    ["a second version", [...HEAD, "version 1"], "f.txt:3: a 'version' line can't come here"],
    ["an unknown line", [...HEAD, "command"], "f.txt:3: unknown line 'command'"],
    ["a word of another section", [...HEAD, "toString"], "f.txt:3: unknown line 'toString'"],
    [
      "an unknown command",
      [...HEAD, "cmd replace 0 1"],
      "f.txt:3: expected a command (reg, limit, market, cancel, modify), found 'replace'",
    ],
    [
      "an administrative command in version 2",
      [...HEAD2, "cmd halt ann"],
      "f.txt:3: expected a command (reg, limit, market, cancel, modify), found 'halt'",
    ],
    [
      "an administrator's name too long",
      [...HEAD3, "cmd halt 0123456789abcdefg"],
      "f.txt:3: name '0123456789abcdefg' is longer than 16 bytes",
    ],
    [
      "a tenure without the others",
      [...HEAD3, "cmd tenure 1 a others"],
      "f.txt:3: the name of who gave it is missing at the end of the line",
    ],
    [
      "a tenure out of order",
      [...HEAD3, "cmd tenure 1 a others c b"],
      "f.txt:3: the others are one or two nodes, each once, in order",
    ],
    [
      "a tenure of itself",
      [...HEAD3, "cmd tenure 1 a others a"],
      "f.txt:3: the others are one or two nodes, each once, in order",
    ],
    [
      "a tenure of four",
      [...HEAD3, "cmd tenure 1 a others b c d"],
      "f.txt:3: the others are one or two nodes, each once, in order",
    ],
    ["a tenure without an epoch", [...HEAD3, "cmd tenure 0 node-a"], "f.txt:3: an epoch is at least 1"],
    [
      "a policy nobody has",
      [...HEAD3, "cmd ack_policy none ann"],
      "f.txt:3: expected the policy (disk, ram, disk+ram, two-disks), found 'none'",
    ],
    [
      "the kill switch of an account the flow has not",
      [...HEAD3, "cmd kill_switch 3 on ann"],
      "f.txt:3: account 3 is not below accounts_max, which is 3",
    ],
    [
      "a request number in version 2",
      [...HEAD2, "cmd cancel 0 1 once 7"],
      "f.txt:3: expected the end of the line, found 'once'",
    ],
    [
      "an event of a halt",
      [...HEAD3, "cmd halt ann", "evt cancel 1 0 1"],
      "f.txt:4: 'evt' follows 'cmd halt', which has no events",
    ],
    [
      "a word too many",
      [...HEAD, REG, "cmd cancel 0 1 2"],
      "f.txt:4: expected the end of the line, found '2'",
    ],
    [
      "a version 2 option in version 1",
      [...HEAD, REG, "cmd cancel 0 1 account 2"],
      "f.txt:4: expected the end of the line, found 'account'",
    ],
    [
      "an account the flow has not",
      [...HEAD2, REG, "cmd cancel 0 1 account 3"],
      "f.txt:4: account 3 is not below accounts_max, which is 3",
    ],
    [
      "two spaces",
      [...HEAD, "cmd  reg S0"],
      "f.txt:3: expected a command, found nothing: tokens are parted by one space",
    ],
    ["a space at the end", [...HEAD, "cmd reg S0 "], "f.txt:3: expected the end of the line, found ''"],
    ["a CR", [...HEAD, "cmd reg S0\r"], "f.txt:3: line ends in CR LF; a flow's lines end in LF alone"],
    ["a tab", [...HEAD, "cmd\treg S0"], "f.txt:3: line holds a byte that is not printable ASCII"],
    [
      "a letter outside ASCII",
      [...HEAD, "# caf\u00e9"],
      "f.txt:3: line holds a byte that is not printable ASCII",
    ],
    ["a line too long", [...HEAD, `# ${"x".repeat(1023)}`], "f.txt:3: line is longer than 1024 bytes"],
    [
      "a leading zero",
      [...HEAD, "cmd cancel 0 01"],
      "f.txt:3: expected the order id as a decimal number from 0 to 18446744073709551615, found '01'",
    ],
    [
      "an id beyond u64",
      [...HEAD, "cmd cancel 0 18446744073709551616"],
      "f.txt:3: expected the order id from 0 to 18446744073709551615, found '18446744073709551616'",
    ],
    [
      "what a market order names in version 2",
      [...HEAD2, "cmd market 0 1 B 5 named 7 GTC"],
      "f.txt:3: expected the end of the line, found 'named'",
    ],
    [
      "a market order that names nothing in words",
      [...HEAD3, "cmd market 0 1 B 5 named 0 IOC"],
      "f.txt:3: a market order that names 0 and IOC is written without them",
    ],
    [
      "a price beyond i64",
      [...HEAD, "cmd modify 0 1 9223372036854775808 1"],
      "f.txt:3: expected the price from -9223372036854775808 to 9223372036854775807, found '9223372036854775808'",
    ],
    [
      "a quantity beyond u32",
      [...HEAD, "cmd market 0 1 B 4294967296"],
      "f.txt:3: expected the quantity from 0 to 4294967295, found '4294967296'",
    ],
    [
      "a name too long",
      [...HEAD, "cmd reg ABCDEFGHIJKLMNOPQ"],
      "f.txt:3: symbol name 'ABCDEFGHIJKLMNOPQ' is longer than 16 bytes",
    ],
    ["an event of nothing", [...HEAD, "evt accept 1 0 1"], "f.txt:3: 'evt' comes before any command"],
    [
      "an event of reg",
      [...HEAD, REG, "evt accept 1 0 1"],
      "f.txt:4: 'evt' follows 'cmd reg', which has no events",
    ],
    [
      "a reject after an event",
      [...HEAD, REG, "cmd cancel 0 1", "evt cancel 1 0 1", "reject cancel 1 UnknownOrder"],
      "f.txt:6: 'reject' follows events of the same command",
    ],
    [
      "two rejects",
      [...HEAD, REG, "cmd cancel 0 1", "reject cancel 1 UnknownOrder", "reject cancel 1 UnknownOrder"],
      "f.txt:6: 'reject' follows a reject of the same command",
    ],
    [
      "a sym before the snapshot",
      [...HEAD, "sym 0 bid - ask - orders 0"],
      "f.txt:3: 'sym' comes before the snapshot line",
    ],
    [
      "a command after the snapshot",
      [...HEAD, "snapshot last_seq 0 trades 0", REG],
      "f.txt:4: a 'cmd' line can't come here",
    ],
    [
      "a snapshot without its symbols",
      [...HEAD, REG, "snapshot last_seq 0 trades 0"],
      "f.txt:4: the snapshot has no 'sym 0' (1 symbols are registered)",
    ],
    [
      "a level of another symbol",
      [...HEAD, REG, "snapshot last_seq 0 trades 0", "sym 0 bid - ask - orders 0", "level 1 B 1 1"],
      "f.txt:6: a level of symbol 1 under 'sym 0'",
    ],
    [
      "bids that go up",
      [
        ...HEAD,
        REG,
        "snapshot last_seq 0 trades 0",
        "sym 0 bid 1 ask - orders 2",
        "level 0 B 1 1",
        "level 0 B 2 1",
      ],
      "f.txt:7: bid levels go from the highest price down",
    ],
    [
      "a symbol nobody registered",
      [...HEAD, "snapshot last_seq 0 trades 0", "sym 0 bid - ask - orders 0"],
      "f.txt:4: symbol 0 is not registered in this flow",
    ],
  ];
  test.each(cases)("%s", (_name, lines, message) => {
    expect(messageOf(lines)).toBe(message);
  });
});

test("comments, blank lines and a missing last LF change nothing but line numbers", () => {
  const { flow, lines } = parseFlow(
    ["# made by hand", "", ...HEAD, "# one", REG, "", "cmd cancel 0 1"].join("\n"),
  );
  expect(flow.steps.map(({ command }) => command)).toEqual([
    { kind: "reg", name: "S0" },
    { kind: "cancel", symbol: 0, id: 1n, account: 0 },
  ]);
  expect(lines.steps.map(({ command }) => command)).toEqual([6, 8]);
});

test("the widest values of the wire survive the text", () => {
  const text = [
    ...HEAD,
    "cmd limit 4294967295 18446744073709551615 B 9223372036854775807 4294967295 GTC",
    "cmd modify 0 0 -9223372036854775808 0",
  ];
  const { flow } = parseFlow(`${text.join("\n")}\n`);
  expect(flow.steps[0].command).toMatchObject({ id: 2n ** 64n - 1n, price: 2n ** 63n - 1n });
  expect(formatFlow(flow)).toEqual(text);
});

test("version 2 names accounts, answer limits and capacities, and leaves out what has its default", () => {
  const text = [
    ...HEAD2,
    REG,
    "cmd limit 0 1 B 5 2 GTC account 2 limit 3",
    "cmd market 0 1 S 2 limit 1",
    "cmd cancel 0 1 account 2",
    "cmd modify 0 1 5 2 account 1",
  ];
  const { flow } = parseFlow(text.join("\n"));
  expect(flow.meta).toMatchObject({ ordersMax: 4, accountsMax: 3 });
  expect(flow.steps[1].command).toMatchObject({ account: 2, answerLimit: 3 });
  expect(formatFlow(flow)).toEqual(text);
  expect(flowVersionOf(flow)).toBe(2);
});

test("version 3 has words for what administrators and nodes say, and for what a kill switch leads to", () => {
  const text = [
    ...HEAD3,
    REG,
    "cmd tenure 9007199254740991 node-a",
    "cmd tenure 9007199254740991 node-a others node-b node-c",
    "cmd ack_policy disk+ram ann",
    "cmd halt ann",
    "cmd resume ann",
    "cmd forced_start ann",
    "cmd promotion ann",
    "cmd kill_switch 2 on ann",
    "evt cancel 7 0 1",
    "cmd kill_switch 2 off ann",
    "cmd kill_switch 1 on ann",
    "reject kill_switch 0 StorageExhausted",
  ];
  const { flow } = parseFlow(text.join("\n"));
  expect(flow.steps[8].command).toEqual({
    kind: "kill_switch",
    scope: "account",
    account: 2,
    on: true,
    who: "ann",
  });
  expect(formatFlow(flow)).toEqual(text);
  expect(flowVersionOf(flow)).toBe(3);
});

test("version 3 has words for request numbers that are used once, and for answers that come again", () => {
  const text = [
    ...HEAD3,
    REG,
    "cmd limit 0 1 B 10 5 GTC account 1 limit 2 once 18446744073709551615",
    "evt accept 1 0 1",
    "cmd market 0 2 S 5 once 0",
    "evt repeat 1 0 2",
    "cmd market 0 2 S 5 account 1 once 0 named -3 GTC",
    "reject new_market 2 RequestReused",
    "cmd market 0 3 B 5 named 0 GTC",
    "evt accept 3 0 3",
    "cmd modify 0 1 10 5 once 7",
    "reject modify 1 RequestReused",
    "cmd cancel 0 1 account 1 once 7",
    "reject cancel 1 RequestForgotten",
  ];
  const { flow } = parseFlow(text.join("\n"));
  expect(flow.steps[3].command).toMatchObject({
    ...{ account: 1, once: 0n },
    named: { price: -3n, timeInForce: TimeInForce.GoodTillCancel },
  });
  expect(flow.steps[6].command).toEqual({ kind: "cancel", symbol: 0, id: 1n, account: 1, once: 7n });
  expect(formatFlow(flow)).toEqual(text);
  expect(flowVersionOf(flow)).toBe(3);
});

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const order = { symbol: fc.nat(), id: u64, account: fc.nat(3) };
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const side = fc.constantFrom(Side.Buy, Side.Sell);
const timeInForce = fc.constantFrom(TimeInForce.GoodTillCancel, TimeInForce.ImmediateOrCancel);
const kind = <K extends string>(word: K) => fc.constant(word);
const trades = { ...order, quantity: u32, answerLimit: fc.nat(2) };
const who = fc.stringMatching(/^[!-~]{1,16}$/);
const named = fc
  .record({ price: i64, timeInForce })
  .filter(({ price, timeInForce }) => price !== 0n || timeInForce === TimeInForce.GoodTillCancel);
const anyCommand: fc.Arbitrary<FlowCommand> = fc.oneof(
  fc.record({ kind: kind("reg"), name: fc.stringMatching(/^[!-~]{1,16}$/) }),
  fc.record({ kind: kind("limit"), ...trades, side, price: i64, timeInForce }),
  fc.record({ kind: kind("market"), ...trades, side }),
  fc.record({ kind: kind("market"), ...trades, side, named }),
  fc.record({ kind: kind("cancel"), ...order }),
  fc.record({ kind: kind("modify"), ...trades, price: i64 }),
  fc.record({ kind: kind("modify"), ...trades, price: i64, once: u64 }),
  fc.record({ kind: kind("cancel"), ...order, once: u64 }),
  fc.record({ kind: kind("tenure"), epoch: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), who }),
  fc.record({ kind: kind("ack_policy"), policy: fc.constantFrom(...ACK_POLICY_NAMES), who }),
  fc.record({ kind: fc.constantFrom("halt", "resume", "forced_start", "promotion"), who }),
  fc.record({ kind: kind("kill_switch"), scope: kind("account"), account: fc.nat(3), on: fc.boolean(), who }),
  fc.record({ kind: kind("kill_switch"), scope: kind("symbol"), symbol: u32, on: fc.boolean(), who }),
  fc.record({ kind: kind("kill_switch"), scope: kind("all"), on: fc.boolean(), who }),
  fc.record(
    { kind: kind("mass_cancel"), account: fc.nat(3), symbol: fc.nat(), side, once: u64 },
    { requiredKeys: ["kind", "account"] },
  ),
  fc.record({
    ...{ kind: kind("session_open"), account: fc.nat(3), session: u64, who },
    ...{ instance: u32, flags: fc.nat(7), deadMan_ms: u32 },
  }),
  fc.record({
    ...{ kind: kind("session_end"), account: fc.nat(3), session: u64 },
    cause: fc.constantFrom(...SESSION_END_CAUSES),
  }),
);

test("whatever is written reads back as the same flow", () => {
  const meta = { seed: 1, symbols: 2, orders: 3, maxQuantity: 4, maxNotional: 5, accountsMax: 4 };
  fc.assert(
    fc.property(fc.array(anyCommand), (commands) => {
      const steps = commands.map((command) => ({ command, outcomes: [] }));
      const flow: Flow = { version: flowVersionOf({ meta, steps }), meta, steps };
      expect(parseFlow(formatFlow(flow).join("\n")).flow).toEqual(flow);
    }),
  );
});
