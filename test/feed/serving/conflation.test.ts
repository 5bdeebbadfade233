import { expect, test } from "vitest";
import { FeedDesk, SERVING_LIMITS, ServingCounters } from "../../../src/feed/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import {
  encodeMdRequest,
  MarketDataReader,
  MdType,
  PacketFlag,
  Side,
  TimeInForce,
} from "../../../src/protocol/index.ts";
import { PublishedExchange } from "../channel/support.ts";
import { type FakeChannel, type Joined, partsOf, rig, subscribe } from "./support.ts";

const TOP = 1;
const LEVELS = 2;

/** What a subscriber that takes conflation is told of what `happens` while it takes nothing. */
function slow(
  channel: 1 | 2,
  happens: (channel: FakeChannel) => void,
  more = {},
): ReturnType<Joined["said"]>["packets"] {
  const { market, desk, join } = rig({ conflateAbove_bytes: 0 });
  const joined = join(subscribe(channel, { conflate: true, ...more }));
  joined.said();
  const of = channel === TOP ? market.top : market.levels;
  happens(of);
  of.seal();
  desk.turn();
  return joined.said().packets;
}

test("of quotes that changed often the newest is told, with how many were left out", () => {
  const [packet] = slow(TOP, (top) => {
    for (let i = 1; i <= 10; i++) top.top(0, i);
    top.top(1, 7);
  });
  expect(packet).toMatchObject({ flags: PacketFlag.Conflated, first: 1 });
  expect(packet.messages).toEqual(["Conflated 0#0=9", "TopOfBook 0#10@10.", "TopOfBook 1#1@7."]);
});

test("no trade is left out, and before one its symbol's waiting quote is told", () => {
  const [packet] = slow(TOP, (top) => {
    top.top(0, 1);
    top.top(0, 2);
    top.top(1, 5);
    top.trade(0, 2, false);
    top.trade(0, 3, false);
    top.top(0, 4);
  });
  expect(packet.messages).toEqual([
    "Conflated 0#0=1",
    "TopOfBook 0#2@2.",
    "Trade 0#3@2",
    "Trade 0#4@3",
    "TopOfBook 0#5@4.",
    "TopOfBook 1#1@5.",
  ]);
});

test("of levels each price's newest state is told, in the order of their sequences, and one event ends behind all of them", () => {
  const [packet] = slow(LEVELS, (levels) => {
    levels.level(0, 100, 5);
    levels.level(0, 101, 1);
    levels.level(0, 100, 0);
    levels.level(0, 100, 9, 1);
  });
  expect(packet.messages).toEqual([
    "Conflated 0#0=1",
    "Level 0#2@101=1",
    "Level 0#3@100=0",
    "Level 0#4@100=9.",
  ]);
});

test("in the middle of an event nothing is marked as its end", () => {
  const [packet] = slow(LEVELS, (levels) => {
    levels.level(0, 100, 5);
    levels.level(0, 101, 5, 0, false);
    levels.trade(0, 1);
  });
  expect(packet.messages).toEqual(["Level 0#1@100=5", "Level 0#2@101=5", "Trade 0#3@1."]);
});

test("a sum of the book is told only where no level came behind it", () => {
  const [packet] = slow(LEVELS, (levels) => {
    levels.level(0, 100, 1);
    levels.checksum(0, 1);
    levels.level(0, 100, 2);
    levels.statistics(0, 1);
    levels.statistics(0, 2);
    levels.checksum(0, 2);
    levels.level(1, 1, 1);
    levels.checksum(1, 3);
    levels.checksum(2, 4);
    levels.level(2, 1, 1);
  });
  expect(packet.messages).toEqual([
    "Conflated 0#0=3",
    "Level 0#3@100=2",
    "Statistics 0#5",
    "BookChecksum 0#6.",
    "Level 1#1@1=1",
    "BookChecksum 1#2.",
    "Conflated 2#0=1",
    "Level 2#2@1=1.",
  ]);
});

test("a filter holds for what is conflated too", () => {
  const packets = slow(TOP, (top) => [0, 1, 0, 1].map((symbol, i) => top.top(symbol, i + 1)), {
    symbols: [1],
  });
  expect(packets).toMatchObject([
    { flags: PacketFlag.Filtered | PacketFlag.Conflated, messages: ["Conflated 1#0=1", "TopOfBook 1#2@4."] },
  ]);
});

