// What each channel says of each command, message by message; `.` ends an event.

import { describe, expect, test } from "vitest";
import {
  ChannelKind,
  type FlowCommand,
  type Genesis,
  MarketDataReader,
  MdType,
  Side,
  TimeInForce,
} from "../../../src/protocol/index.ts";
import { expectBook, NaiveSubscriber, NEW_YEAR_US, PublishedExchange } from "./support.ts";

const GENESIS: Genesis = {
  ...{ maxQuantity: 1_000, maxNotional: 1e9, ordersMax: 500, symbolsMax: 3, accountsMax: 4 },
  indexSeed: [1, 2],
};
const KINDS = [ChannelKind.Top, ChannelKind.Levels, ChannelKind.Orders] as const;
const DAY_US = 86_400_000_000;

type Text = string;

/** Commands as text: `buy 1 100 5` (id, price, lots), `ioc 2 sell 99 5`, `market 3 buy 5`, `cancel 1`, `modify 1 101 5`; of symbol 1 with a `*`. */
function commandOf(text: Text): FlowCommand {
  const symbol = text.endsWith("*") ? 1 : 0;
  const words = text.replace(/ ?\*$/, "").split(" ");
  const account = words[0].startsWith("@") ? Number(words.shift()?.slice(1)) : 0;
  const [kind, ...rest] = words;
  const of = (id: string) => ({ symbol, account, id: BigInt(id), answerLimit: 0 });
  const limit = (
    side: Side,
    id: string,
    price: string,
    lots: string,
    timeInForce: TimeInForce,
  ): FlowCommand => ({
    ...{ kind: "limit", ...of(id), side, price: BigInt(price), quantity: Number(lots), timeInForce },
  });
  const sideOf = (name: string) => (name === "buy" ? Side.Buy : Side.Sell);
  switch (kind) {
    case "buy":
    case "sell":
      return limit(sideOf(kind), rest[0], rest[1], rest[2], TimeInForce.GoodTillCancel);
    case "ioc":
      return limit(sideOf(rest[1]), rest[0], rest[2], rest[3], TimeInForce.ImmediateOrCancel);
    case "market":
      return { kind, ...of(rest[0]), side: sideOf(rest[1]), quantity: Number(rest[2]) };
    case "cancel":
      return { kind, ...of(rest[0]) };
    case "modify":
      return { kind, ...of(rest[0]), price: BigInt(rest[1]), quantity: Number(rest[2]) };
    case "mass":
      return { kind: "mass_cancel", account };
    case "halt":
    case "resume":
      return { kind, who: "ann" };
    case "kill":
      if (rest[0] === "account")
        return { kind: "kill_switch", scope: "account", account: Number(rest[1]), on: true, who: "a" };
      if (rest[0] === "all") return { kind: "kill_switch", scope: "all", on: rest[1] === "on", who: "a" };
      return { kind: "kill_switch", scope: "symbol", symbol, on: rest[0] === "on", who: "a" };
    default:
      return { kind: "reg", name: text };
  }
}

/** The live messages of a channel as text. */
function linesOf(packets: readonly Uint8Array[], kind: ChannelKind): Text[] {
  const reader = new MarketDataReader();
  const lines: Text[] = [];
  for (const packet of packets) {
    reader.bind(packet, 0, packet.length);
    if (reader.channel !== kind) continue;
    while (reader.next())
      lines.push(`${textOf(reader)}${reader.symbol === 1 ? " *" : ""}${reader.isEndOfEvent ? "." : ""}`);
  }
  return lines;
}

