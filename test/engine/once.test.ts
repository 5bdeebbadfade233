// Requests whose numbers are used once: executed at most once per account and number, answered again as at first, refused
// where it can't be told.

import { describe, expect, test } from "vitest";
import { SeriatimError, stateHash } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { REQUEST_ACCOUNTS_MAX, REQUESTS_REMEMBERED } from "../../src/engine/request-memory.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import {
  CommandWord,
  EventKind,
  Reason,
  reasonName,
  Side,
  writeAdminCommand,
} from "../../src/protocol/index.ts";
import { buy, cancel, ioc, market, modify, once, sell } from "./orders.ts";
import { Desk, hexOf, snapshotOf, type Write } from "./support.ts";

/** `accept 1`, `trade 2`, `repeat 1`, `UnknownOrder`, `repeat UnknownOrder`. */
function told(desk: Desk, write: Write): string[] {
  return desk.do(write).map(({ kind, reason, sequence }) => {
    const names = Object.entries(EventKind).find(([, code]) => code === kind)!;
    const name = names[0].toLowerCase();
    if (kind === EventKind.Reject) return reasonName(reason);
    return `${name} ${reason === 0 ? sequence : reasonName(reason)}`;
  });
}

type Line = readonly [write: Write, events: readonly string[]];

const TABLES: readonly [name: string, lines: readonly Line[]][] = [
  [
    "a request that comes again is answered again, with its first event alone, and does nothing",
    [
      [sell(1, 10, 2), ["accept 1"]],
      [once(5, buy(2, 10, 3)), ["accept 2", "trade 3"]],
      [once(5, buy(2, 10, 3)), ["repeat 2"]],
      [once(5, buy(2, 10, 3)), ["repeat 2"]],
      [cancel(2), ["cancel 4"]],
      [once(5, buy(2, 10, 3)), ["repeat 2"]],
    ],
  ],
  [
    "a cancel and a modify come again as what they were, not as what they would be now",
    [
      [buy(1, 10, 5), ["accept 1"]],
      [once(5, modify(1, 9, 5)), ["modify 2"]],
      [once(6, cancel(1)), ["cancel 3"]],
      [once(5, modify(1, 9, 5)), ["repeat 2"]],
      [once(6, cancel(1)), ["repeat 3"]],
    ],
  ],
  [
    "a refusal stays a refusal, also when the order would be taken now",
    [
      [once(5, cancel(1)), ["UnknownOrder"]],
      [buy(1, 10, 5), ["accept 1"]],
      [once(5, cancel(1)), ["repeat UnknownOrder"]],
      [once(6, cancel(1)), ["cancel 2"]],
    ],
  ],
  [
    "a number with other content is refused, whatever differs, and forgets nothing",
    [
      [once(5, buy(1, 10, 5)), ["accept 1"]],
      [once(5, buy(1, 10, 6)), ["RequestReused"]],
      [once(5, buy(1, 11, 5)), ["RequestReused"]],
      [once(5, buy(2, 10, 5)), ["RequestReused"]],
      [once(5, buy(1 + 2 ** 32, 10, 5)), ["RequestReused"]],
      [once(5, buy(1, 10, 5, { symbol: 1 })), ["RequestReused"]],
      [once(5, sell(1, 10, 5)), ["RequestReused"]],
      [once(5, ioc(1, Side.Buy, 10, 5)), ["RequestReused"]],
      [once(5, market(1, Side.Buy, 5)), ["RequestReused"]],
      [once(5, modify(1, 10, 5)), ["RequestReused"]],
      [once(5, cancel(1)), ["RequestReused"]],
      [once(5, buy(1, 10, 5)), ["repeat 1"]],
    ],
  ],
  [
    "numbers belong to accounts, and a command without the flag has none",
    [
      [once(5, buy(1, 10, 5)), ["accept 1"]],
      [once(5, buy(1, 10, 5, { account: 1 })), ["accept 2"]],
      [once(5, buy(1, 10, 5, { account: 1 })), ["repeat 2"]],
      [buy(2, 10, 5), ["accept 3"]],
      [buy(2, 10, 5), ["DuplicateOrderId"]],
    ],
  ],
  [
    "numbers may come in any order and be as large as they can: they are compared unsigned",
    [
      [once(2 ** 53 - 1, buy(1, 10, 1)), ["accept 1"]],
      [once(0, buy(2, 10, 1)), ["accept 2"]],
      [once(2 ** 31, buy(3, 10, 1)), ["accept 3"]],
      [once(2 ** 32, buy(4, 10, 1)), ["accept 4"]],
      [once(2 ** 31, buy(3, 10, 1)), ["repeat 3"]],
      [once(0, buy(2, 10, 1)), ["repeat 2"]],
      [once(2 ** 32, buy(4, 10, 1)), ["repeat 4"]],
      [once(2 ** 53 - 1, buy(1, 10, 1)), ["repeat 1"]],
    ],
  ],
];

test.each(TABLES)("%s", (_name, lines) => {
  const desk = new Desk({}, ["S0", "S1"]);
  for (const [write, events] of lines) expect(told(desk, write)).toEqual(events);
});

test("the answer limit is the gateway's and may differ when a request comes again", () => {
  const desk = new Desk();
  const order = once(1, buy(1, 10, 1));
  expect(desk.do(order, 0, 5)[0].kind).toBe(EventKind.Accept);
  expect(desk.do(order, 0, 6)[0]).toMatchObject({ kind: EventKind.Repeat, sequence: 1 });
});