test("a bounded piece holds what it can: each trade once and every level's last state, whatever there was", () => {
  const { market, desk, counters, join } = rig({ conflateAbove_bytes: 0, chunk_bytes: 8_000 });
  const joined = join(subscribe(LEVELS, { conflate: true }));
  joined.said();
  const expected = new Map<string, number>();
  let trades = 0;
  for (let i = 1; i <= 20_000; i++) {
    if (i % 50 === 0) market.levels.trade(i % 3, ++trades);
    else {
      const [symbol, price, total] = [i % 3, 1 + ((i * 7_919) % 400), 1 + (i % 97)];
      market.levels.level(symbol, price, total);
      expected.set(`${symbol} ${price}`, total);
    }
  }
  market.levels.seal();
  while (desk.turn());
  const messages = joined.said().packets.flatMap((packet) => packet.messages);
  const levels = new Map<string, number>();
  const told: number[] = [];
  let conflated = 0;
  for (const message of messages) {
    const [, type, symbol, at, total] = /^(\w+) (\d)#\d+@?(\d*)=?(\d*)/.exec(message) ?? [];
    if (type === "Level") levels.set(`${symbol} ${at}`, Number(total));
    else if (type === "Trade") told.push(Number(at));
    else conflated += Number(/=(\d+)/.exec(message)?.[1]);
  }
  expect(told).toEqual(Array.from({ length: trades }, (_, i) => i + 1));
  expect(levels).toEqual(expected);
  const said = messages.filter((message) => !message.startsWith("Conflated")).length;
  expect([said + conflated, counters.conflated]).toEqual([20_000, conflated]);
  expect(joined.carrier.pieces.every((piece) => piece.length <= 8_000)).toBe(true);
});

test("who keeps up gets every message, unchanged, also when it takes conflation", () => {
  const { market, desk, join } = rig();
  const [all, conflating] = [join(subscribe(TOP)), join(subscribe(TOP, { conflate: true }))];
  for (const each of [all, conflating]) each.said();
  for (let i = 1; i <= 50; i++) market.top.top(0, i);
  market.top.seal();
  desk.turn();
  expect(conflating.said()).toEqual(all.said());
});

test("what waits in the system for a slow peer counts: what is new waits here, and is conflated", () => {
  const { market, desk, join } = rig({ conflateAbove_bytes: 0, systemWaiting_bytes: 1_000 });
  const [slow, plain] = [join(subscribe(TOP, { conflate: true })), join(subscribe(TOP))];
  for (const each of [slow, plain]) {
    each.said();
    each.carrier.unacknowledged_bytes = 1_001;
  }
  expect(desk.tick()).toBe(false);
  for (let i = 1; i <= 5; i++) {
    market.top.top(0, i);
    market.top.seal();
    expect(desk.turn()).toBe(false);
  }
  expect(slow.said().packets).toEqual([]);
  expect(plain.said().packets).toHaveLength(5);
  slow.carrier.unacknowledged_bytes = 1_000;
  expect(desk.tick()).toBe(true);
  desk.turn();
  expect(slow.said().packets.map(({ messages }) => messages)).toEqual([
    ["Conflated 0#0=4", "TopOfBook 0#5@5."],
  ]);
  expect(desk.tick()).toBe(false);
});

test("what was left out is told with the time of the newest message that it stands before", () => {
  const genesis = { maxQuantity: 1_000, maxNotional: 1e9, ordersMax: 100, symbolsMax: 1, accountsMax: 1 };
  const exchange = new PublishedExchange({ ...genesis, indexSeed: [1, 2] }, { kinds: [TOP] });
  const { clock, publisher: market } = exchange;
  const limits = { ...SERVING_LIMITS, conflateAbove_bytes: 0 };
  const checksums = new NativeChecksums();
  const desk = new FeedDesk({ market, checksums, clock, limits, counters: new ServingCounters() });
  const pieces: Uint8Array[] = [];
  const carrier = { send: (bytes: Uint8Array) => pieces.push(bytes) > 0, close: () => {} };
  const seat = desk.enter(carrier, "10.0.0.1");
  if (typeof seat === "string") throw new Error(seat);
  exchange.apply({ kind: "reg", name: "A" });
  exchange.turn();
  seat.session.received(encodeMdRequest(subscribe(TOP, { conflate: true })));
  desk.turn();
  pieces.length = 0;
  const began_us = clock.now_us;
  for (let price = 1; price <= 3; price++) {
    clock.now_us += 1_000;
    const limit = {
      side: Side.Buy,
      price: BigInt(price),
      quantity: 1,
      timeInForce: TimeInForce.GoodTillCancel,
    };
    exchange.apply({ kind: "limit", symbol: 0, account: 0, id: BigInt(price), answerLimit: 0, ...limit });
  }
  exchange.turn();
  desk.turn();
  const told: unknown[] = [];
  const reader = new MarketDataReader();
  for (const packet of pieces.flatMap(partsOf)) {
    reader.bind(packet, 0, packet.length);
    while (reader.next()) told.push([reader.type, reader.conflated, reader.timestamp_us - began_us]);
  }
  expect(told).toEqual([
    [MdType.Conflated, 2, 3_000],
    [MdType.TopOfBook, 0, 3_000],
  ]);
});