function textOf(r: MarketDataReader): Text {
  const side = r.side === Side.Buy ? "bid" : "ask";
  switch (r.type) {
    case MdType.Definition:
      return `define ${r.name} ${r.status}`;
    case MdType.Status:
      return `status ${r.status}`;
    case MdType.BookClear:
      return "clear";
    case MdType.Trade:
      return `trade ${r.price} x ${r.quantity} ${r.side === Side.Buy ? "bought" : "sold"}`;
    case MdType.TopOfBook:
      return `top ${r.present & 1 ? `${r.bid} x ${r.bidTotal} in ${r.bidOrders}` : "-"} / ${r.present & 2 ? `${r.ask} x ${r.askTotal} in ${r.askOrders}` : "-"}`;
    case MdType.Level:
      return `${side} ${r.price} x ${r.total} in ${r.orders}`;
    case MdType.OrderAdd:
      return `add ${r.ref} ${side} ${r.price} x ${r.quantity} at ${r.place}`;
    case MdType.OrderExecuted:
      return `executed ${r.ref} ${r.price} x ${r.quantity} leaves ${r.leaves}`;
    case MdType.OrderReduced:
      return `reduced ${r.ref} to ${r.quantity}`;
    case MdType.OrderDelete:
      return `delete ${r.ref}`;
    case MdType.BookChecksum:
      return "checksum";
    default:
      return "statistics";
  }
}

/** An exchange of two symbols, ACME and BETA, after some commands; summaries come when the clock is moved. */
function exchangeAfter(commands: readonly Text[]): PublishedExchange {
  const exchange = new PublishedExchange(GENESIS);
  for (const text of ["ACME", "BETA", ...commands]) exchange.apply(commandOf(text));
  exchange.turn();
  return exchange;
}

interface Case {
  readonly name: string;
  readonly before?: readonly Text[];
  readonly when: Text;
  readonly top: readonly Text[];
  readonly levels: readonly Text[];
  readonly orders: readonly Text[];
}

const ASKS = ["sell 1 100 5", "sell 2 100 7", "sell 3 101 4"];