test("what was answered before a halt is answered again, and a refusal by the halt is one for ever", () => {
  const desk = new Desk();
  const say = (kind: "halt" | "resume") =>
    desk.do((words) => writeAdminCommand(words, 0, { kind, who: "ann" }));
  desk.do(once(1, buy(1, 10, 1)));
  say("halt");
  expect(told(desk, once(1, buy(1, 10, 1)))).toEqual(["repeat 1"]);
  expect(told(desk, once(2, buy(2, 10, 1)))).toEqual(["TradingHalted"]);
  say("resume");
  expect(told(desk, once(2, buy(2, 10, 1)))).toEqual(["repeat TradingHalted"]);
});

test("a flag that there is not stops the engine, as a record of a later version does", () => {
  const write: Write = (words) => {
    buy(1, 10, 1)(words);
    words[CommandWord.flags] = 3;
  };
  const ofStranger: Write = (words) => {
    write(words);
    words[CommandWord.account] = 4;
  };
  const unknown = new SeriatimError("LOG_UNKNOWN", "command flags 3: the log is not this version's");
  for (const each of [write, ofStranger]) expect(() => new Desk().do(each)).toThrow(unknown);
});

describe("memory", () => {
  const gone = (id: number) => cancel(id);
  /** Numbers 10, 20, ... as many as are remembered. */
  function fullDesk(): Desk {
    const desk = new Desk();
    for (let i = 1; i <= REQUESTS_REMEMBERED; i++) desk.do(once(10 * i, gone(i)));
    return desk;
  }

  test("holds the newest 256 of an account; what is below them may have been, and is refused", () => {
    const desk = fullDesk();
    expect(told(desk, once(10, gone(1)))).toEqual(["repeat UnknownOrder"]);
    expect(told(desk, once(9, gone(1)))).toEqual(["RequestForgotten"]);
    expect(told(desk, once(10 * REQUESTS_REMEMBERED + 10, gone(999)))).toEqual(["UnknownOrder"]);
    expect(told(desk, once(10, gone(1)))).toEqual(["RequestForgotten"]);
    expect(told(desk, once(20, gone(2)))).toEqual(["repeat UnknownOrder"]);
  });

  test("takes a number between those it has, and lets the lowest go for it", () => {
    const desk = fullDesk();
    expect(told(desk, once(25, gone(77)))).toEqual(["UnknownOrder"]);
    expect(told(desk, once(25, gone(77)))).toEqual(["repeat UnknownOrder"]);
    expect(told(desk, once(10, gone(1)))).toEqual(["RequestForgotten"]);
    for (let i = 2; i <= REQUESTS_REMEMBERED; i++)
      expect(told(desk, once(10 * i, gone(i)))).toEqual(["repeat UnknownOrder"]);
  });

  test("a refusal of a number leaves the state what it was, down to its hash", () => {
    const desk = fullDesk();
    const checksums = new NativeChecksums();
    const before = hexOf(stateHash(desk.engine, checksums));
    for (const write of [once(9, gone(1)), once(20, gone(3)), once(20, gone(2))]) {
      desk.do(write);
      expect(hexOf(stateHash(desk.engine, checksums))).toBe(before);
    }
    desk.do(once(10 * REQUESTS_REMEMBERED + 1, gone(1)));
    expect(hexOf(stateHash(desk.engine, checksums))).not.toBe(before);
  });

  test("a restored engine remembers as much, wherever its ring began", () => {
    const desk = fullDesk();
    for (let i = 1; i <= 100; i++) desk.do(once(10 * (REQUESTS_REMEMBERED + i), gone(i)));
    const bytes = desk.snapshot();
    const engine = new ExchangeEngine();
    engine.restore(bytes, desk.engine.position);
    expect(hexOf(snapshotOf(engine))).toBe(hexOf(bytes));
    desk.engine.restore(bytes, desk.engine.position);
    expect(told(desk, once(10 * REQUESTS_REMEMBERED, gone(REQUESTS_REMEMBERED)))).toEqual([
      "repeat UnknownOrder",
    ]);
    expect(told(desk, once(1000, gone(100)))).toEqual(["RequestForgotten"]);
  });

  test("numbers are u64: those with the highest bit come behind the others, also after a restart", () => {
    const lanes = [
      [5, 0x7fffffff],
      [0x7fffffff, -2],
      [-3, -2],
      [-1, -2],
      [0, -1],
    ];
    const numbered = ([low, high]: readonly number[], id: number): Write => {
      const write = once(1, gone(id));
      return (words) => {
        write(words);
        words[CommandWord.requestLow] = low;
        words[CommandWord.requestHigh] = high;
      };
    };
    const desk = new Desk();
    for (const i of [3, 0, 4, 2, 1]) expect(told(desk, numbered(lanes[i], i))).toEqual(["UnknownOrder"]);
    desk.engine.restore(desk.snapshot(), desk.engine.position);
    for (let i = 0; i < 5; i++) expect(told(desk, numbered(lanes[i], i))).toEqual(["repeat UnknownOrder"]);
  });

  test(`is kept for ${REQUEST_ACCOUNTS_MAX} accounts; the requests of one more are refused`, () => {
    const desk = new Desk({ accountsMax: REQUEST_ACCOUNTS_MAX + 1 });
    for (let account = 0; account < REQUEST_ACCOUNTS_MAX; account++) desk.do(once(1, cancel(1, { account })));
    const account = REQUEST_ACCOUNTS_MAX;
    expect(desk.one(once(1, cancel(1, { account }))).reason).toBe(Reason.StorageExhausted);
    expect(desk.one(cancel(1, { account })).reason).toBe(Reason.UnknownOrder);
    expect(desk.one(once(1, cancel(1))).kind).toBe(EventKind.Repeat);
    const restored = new ExchangeEngine();
    restored.restore(desk.snapshot(), desk.engine.position);
  });
});
