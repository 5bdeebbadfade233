// The rules of the specification one by one: given these commands of a desk with room to spare, exactly these events.

import { describe, expect, test } from "vitest";
import { RecordBuffer } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { SnapshotCounters } from "../../src/engine/snapshot-layout.ts";
import {
  EVENT_WORDS,
  type EventFields,
  EventFlag,
  EventKind,
  type Genesis,
  reasonName,
  Side,
  writeNewOrder,
  writeTick,
} from "../../src/protocol/index.ts";
import { buy, cancel, ioc, market, modify, sell } from "./orders.ts";
import { Desk, hexOf, SNAPSHOT_AT, type Write } from "./support.ts";

const { Buy, Sell } = Side;

/** An event in short: kind, sequence, then what its kind says. */
function shortOf(event: EventFields): string {
  const { sequence, orderId, price, quantity } = event;
  const last = (event.flags & EventFlag.Last) === 0 ? " ..." : "";
  switch (event.kind) {
    case EventKind.Accept:
      return `accept ${sequence} #${orderId} ${quantity}@${price}${last}`;
    case EventKind.Cancel:
      return `cancel ${sequence} #${orderId} ${quantity}@${price}${last}`;
    case EventKind.Modify: {
      const how = (event.flags & EventFlag.InPlace) === 0 ? "re-enters" : "in place";
      const was = `${event.previousQuantity}@${event.previousPrice}`;
      return `modify ${sequence} #${orderId} ${was} -> ${quantity}@${price} ${how}${last}`;
    }
    case EventKind.Trade: {
      const leaves = `${event.leaves}/${event.makerLeaves}`;
      return `trade ${sequence} #${orderId} with #${event.makerId} ${quantity}@${price} leaves ${leaves}${last}`;
    }
    default:
      return `reject ${reasonName(event.reason)}${last}`;
  }
}

type Step = readonly [command: Write, ...events: string[]];
type Rule = readonly [name: string, steps: readonly Step[], genesis?: Partial<Genesis>];

const MATCHING: readonly Rule[] = [
  [
    "a limit order that is good till cancel rests what it does not trade",
    [
      [sell(1, 10, 2), "accept 1 #1 2@10"],
      [buy(2, 10, 5), "accept 2 #2 5@10 ...", "trade 3 #2 with #1 2@10 leaves 3/0"],
      [cancel(2), "cancel 4 #2 3@10"],
    ],
  ],
  [
    "an immediate-or-cancel order never rests, and what is left is dropped without an event",
    [
      [sell(1, 10, 2), "accept 1 #1 2@10"],
      [ioc(2, Buy, 10, 5), "accept 2 #2 5@10 ...", "trade 3 #2 with #1 2@10 leaves 3/0"],
      [cancel(2), "reject UnknownOrder"],
      [ioc(3, Buy, 10, 5), "accept 4 #3 5@10"],
    ],
  ],
  [
    "a market order takes every price, has price 0 and never rests",
    [
      [sell(1, 10, 1), "accept 1 #1 1@10"],
      [sell(2, 900, 1), "accept 2 #2 1@900"],
      [
        market(3, Buy, 5),
        "accept 3 #3 5@0 ...",
        "trade 4 #3 with #1 1@10 leaves 4/0 ...",
        "trade 5 #3 with #2 1@900 leaves 3/0",
      ],
      [market(3, Sell, 5), "accept 6 #3 5@0"],
      [cancel(3), "reject UnknownOrder"],
    ],
  ],
  [
    "the best price trades first, and at one price the oldest order",
    [
      [buy(1, 10, 1), "accept 1 #1 1@10"],
      [buy(2, 11, 1), "accept 2 #2 1@11"],
      [buy(3, 11, 1), "accept 3 #3 1@11"],
      [
        sell(4, 1, 3),
        "accept 4 #4 3@1 ...",
        "trade 5 #4 with #2 1@11 leaves 2/0 ...",
        "trade 6 #4 with #3 1@11 leaves 1/0 ...",
        "trade 7 #4 with #1 1@10 leaves 0/0",
      ],
    ],
  ],
  [
    "a trade is at the resting order's price, and stops at the limit",
    [
      [sell(1, 10, 1), "accept 1 #1 1@10"],
      [sell(2, 13, 1), "accept 2 #2 1@13"],
      [buy(3, 12, 2), "accept 3 #3 2@12 ...", "trade 4 #3 with #1 1@10 leaves 1/0"],
      [ioc(4, Sell, 12, 2), "accept 5 #4 2@12 ...", "trade 6 #4 with #3 1@12 leaves 1/0"],
    ],
  ],
  [
    "a partly filled resting order keeps its place",
    [
      [sell(1, 10, 5), "accept 1 #1 5@10"],
      [sell(2, 10, 5), "accept 2 #2 5@10"],
      [ioc(3, Buy, 10, 2), "accept 3 #3 2@10 ...", "trade 4 #3 with #1 2@10 leaves 0/3"],
      [
        ioc(4, Buy, 10, 4),
        "accept 5 #4 4@10 ...",
        "trade 6 #4 with #1 3@10 leaves 1/0 ...",
        "trade 7 #4 with #2 1@10 leaves 0/4",
      ],
    ],
  ],
  [
    "an account trades with itself like with any other",
    [
      [sell(1, 10, 1, { account: 1 }), "accept 1 #1 1@10"],
      [buy(1, 10, 1, { account: 2 }), "accept 2 #1 1@10 ...", "trade 3 #1 with #1 1@10 leaves 0/0"],
      [sell(1, 10, 1), "accept 4 #1 1@10"],
      [buy(2, 10, 1), "accept 5 #2 1@10 ...", "trade 6 #2 with #1 1@10 leaves 0/0"],
    ],
  ],
];