const CASES: readonly Case[] = [
  {
    name: "an order that rests",
    when: "buy 9 99 5",
    top: ["top 99 x 5 in 1 / -."],
    levels: ["bid 99 x 5 in 1."],
    orders: ["add 1 bid 99 x 5 at 1."],
  },
  {
    name: "one behind it is next in the queue",
    before: ["buy 9 99 5"],
    when: "buy 8 99 2",
    top: ["top 99 x 7 in 2 / -."],
    levels: ["bid 99 x 7 in 2."],
    orders: ["add 2 bid 99 x 2 at 2."],
  },
  {
    name: "one away from the best leaves the top as it is",
    before: ["buy 9 99 5"],
    when: "buy 8 98 2",
    top: [],
    levels: ["bid 98 x 2 in 1."],
    orders: ["add 2 bid 98 x 2 at 1."],
  },
  {
    name: "a sweep is one event, and what is left of it rests",
    before: ASKS,
    when: "buy 9 101 20",
    top: ["trade 100 x 5 bought", "trade 100 x 7 bought", "trade 101 x 4 bought", "top 101 x 4 in 1 / -."],
    levels: [
      ...["trade 100 x 5 bought", "trade 100 x 7 bought", "trade 101 x 4 bought"],
      ...["ask 100 x 0 in 0", "ask 101 x 0 in 0", "bid 101 x 4 in 1."],
    ],
    orders: [
      ...["executed 1 100 x 5 leaves 0", "trade 100 x 5 bought"],
      ...["executed 2 100 x 7 leaves 0", "trade 100 x 7 bought"],
      ...["executed 3 101 x 4 leaves 0", "trade 101 x 4 bought", "add 4 bid 101 x 4 at 1."],
    ],
  },
  {
    name: "what an immediate order can't trade is not told",
    before: ASKS,
    when: "ioc 9 buy 100 20",
    top: ["trade 100 x 5 bought", "trade 100 x 7 bought", "top - / 101 x 4 in 1."],
    levels: ["trade 100 x 5 bought", "trade 100 x 7 bought", "ask 100 x 0 in 0."],
    orders: [
      ...["executed 1 100 x 5 leaves 0", "trade 100 x 5 bought"],
      ...["executed 2 100 x 7 leaves 0", "trade 100 x 7 bought."],
    ],
  },
  {
    name: "a market order that takes a part of an order",
    before: ASKS,
    when: "market 9 buy 3",
    top: ["trade 100 x 3 bought", "top - / 100 x 9 in 2."],
    levels: ["trade 100 x 3 bought", "ask 100 x 9 in 2."],
    orders: ["executed 1 100 x 3 leaves 2", "trade 100 x 3 bought."],
  },
  { name: "an immediate order that meets nothing", when: "ioc 9 buy 100 5", top: [], levels: [], orders: [] },
  { name: "a refused order", before: ASKS, when: "sell 1 99 5", top: [], levels: [], orders: [] },
  {
    name: "a cancel",
    before: ASKS,
    when: "cancel 1",
    top: ["top - / 100 x 7 in 1."],
    levels: ["ask 100 x 7 in 1."],
    orders: ["delete 1."],
  },
  {
    name: "a modify that keeps its place",
    before: ASKS,
    when: "modify 2 100 3",
    top: ["top - / 100 x 8 in 2."],
    levels: ["ask 100 x 8 in 2."],
    orders: ["reduced 2 to 3."],
  },
  {
    name: "a modify that changes nothing",
    before: ASKS,
    when: "modify 2 100 7",
    top: [],
    levels: [],
    orders: [],
  },
  {
    name: "a modify that gives up its place",
    before: ASKS,
    when: "modify 1 100 6",
    top: ["top - / 100 x 13 in 2."],
    levels: ["ask 100 x 13 in 2."],
    orders: ["delete 1", "add 4 ask 100 x 6 at 2."],
  },
  {
    name: "a modify that trades and rests again",
    before: [...ASKS, "buy 9 99 5"],
    when: "modify 9 100 15",
    top: ["trade 100 x 5 bought", "trade 100 x 7 bought", "top 100 x 3 in 1 / 101 x 4 in 1."],
    levels: [
      ...["trade 100 x 5 bought", "trade 100 x 7 bought"],
      ...["bid 99 x 0 in 0", "ask 100 x 0 in 0", "bid 100 x 3 in 1."],
    ],
    orders: [
      ...["delete 4", "executed 1 100 x 5 leaves 0", "trade 100 x 5 bought"],
      ...["executed 2 100 x 7 leaves 0", "trade 100 x 7 bought", "add 5 bid 100 x 3 at 1."],
    ],
  },
  {
    name: "a modify to nothing",
    before: ASKS,
    when: "modify 3 101 0",
    top: [],
    levels: ["ask 101 x 0 in 0."],
    orders: ["delete 3."],
  },
  {
    name: "a mass cancel is one event of each symbol, and says a level once",
    before: ["buy 1 99 5 *", "sell 2 100 5", "sell 3 100 6", "@1 sell 4 100 7"],
    when: "mass",
    top: ["top - / 100 x 7 in 1.", "top - / - *."],
    levels: ["ask 100 x 7 in 1.", "bid 99 x 0 in 0 *."],
    orders: ["delete 2", "delete 3.", "delete 1 *."],
  },
  {
    name: "a kill switch of an account takes out its orders",
    before: ["@2 buy 1 99 5", "buy 2 99 6"],
    when: "kill account 2",
    top: ["top 99 x 6 in 1 / -."],
    levels: ["bid 99 x 6 in 1."],
    orders: ["delete 1."],
  },
  {
    name: "a kill switch of a symbol clears its book and says that it is off",
    before: [...ASKS, "buy 4 90 1 *"],
    when: "kill on",
    top: ["top - / -", "status 2."],
    levels: ["clear", "status 2."],
    orders: ["clear", "status 2."],
  },
  {
    name: "a kill switch of everything clears every book; one that had no orders only changes its status",
    before: ["buy 4 90 1 *"],
    when: "kill all on",
    top: ["top - / - *", "status 2 *.", "status 2."],
    levels: ["clear *", "status 2 *.", "status 2."],
    orders: ["clear *", "status 2 *.", "status 2."],
  },
  {
    name: "a symbol is switched on again",
    before: ["kill on"],
    when: "kill off",
    top: ["status 1."],
    levels: ["status 1."],
    orders: ["status 1."],
  },
  {
    name: "a halt",
    when: "halt",
    top: ["status 3.", "status 3 *."],
    levels: ["status 3.", "status 3 *."],
    orders: ["status 3.", "status 3 *."],
  },
  {
    name: "an instrument that is registered late",
    when: "GAMMA",
    top: ["define GAMMA 1."],
    levels: ["define GAMMA 1."],
    orders: ["define GAMMA 1."],
  },
  { name: "one that is registered again", when: "ACME", top: [], levels: [], orders: [] },
];

