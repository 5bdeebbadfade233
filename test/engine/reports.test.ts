// Execution reports: given these commands, exactly these reports, per account; one of each kind as pinned bytes; and the property
// that the stream alone tells which orders of the account rest, how much of each is open and how much has traded.

import { describe, expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { ExchangeEngine, type ReportStream } from "../../src/engine/index.ts";
import {
  CommandKind,
  REPORT_BYTES,
  Reason,
  type ReportFields,
  ReportFlag,
  ReportKind,
  readReport,
  reasonName,
  Side,
  writeAdminCommand,
} from "../../src/protocol/index.ts";
import { buy, cancel, from, ioc, logOn, market, modify, once, sell } from "./orders.ts";
import { Desk, hexOf, snapshotOf, type Write } from "./support.ts";

/** Account 1 trades against account 0; both are told, unless a test says otherwise. */
const MINE = { account: 1 };

function streamOf(desk: Desk, account: number): ReportStream {
  const stream = desk.engine.reports.of(account);
  if (stream === undefined) throw new Error(`account ${account} has no stream`);
  return stream;
}

/** The reports of an account from number `after` + 1 on. */
function reportsOf(desk: Desk, account: number, after = 0): ReportFields[] {
  const stream = streamOf(desk, account);
  const reports: ReportFields[] = [];
  for (let number = Math.max(stream.first, after + 1); number < stream.next; number++)
    reports.push(readReport(stream.words(number), stream.at(number)));
  return reports;
}

const KIND_NAMES = Object.keys(ReportKind);
const FLAG_NAMES = Object.entries(ReportFlag);

/** `traded #7 2 at 100 leaves 3 cum 2 maker last`: what a report says, without its stamps. */
function shortOf(report: ReportFields): string {
  const name = KIND_NAMES[report.kind - 1].toLowerCase();
  const reason = report.reason === 0 ? [] : [reasonName(report.reason)];
  if (report.kind !== ReportKind.Rejected && report.reason !== 0) reason[0] = `cause ${report.reason}`;
  const price = report.kind === ReportKind.Traded ? report.lastPrice : report.price;
  const terms = [`${report.lastQuantity} at ${price}`, `leaves ${report.leaves}`, `cum ${report.cumulative}`];
  const flags = FLAG_NAMES.filter(([, bit]) => (report.flags & bit) !== 0).map(([flag]) =>
    flag.toLowerCase(),
  );
  const isAnswer = report.kind === ReportKind.Rejected || (report.flags & ReportFlag.Repeated) !== 0;
  return [name, `#${report.orderId}`, ...reason, ...(isAnswer ? [] : terms), ...flags].join(" ");
}

function told(desk: Desk, account: number, after = 0): string[] {
  return reportsOf(desk, account, after).map(shortOf);
}

function desk(): Desk {
  const made = new Desk();
  for (const account of [0, 1]) made.do(logOn(account));
  return made;
}

/** Commands, and what accounts 1 and 0 are told of the last one. */
const CASES: readonly [name: string, commands: readonly Write[], mine: string[], others: string[]][] = [
  ["a new order that rests", [buy(7, 100, 5, MINE)], ["accepted #7 5 at 100 leaves 5 cum 0 last"], []],
  [
    "a new order that trades with two and rests",
    [sell(1, 99, 1), sell(2, 100, 2), buy(7, 100, 5, MINE)],
    [
      "accepted #7 5 at 100 leaves 5 cum 0",
      "traded #7 1 at 99 leaves 4 cum 1",
      "traded #7 2 at 100 leaves 2 cum 3 last",
    ],
    ["traded #1 1 at 99 leaves 0 cum 1 maker", "traded #2 2 at 100 leaves 0 cum 2 last maker"],
  ],
  [
    "an immediate order of which something is dropped",
    [sell(1, 99, 1), ioc(7, Side.Buy, 100, 5)],
    [],
    [
      "accepted #7 5 at 100 leaves 5 cum 0",
      "traded #7 1 at 99 leaves 4 cum 1",
      "traded #1 1 at 99 leaves 0 cum 1 maker",
      "expired #7 4 at 100 leaves 0 cum 1 last",
    ],
  ],
  [
    "a market order that meets nothing",
    [market(7, Side.Sell, 5, MINE)],
    ["accepted #7 5 at 0 leaves 5 cum 0", "expired #7 5 at 0 leaves 0 cum 0 last"],
    [],
  ],
  [
    "a market order that is filled",
    [buy(1, 50, 9), market(7, Side.Sell, 5, MINE)],
    ["accepted #7 5 at 0 leaves 5 cum 0", "traded #7 5 at 50 leaves 0 cum 5 last"],
    ["traded #1 5 at 50 leaves 4 cum 5 last maker"],
  ],
  [
    "a cancel of what is left of an order",
    [buy(7, 100, 5, MINE), sell(1, 100, 2), cancel(7, MINE)],
    ["cancelled #7 3 at 100 leaves 0 cum 2 last"],
    [],
  ],
  ["a cancel of what does not rest", [cancel(7, MINE)], ["rejected #7 UnknownOrder last"], []],
  ["an order that is refused", [buy(7, 0, 5, MINE)], ["rejected #7 InvalidPrice last"], []],
  [
    "a modify in place",
    [buy(7, 100, 5, MINE), sell(1, 100, 2), modify(7, 100, 1, MINE)],
    ["modified #7 1 at 100 leaves 1 cum 2 last inplace"],
    [],
  ],
  [
    "a modify to nothing",
    [buy(7, 100, 5, MINE), sell(1, 100, 2), modify(7, 90, 0, MINE)],
    ["modified #7 0 at 100 leaves 0 cum 2 last"],
    [],
  ],
  [
    "a modify that trades and rests",
    [buy(7, 100, 5, MINE), sell(1, 100, 2), sell(2, 101, 4), modify(7, 101, 9, MINE)],
    ["modified #7 9 at 101 leaves 9 cum 2", "traded #7 4 at 101 leaves 5 cum 6 last"],
    ["traded #2 4 at 101 leaves 0 cum 4 last maker"],
  ],
  [
    "a trade with what had traded, been modified and traded",
    [
      buy(7, 100, 5, MINE),
      sell(1, 100, 2),
      modify(7, 101, 9, MINE),
      sell(2, 101, 1),
      modify(7, 101, 4, MINE),
      sell(3, 101, 3),
    ],
    ["traded #7 3 at 101 leaves 1 cum 6 last maker"],
    ["accepted #3 3 at 101 leaves 3 cum 0", "traded #3 3 at 101 leaves 0 cum 3 last"],
  ],
  [
    "a trade of an account with itself: the taker's first",
    [buy(6, 100, 1, MINE), sell(7, 100, 2, MINE)],
    [
      "accepted #7 2 at 100 leaves 2 cum 0",
      "traded #7 1 at 100 leaves 1 cum 1",
      "traded #6 1 at 100 leaves 0 cum 1 last maker",
    ],
    [],
  ],
  [
    "a request that is asked again",
    [once(3, buy(7, 100, 5, MINE)), once(3, buy(7, 100, 5, MINE))],
    ["accepted #7 last repeated"],
    [],
  ],
  [
    "a request that is asked again and was refused",
    [once(3, cancel(7, MINE)), once(3, cancel(7, MINE))],
    ["rejected #7 UnknownOrder last repeated"],
    [],
  ],
  [
    "a kill switch",
    [buy(7, 100, 5, MINE), sell(8, 101, 2, MINE), (words) => killSwitch(words, 1)],
    ["cancelled #7 cause 4 5 at 100 leaves 0 cum 0", "cancelled #8 cause 4 2 at 101 leaves 0 cum 0 last"],
    [],
  ],
  ["a kill switch that is refused", [(words) => killSwitch(words, 4)], [], []],
];

function killSwitch(words: Int32Array, account: number): void {
  writeAdminCommand(words, 0, { kind: "kill_switch", scope: "account", account, on: true, who: "ops" });
}

test.each(CASES)("%s is told to those whose orders it is about", (_name, commands, mine, others) => {
  const exchange = desk();
  for (const command of commands.slice(0, -1)) exchange.do(command);
  const before = [0, 1].map((account) => streamOf(exchange, account).next - 1);
  exchange.do(commands[commands.length - 1]);
  expect([told(exchange, 1, before[1]), told(exchange, 0, before[0])]).toEqual([mine, others]);
});

describe("stamps", () => {
  test("a report has its command's request, session, time and position, and its event's sequence", () => {
    const exchange = desk();
    exchange.do(from(40, 11, sell(1, 100, 1)), 1_700_000_000_000_001);
    exchange.do(from(41, 12, buy(7, 100, 1, MINE)), 1_700_000_000_000_002);
    const stamps = (account: number) =>
      reportsOf(exchange, account).map((r) => [
        r.request,
        r.session,
        r.timestamp_us,
        r.position,
        r.sequence,
        r.account,
        r.symbol,
        r.side,
        r.command,
      ]);
    const [first, second] = [1_700_000_000_000_001, 1_700_000_000_000_002];
    const { NewOrder } = CommandKind;
    expect(stamps(0)).toEqual([
      [11n, 40n, first, 5, 1, 0, 0, Side.Sell, NewOrder],
      [0n, 0n, second, 6, 3, 0, 0, Side.Sell, NewOrder],
    ]);
    expect(stamps(1)).toEqual([
      [12n, 41n, second, 6, 2, 1, 0, Side.Buy, NewOrder],
      [12n, 41n, second, 6, 3, 1, 0, Side.Buy, NewOrder],
    ]);
  });

  test("a position and a time beyond 32 bits are told whole", () => {
    const exchange = desk();
    const position = 2 ** 40 + 2 ** 32 - 2;
    exchange.engine.restore(exchange.snapshot(), position);
    for (let id = 1; id <= 3; id++) exchange.do(sell(id, 100, 1), 2 ** 52 + id);
    const stamps = reportsOf(exchange, 0).map((report) => [report.position, report.timestamp_us]);
    expect(stamps).toEqual([1, 2, 3].map((i) => [position + i, 2 ** 52 + i]));
    // What of it is state comes back.
    const again = new ExchangeEngine();
    again.restore(exchange.snapshot(), position + 3);
    expect(hexOf(snapshotOf(again))).toBe(hexOf(exchange.snapshot()));
  });

  test("both reports of a trade with oneself are answers to its request", () => {
    const exchange = desk();
    exchange.do(buy(6, 100, 1, MINE));
    exchange.do(from(41, 12, sell(7, 100, 1, MINE)));
    expect(reportsOf(exchange, 1, 1).map(({ request, session }) => [request, session])).toEqual(
      Array(3).fill([12n, 41n]),
    );
  });

  test("what expires has the sequence of the event before it", () => {
    const exchange = desk();
    exchange.do(sell(1, 99, 1));
    exchange.do(market(7, Side.Buy, 5, MINE));
    expect(reportsOf(exchange, 1).map(({ sequence }) => sequence)).toEqual([2, 3, 3]);
  });
});

describe("a stream", () => {
  test("begins with the first session of its account, and what was before counts as traded", () => {
    const exchange = new Desk();
    exchange.do(buy(7, 100, 5, MINE));
    exchange.do(sell(1, 100, 2));
    expect(exchange.engine.reports.of(1)).toBeUndefined();
    exchange.do(logOn(1));
    expect(told(exchange, 1)).toEqual([]);
    exchange.do(sell(2, 100, 1));
    expect(told(exchange, 1)).toEqual(["traded #7 1 at 100 leaves 2 cum 3 last maker"]);
    exchange.do(logOn(1));
    expect([streamOf(exchange, 1).next, exchange.engine.reports.count]).toEqual([2, 1]);
  });

  test("is the same in a restored engine, and goes on there with the same number", () => {
    const exchange = desk();
    for (let id = 1; id <= 100; id++) exchange.do(buy(id, 100, 5, { account: id % 3 === 0 ? 0 : 1 }));
    exchange.do(sell(200, 100, 7, MINE));
    const restored = new ExchangeEngine();
    restored.restore(exchange.snapshot(), exchange.engine.position);
    expect(hexOf(snapshotOf(restored))).toBe(hexOf(exchange.snapshot()));
    expect(restored.position).toBe(exchange.engine.position);
    for (const account of [0, 1]) {
      const [stream, again] = [streamOf(exchange, account), restored.reports.of(account)!];
      expect([again.first, again.next]).toEqual([stream.first, stream.next]);
      expect(readReport(again.words(9), again.at(9))).toEqual(readReport(stream.words(9), stream.at(9)));
    }
  });
});

/** One of each kind of account 1, by the commands of it and account 0 that lead to them. */
const PINNED: readonly [name: string, command: Write, hex: string][] = [
  [
    "Accepted",
    from(0x41, 0x0c, buy(2 ** 40 + 7, 2 ** 33 + 5, 9, { account: 1, symbol: 1 })),
    `
      01001001 01000000 01000000 00000000 07000000 00010000 0c000000 00000000 41000000 00000000 05000000 02000000
      00000000 00000000 09000000 09000000 00000000 00000000 01401e18 240a0600 05000000 00000000 00000000 01000000`,
  ],
  [
    "Traded",
    sell(1, 2 ** 33 + 5, 2, { symbol: 1 }),
    `
      03001003 01000000 03000000 00000000 07000000 00010000 00000000 00000000 00000000 00000000 05000000 02000000
      05000000 02000000 02000000 07000000 02000000 00000000 01401e18 240a0600 06000000 00000000 00000000 01000000`,
  ],
  [
    "Modified",
    modify(2 ** 40 + 7, 2 ** 33 + 5, 6, { account: 1, symbol: 1 }),
    `
      05001209 01000000 04000000 00000000 07000000 00010000 00000000 00000000 00000000 00000000 05000000 02000000
      00000000 00000000 06000000 06000000 02000000 00000000 01401e18 240a0600 07000000 00000000 00000000 01000000`,
  ],
  [
    "Cancelled",
    cancel(2 ** 40 + 7, { account: 1, symbol: 1 }),
    `
      04001101 01000000 05000000 00000000 07000000 00010000 00000000 00000000 00000000 00000000 05000000 02000000
      00000000 00000000 06000000 00000000 02000000 00000000 01401e18 240a0600 08000000 00000000 00000000 01000000`,
  ],
  [
    "Rejected",
    from(0x41, 0x0d, cancel(2 ** 40 + 7, { account: 1, symbol: 1 })),
    `
      02081101 01000000 00000000 00000000 07000000 00010000 0d000000 00000000 41000000 00000000 00000000 00000000
      00000000 00000000 00000000 00000000 00000000 00000000 01401e18 240a0600 09000000 00000000 00000000 01000000`,
  ],
];

test("reports are exactly the pinned bytes", () => {
  const exchange = new Desk({ maxNotional: Number.MAX_SAFE_INTEGER }, ["S0", "S1"]);
  exchange.do(logOn(1));
  for (const [name, command, hex] of PINNED) {
    exchange.do(command, 1_700_000_000_000_001);
    const stream = streamOf(exchange, 1);
    const number = stream.next - 1;
    const words = stream.words(number);
    const bytes = new Uint8Array(words.buffer, words.byteOffset + stream.at(number) * 4, REPORT_BYTES);
    expect(hexOf(bytes), name).toBe(hex.replaceAll(/\s/g, ""));
  }
});

/** What a reader makes of a stream: open lots and what has traded, by order. */
class Reader {
  readonly open = new Map<string, { leaves: number; cumulative: bigint }>();
  #isAnswered = true;

  read(report: ReportFields): void {
    this.#isAnswered = (report.flags & ReportFlag.Last) !== 0;
    if ((report.flags & ReportFlag.Repeated) !== 0 || report.kind === ReportKind.Rejected) return;
    const key = `${report.symbol}/${report.orderId}`;
    const known = this.open.get(key);
    expect(known === undefined).toBe(report.kind === ReportKind.Accepted);
    const before = known ?? { leaves: report.lastQuantity, cumulative: 0n };
    if (report.kind === ReportKind.Traded) {
      expect(report.leaves).toBe(before.leaves - report.lastQuantity);
      expect(report.cumulative).toBe(before.cumulative + BigInt(report.lastQuantity));
    } else expect(report.cumulative).toBe(before.cumulative);
    if (report.kind === ReportKind.Cancelled || report.kind === ReportKind.Expired)
      expect([report.lastQuantity, report.leaves]).toEqual([before.leaves, 0]);
    if (report.leaves === 0) this.open.delete(key);
    else this.open.set(key, { leaves: report.leaves, cumulative: report.cumulative });
  }

  /** After whole commands. */
  expectAnswered(): void {
    expect(this.#isAnswered).toBe(true);
  }
}

function randomCommand(random: Prng, id: number): Write {
  const place = { account: random.between(0, 2), symbol: random.between(0, 1) };
  const price = random.between(95, 105);
  const quantity = random.between(1, 20);
  const some = random.between(Math.max(1, id - 30), id);
  const side = random.chance(0.5) ? Side.Buy : Side.Sell;
  switch (random.between(0, 9)) {
    case 0:
      return cancel(some, place);
    case 1:
    case 2:
      return modify(some, price, random.between(0, 20), place);
    case 3:
      return market(id, side, quantity, place);
    case 4:
      return ioc(id, side, price, quantity);
    case 5:
      return random.chance(0.1)
        ? (words) => killSwitchTurned(words, random)
        : sell(id, price, quantity, place);
    default:
      return side === Side.Buy ? buy(id, price, quantity, place) : sell(id, price, quantity, place);
  }
}

function killSwitchTurned(words: Int32Array, random: Prng): void {
  const [account, on] = [random.between(0, 2), random.chance(0.3)];
  writeAdminCommand(words, 0, { kind: "kill_switch", scope: "account", account, on, who: "ops" });
}

function restingOf(exchange: Desk, account: number): Map<string, number> {
  const resting = new Map<string, number>();
  exchange.engine.forEachOrderOf(new Set([account]), (symbol, { idLow, quantity }) => {
    resting.set(`${symbol}/${idLow}`, quantity);
  });
  return resting;
}

test.each([1, 2, 3, 4])("the stream alone tells which orders of an account rest, seed %i", (seed) => {
  const random = new Prng(seed);
  const exchange = new Desk({ ordersMax: 1000 }, ["S0", "S1"]);
  const readers = [0, 1].map((account) => ({ account, reader: new Reader(), after: 0 }));
  for (const { account } of readers) exchange.do(logOn(account));
  let compared = 0;
  for (let id = 1; id <= 3000; id++) {
    exchange.do(randomCommand(random, id));
    for (const one of readers) {
      for (const report of reportsOf(exchange, one.account, one.after)) one.reader.read(report);
      one.after = streamOf(exchange, one.account).next - 1;
      one.reader.expectAnswered();
      if (id % 100 !== 0) continue;
      const resting = restingOf(exchange, one.account);
      expect(new Map([...one.reader.open].map(([key, { leaves }]) => [key, leaves]))).toEqual(resting);
      compared += resting.size;
    }
  }
  expect(compared).toBeGreaterThan(100);
});

test("a refused command of an account without a stream is told to nobody", () => {
  const exchange = desk();
  expect(exchange.do(cancel(1, { account: 2 })).map(({ reason }) => reason)).toEqual([Reason.UnknownOrder]);
  expect([told(exchange, 0), told(exchange, 1)]).toEqual([[], []]);
});