const MODIFYING: readonly Rule[] = [
  [
    "a modify at its price to what rests or less is in place and keeps its place",
    [
      [sell(1, 10, 5), "accept 1 #1 5@10"],
      [sell(2, 10, 5), "accept 2 #2 5@10"],
      [modify(1, 10, 5), "modify 3 #1 5@10 -> 5@10 in place"],
      [modify(1, 10, 3), "modify 4 #1 5@10 -> 3@10 in place"],
      [ioc(3, Buy, 10, 3), "accept 5 #3 3@10 ...", "trade 6 #3 with #1 3@10 leaves 0/0"],
    ],
  ],
  [
    "a modify to more, or to another price, goes to the tail",
    [
      [sell(1, 10, 5), "accept 1 #1 5@10"],
      [sell(2, 10, 5), "accept 2 #2 5@10"],
      [modify(1, 10, 6), "modify 3 #1 5@10 -> 6@10 re-enters"],
      [ioc(3, Buy, 10, 5), "accept 4 #3 5@10 ...", "trade 5 #3 with #2 5@10 leaves 0/0"],
      [sell(4, 11, 1), "accept 6 #4 1@11"],
      [modify(1, 11, 2), "modify 7 #1 6@10 -> 2@11 re-enters"],
      [ioc(5, Buy, 11, 1), "accept 8 #5 1@11 ...", "trade 9 #5 with #4 1@11 leaves 0/0"],
    ],
  ],
  [
    "what rests decides between in place and re-entering, not what was ordered",
    [
      [sell(1, 10, 5), "accept 1 #1 5@10"],
      [ioc(2, Buy, 10, 2), "accept 2 #2 2@10 ...", "trade 3 #2 with #1 2@10 leaves 0/3"],
      [modify(1, 10, 4), "modify 4 #1 3@10 -> 4@10 re-enters"],
    ],
  ],
  [
    "a modify to quantity 0 takes the order out, whatever its price, and names the price it leaves",
    [
      [buy(1, 10, 5), "accept 1 #1 5@10"],
      [modify(1, -7, 0), "modify 2 #1 5@10 -> 0@10 re-enters"],
      [cancel(1), "reject UnknownOrder"],
    ],
  ],
  [
    "a modify that crosses trades as the incoming order, after its own event, and rests the rest",
    [
      [sell(1, 12, 2), "accept 1 #1 2@12"],
      [buy(2, 10, 5), "accept 2 #2 5@10"],
      [modify(2, 12, 6), "modify 3 #2 5@10 -> 6@12 re-enters ...", "trade 4 #2 with #1 2@12 leaves 4/0"],
      [cancel(2), "cancel 5 #2 4@12"],
    ],
  ],
  [
    "a modify that trades fully leaves nothing",
    [
      [sell(1, 12, 2), "accept 1 #1 2@12"],
      [buy(2, 10, 5), "accept 2 #2 5@10"],
      [modify(2, 12, 2), "modify 3 #2 5@10 -> 2@12 re-enters ...", "trade 4 #2 with #1 2@12 leaves 0/0"],
      [modify(2, 12, 2), "reject UnknownOrder"],
    ],
  ],
];