test.each(CASES)("$name", ({ before = [], when, top, levels, orders }) => {
  const exchange = exchangeAfter(before);
  exchange.apply(commandOf(when));
  const packets = exchange.turn();
  const said = KINDS.map((kind) =>
    linesOf(packets, kind).filter((line) => !/^(checksum|statistics)/.test(line)),
  );
  expect(said).toEqual([top, levels, orders]);
});

describe("summaries", () => {
  test("checksums and statistics come once an interval, of symbols that have changed, also when nothing happens", () => {
    const exchange = exchangeAfter([]);
    exchange.clock.now_us += 1_000_000;
    for (const text of ["sell 1 100 5", "buy 2 100 2", "sell 3 100 1 *"]) exchange.apply(commandOf(text));
    const said = linesOf(exchange.turn(), ChannelKind.Orders).slice(-3);
    expect(said).toEqual(["checksum.", "checksum *.", "statistics."]);
    exchange.apply(commandOf("cancel 1"));
    expect(linesOf(exchange.turn(), ChannelKind.Levels)).toEqual(["ask 100 x 0 in 0."]);
    exchange.clock.now_us += 1_000_000;
    const later = exchange.turn();
    expect(KINDS.map((kind) => linesOf(later, kind))).toEqual([[], ["checksum."], ["checksum."]]);
    exchange.clock.now_us += 1_000_000;
    expect(exchange.turn()).toEqual([]);
  });

  test("statistics of a day that a refused order begins are of that order's time", () => {
    const exchange = new PublishedExchange(GENESIS, { kinds: [ChannelKind.Top] }, NEW_YEAR_US + DAY_US - 1);
    for (const text of ["ACME", "sell 1 100 9", "buy 2 100 1"]) exchange.apply(commandOf(text));
    exchange.turn();
    exchange.clock.now_us += 2;
    exchange.apply(commandOf("cancel 7"));
    const reader = new MarketDataReader();
    const times = exchange.turn().flatMap((packet) => {
      reader.bind(packet, 0, packet.length);
      const found: [type: number, timestamp_us: number][] = [];
      while (reader.next()) found.push([reader.type, reader.timestamp_us]);
      return found;
    });
    expect(times).toEqual([[MdType.Statistics, NEW_YEAR_US + DAY_US + 1]]);
  });

  test("statistics are of the UTC day by the log's time, from when the publisher began", () => {
    const exchange = new PublishedExchange(GENESIS, {}, NEW_YEAR_US + DAY_US - 100_000);
    const subscriber = new NaiveSubscriber(ChannelKind.Top);
    const turn = () => {
      for (const packet of exchange.turn()) subscriber.take(packet);
      return [0, 1].map((symbol) => subscriber.symbol(symbol).statistics);
    };
    for (const text of ["ACME", "BETA", "sell 1 100 9", "buy 2 100 1", "sell 3 90 9", "buy 4 95 3"])
      exchange.apply(commandOf(text));
    const first = {
      ...{ since_us: NEW_YEAR_US + DAY_US - 100_000, open: 100, high: 100, low: 90, last: 90 },
      ...{ volume: 4, trades: 2 },
    };
    expect(turn()).toEqual([first, undefined]);
    exchange.clock.now_us = NEW_YEAR_US + DAY_US + 1;
    exchange.apply(commandOf("buy 9 1 1 *"));
    const none = { since_us: NEW_YEAR_US + DAY_US, open: 0, high: 0, low: 0, last: 0, volume: 0, trades: 0 };
    expect(turn()).toEqual([none, none]);
    exchange.clock.now_us += 1_000_000;
    exchange.apply(commandOf("sell 7 120 2"));
    expect(turn()).toEqual([none, none]);
    exchange.apply(commandOf("market 8 buy 1"));
    exchange.clock.now_us += 1_000_000;
    expect(turn()).toEqual([{ ...none, open: 90, high: 90, low: 90, last: 90, volume: 1, trades: 1 }, none]);
    exchange.clock.now_us = NEW_YEAR_US + 2 * DAY_US;
    exchange.apply(commandOf("cancel 99"));
    expect(turn()).toEqual(Array(2).fill({ ...none, since_us: NEW_YEAR_US + 2 * DAY_US }));
  });
});

test("another state begins an epoch: sequences count from 1, and nothing of the last one is kept", () => {
  const exchange = exchangeAfter(ASKS);
  const channel = exchange.channel(ChannelKind.Levels);
  const { epoch } = channel;
  exchange.publisher.onReset();
  expect(channel.epoch).toBeGreaterThan(epoch);
  expect([channel.first, channel.next, channel.lastOf(0)]).toEqual([1, 1, 0]);
  expect(channel.seek(1).next()).toBe(false);
  exchange.apply(commandOf("buy 9 101 20"));
  const packets = exchange.turn();
  const subscriber = new NaiveSubscriber(ChannelKind.Orders);
  for (const packet of packets) if (packet[3] === ChannelKind.Levels) expect(packet[16]).toBe(1);
  expect(linesOf(packets, ChannelKind.Orders)[0]).toBe("executed 1 100 x 5 leaves 0");
  expect(subscriber.next).toBe(1);
});

test.each(KINDS)("a snapshot is the state as of the channel's next sequence: channel %i", (kind) => {
  const exchange = exchangeAfter(ASKS);
  for (let i = 0; i < 80; i++) exchange.apply(commandOf(`buy ${10 + i} ${50 + (i % 40)} ${1 + i}`));
  exchange.apply(commandOf("market 300 buy 2"));
  const packets = exchange.snapshot(kind, 0);
  const subscriber = new NaiveSubscriber(kind);
  for (const [part, packet] of packets.entries()) {
    const reader = new MarketDataReader();
    reader.bind(packet, 0, packet.length);
    expect([reader.isSnapshot, reader.part, reader.first]).toEqual([true, part, exchange.channel(kind).next]);
    expect((reader.packetFlags & 16) !== 0).toBe(part === packets.length - 1);
    subscriber.take(packet);
  }
  expectBook(exchange.engine, subscriber, 0);
  const day = { since_us: NEW_YEAR_US, open: 100, high: 100, low: 100, last: 100, volume: 2, trades: 1 };
  expect(subscriber.symbol(0).statistics).toEqual(day);
  exchange.turn();
  for (const text of ["market 200 sell 300", "modify 1 99 5", "cancel 3"]) exchange.apply(commandOf(text));
  for (const packet of exchange.turn()) subscriber.take(packet);
  expectBook(exchange.engine, subscriber, 0);
  expect(subscriber.symbol(0).name).toBe("ACME");
});

test.each(KINDS)(
  "a snapshot is the state when it was asked for, whatever happens while it is written: channel %i",
  (kind) => {
    const exchange = exchangeAfter(ASKS);
    for (let i = 0; i < 200; i++) exchange.apply(commandOf(`buy ${10 + i} ${50 + (i % 40)} ${1 + i}`));
    exchange.apply(commandOf("market 900 buy 2"));
    exchange.turn();
    const asItIs = exchange.snapshot(kind, 0);
    const pieces = exchange.publisher.snapshot(kind, 0);
    const packets: Uint8Array[] = [];
    for (let isLast = false, i = 0; !isLast; i++) {
      isLast = pieces.write(1, (bytes, from, to) => packets.push(bytes.slice(from, to)));
      exchange.apply(commandOf(`modify ${10 + i} 99 3`));
      exchange.apply(commandOf(`cancel ${209 - i}`));
      exchange.apply(commandOf(`market ${901 + i} sell 1`));
      exchange.snapshot(kind, 1);
    }
    expect(packets).toEqual(asItIs);
    const subscriber = new NaiveSubscriber(kind);
    for (const packet of [...packets, ...exchange.turn()]) subscriber.take(packet);
    expectBook(exchange.engine, subscriber, 0);
  },
);

test("only channels that are asked for exist", () => {
  const exchange = new PublishedExchange(GENESIS, { kinds: [ChannelKind.Orders] });
  for (const text of ["ACME", ...ASKS]) exchange.apply(commandOf(text));
  expect(exchange.publisher.channels.map(({ kind }) => kind)).toEqual([ChannelKind.Orders]);
  expect(exchange.publisher.channel(ChannelKind.Top)).toBeUndefined();
  expect(linesOf(exchange.turn(), ChannelKind.Orders).length).toBeGreaterThan(3);
});