/** A new order with a side that no decoder lets through. */
const sideless: Write = (words) => writeNewOrder(words, 0, 0, 0, 5, 0, 2, 0, 0, 0, 0, 0);

const REFUSING: readonly Rule[] = [
  [
    "a new order is checked for symbol, order id, side, price, quantity, its limit, notional, in this order",
    [
      [buy(1, 10, 1), "accept 1 #1 1@10"],
      [buy(1, 0, 0, { symbol: 1 }), "reject UnknownSymbol"],
      [buy(1, 0, 0, { symbol: 0xffffffff }), "reject UnknownSymbol"],
      [buy(1, 0, 0), "reject DuplicateOrderId"],
      [sideless, "reject InvalidSide"],
      [buy(2, 0, 0), "reject InvalidPrice"],
      [buy(2, -1, 1), "reject InvalidPrice"],
      [buy(2, Number.MAX_SAFE_INTEGER + 1, 1), "reject InvalidPrice"],
      [buy(2, 2000, 0), "reject InvalidQuantity"],
      [buy(2, 2000, 1001), "reject MaxQuantityExceeded"],
      [buy(2, 1001, 1000), "reject MaxNotionalExceeded"],
      [buy(2, 1000, 1000), "accept 2 #2 1000@1000"],
    ],
  ],
  [
    "a market order is checked for quantity and its limit, not for price or notional",
    [
      [buy(1, 10, 1), "accept 1 #1 1@10"],
      [market(1, Buy, 1), "reject DuplicateOrderId"],
      [market(2, Buy, 0), "reject InvalidQuantity"],
      [market(2, Buy, 1001), "reject MaxQuantityExceeded"],
      [market(2, Buy, 1000), "accept 2 #2 1000@0"],
    ],
  ],
  [
    "a cancel is checked for symbol and order",
    [
      [buy(1, 10, 1), "accept 1 #1 1@10"],
      [cancel(1, { symbol: 1 }), "reject UnknownSymbol"],
      [cancel(1, { account: 1 }), "reject UnknownOrder"],
      [cancel(2 ** 32 + 1), "reject UnknownOrder"],
      [cancel(1), "cancel 2 #1 1@10"],
    ],
  ],
  [
    "a modify is checked for symbol, order, price, its limit and notional, and changes nothing when refused",
    [
      [buy(1, 10, 1), "accept 1 #1 1@10"],
      [modify(1, 0, 0, { symbol: 1 }), "reject UnknownSymbol"],
      [modify(2, 0, 0), "reject UnknownOrder"],
      [modify(1, 0, 1), "reject InvalidPrice"],
      [modify(1, 2000, 1001), "reject MaxQuantityExceeded"],
      [modify(1, 1001, 1000), "reject MaxNotionalExceeded"],
      [cancel(1), "cancel 2 #1 1@10"],
    ],
  ],
  [
    "a full pool refuses what would rest and nothing else, and a modify needs no more room",
    [
      [sell(1, 10, 2), "accept 1 #1 2@10"],
      [sell(2, 11, 1), "reject StorageExhausted"],
      [ioc(2, Sell, 11, 1), "accept 2 #2 1@11"],
      [market(2, Sell, 1), "accept 3 #2 1@0"],
      [modify(1, 12, 3), "modify 4 #1 2@10 -> 3@12 re-enters"],
      [buy(3, 12, 1), "accept 5 #3 1@12 ...", "trade 6 #3 with #1 1@12 leaves 0/2"],
      [buy(4, 12, 5), "accept 7 #4 5@12 ...", "trade 8 #4 with #1 2@12 leaves 3/0"],
      [cancel(4), "cancel 9 #4 3@12"],
    ],
    { ordersMax: 1 },
  ],
  [
    "an order id may be used again once it rests no more: filled, cancelled or modified away",
    [
      [sell(1, 10, 1), "accept 1 #1 1@10"],
      [buy(2, 10, 1), "accept 2 #2 1@10 ...", "trade 3 #2 with #1 1@10 leaves 0/0"],
      [buy(1, 10, 1), "accept 4 #1 1@10"],
      [cancel(1), "cancel 5 #1 1@10"],
      [sell(1, 10, 1), "accept 6 #1 1@10"],
      [modify(1, 1, 0), "modify 7 #1 1@10 -> 0@10 re-enters"],
      [buy(1, 10, 1), "accept 8 #1 1@10"],
    ],
  ],
];

const TOPICS = { matching: MATCHING, modify: MODIFYING, risk: REFUSING };

describe.each(Object.entries(TOPICS))("%s", (_topic, rules) => {
  for (const [name, steps, genesis] of rules) {
    test(name, () => {
      const desk = new Desk(genesis);
      for (const [command, ...events] of steps) expect(desk.do(command).map(shortOf)).toEqual(events);
    });
  }
});

test("an answer limit refuses a command with more fills, new order or modify, and 0 is no limit", () => {
  const desk = new Desk();
  for (const id of [1, 2, 3]) desk.do(sell(id, 10 + id, 1));
  desk.do(buy(4, 1, 1));
  const before = desk.snapshot();
  for (const command of [buy(5, 13, 3), ioc(5, Buy, 13, 3), market(5, Buy, 3), modify(4, 13, 3)])
    expect(desk.do(command, 0, 2).map(shortOf)).toEqual(["reject AnswerTooLarge"]);
  expect(hexOf(desk.snapshot())).toBe(hexOf(before));
  expect(desk.do(ioc(5, Buy, 12, 3), 0, 2).length).toBe(3);
  expect(desk.do(modify(4, 13, 3), 0, 0).length).toBe(2);
});

test("a name registered again keeps its number and changes nothing", () => {
  const desk = new Desk({}, ["S0", "S1"]);
  const before = desk.snapshot();
  expect([desk.register("S1"), desk.register("S0")]).toEqual([[], []]);
  expect(hexOf(desk.snapshot())).toBe(hexOf(before));
  expect(desk.engine.instruments.map((instrument) => instrument.name)).toEqual(["S0", "S1"]);
});

test("a new name beyond the most symbols is refused, and one that is known is not", () => {
  const desk = new Desk({ symbolsMax: 1 });
  expect(desk.register("S1").map(shortOf)).toEqual(["reject StorageExhausted"]);
  expect(desk.register("S0")).toEqual([]);
  expect(desk.engine.instruments.length).toBe(1);
});

test("a tick changes the time, and so the snapshot, and nothing else", () => {
  const desk = new Desk();
  desk.do(buy(1, 10, 1), 1000);
  const before = desk.snapshot();
  expect(desk.do((words) => writeTick(words, 0), 2000)).toEqual([]);
  const after = desk.snapshot();
  const changed = [...after.keys()].filter((i) => after[i] !== before[i]);
  const time = SNAPSHOT_AT.counters + SnapshotCounters.timestamp_us;
  expect(changed).toEqual([time, time + 1]);
});

test("a refused command changes the time alone too", () => {
  const desk = new Desk();
  desk.do(buy(1, 10, 1), 1000);
  const before = desk.snapshot();
  desk.do(buy(1, 10, 1), 1000);
  expect(hexOf(desk.snapshot())).toBe(hexOf(before));
  expect(desk.engine.rejects).toBe(1);
});

test("a command of an unknown kind stops the engine, and so does a log without a genesis", () => {
  for (const kind of [0, 1, 15, 20, 255]) {
    expect(() => new Desk().do((words) => words.fill(0).fill(kind, 0, 1))).toThrow(`command kind ${kind} `);
  }
  const { words } = new Desk();
  const output = new RecordBuffer(EVENT_WORDS, 1, () => {});
  buy(1, 10, 1)(words);
  expect(() => new ExchangeEngine().apply(words, 0, output)).toThrow(
    "the first command of a log is its genesis",
  );
});
