// Who watches quotes and trades of a symbol sees before each trade the quote that it met.

import { expect, test } from "vitest";
import { Side } from "../../../src/protocol/index.ts";
import { buy, cancel, market, sell } from "../../engine/orders.ts";
import { MarketDesk, type Message, Peer } from "./support.ts";

/** Best bid and ask of a quote, prices of trades. */
function words(messages: readonly Message[]): string[] {
  return messages.map(({ type, bid, ask, trades }) =>
    type === "quote"
      ? `quote ${bid?.[0]} ${bid?.[1]} / ${ask?.[0]} ${ask?.[1]}`
      : `trades ${trades.map(({ price }: Message) => price)}`,
  );
}

function watched(...channels: ("quotes" | "trades" | "depth")[]) {
  const desk = new MarketDesk();
  desk.do(sell(1, 101, 5), sell(2, 102, 5), buy(3, 99, 5));
  const peer = new Peer(desk);
  for (const channel of channels) peer.subscriber.subscribe(channel, 0);
  peer.take();
  return { desk, peer };
}

test("the quote that stood, the trade, the new quote, though all of it was in one batch", () => {
  const { desk, peer } = watched("quotes", "trades");
  desk.do(buy(4, 100, 7), market(5, Side.Buy, 2));
  expect(words(peer.take())).toEqual(["quote 1.00 7 / 1.01 5", "trades 1.01", "quote 1.00 7 / 1.01 3"]);
});

test("a quote that clients know is not said again, and a command's trades stay together", () => {
  const { desk, peer } = watched("quotes", "trades");
  desk.do(market(4, Side.Buy, 7));
  expect(words(peer.take())).toEqual(["trades 1.01,1.02", "quote 0.99 5 / 1.02 3"]);
});

test("several trades of a batch each meet their quote", () => {
  const { desk, peer } = watched("quotes", "trades");
  desk.do(market(4, Side.Buy, 1), market(5, Side.Buy, 1), buy(6, 98, 1), market(7, Side.Sell, 1));
  expect(words(peer.take())).toEqual([
    "trades 1.01",
    "quote 0.99 5 / 1.01 4",
    "trades 1.01",
    "quote 0.99 5 / 1.01 3",
    "trades 0.99",
    "quote 0.99 4 / 1.01 3",
  ]);
});

test("a quote that came and went before the trade is no quote that it met", () => {
  const { desk, peer } = watched("quotes", "trades");
  desk.do(buy(4, 100, 7), cancel(4), market(5, Side.Buy, 2));
  expect(words(peer.take())).toEqual(["trades 1.01", "quote 0.99 5 / 1.01 3"]);
});

test("a storm sends out four quotes of a batch before its trades, leaves none of its trades out, and ends with the quote", () => {
  const { desk, peer } = watched("quotes", "trades", "depth");
  desk.do(
    sell(9, 103, 100),
    market(4, Side.Buy, 10),
    ...Array.from({ length: 20 }, () => market(5, Side.Buy, 1)),
  );
  const said = words(peer.take().filter(({ type }) => type !== "depth"));
  expect(said).toEqual([
    "trades 1.01,1.02",
    "quote 0.99 5 / 1.03 100",
    "trades 1.03",
    "quote 0.99 5 / 1.03 99",
    "trades 1.03",
    "quote 0.99 5 / 1.03 98",
    "trades 1.03",
    "quote 0.99 5 / 1.03 97",
    `trades ${new Array(17).fill("1.03")}`,
    "quote 0.99 5 / 1.03 80",
  ]);
  // Before the second to the seventeenth of the last trades.
  expect(desk.publisher.figures.conflated).toBe(16);
  desk.do(buy(6, 100, 1), market(7, Side.Buy, 1));
  expect(words(peer.take().filter(({ type }) => type !== "depth")).length).toBe(3);
});

test("who watches one of the two gets it once a batch", () => {
  const commands = [buy(4, 100, 7), market(5, Side.Buy, 2), buy(6, 100, 1), market(7, Side.Buy, 2)];
  for (const [channel, said] of [
    ["quotes", ["quote 1.00 8 / 1.01 1"]],
    ["trades", ["trades 1.01,1.01"]],
  ] as const) {
    const { desk, peer } = watched(channel);
    desk.do(...commands);
    expect(words(peer.take())).toEqual(said);
  }
});

test("the chain of sequences holds over quotes that trades have sent out", () => {
  const { desk, peer } = watched("quotes", "trades");
  for (let i = 0; i < 5; i++) desk.do(buy(4, 100, 7), market(5, Side.Sell, 7), buy(6, 98, 1), cancel(6));
  const last = new Map<string, string>();
  for (const { type, sequence, previous } of peer.take()) {
    if (last.has(type)) expect([type, previous]).toEqual([type, last.get(type)]);
    last.set(type, sequence);
  }
});

test("a quote of before a new beginning is not said after it", () => {
  const { desk, peer } = watched("quotes", "trades");
  desk.apply(buy(4, 100, 7));
  desk.publisher.onReset();
  expect(words(peer.take())).toEqual(["trades ", "quote 1.00 7 / 1.01 5"]);
  desk.do(market(5, Side.Buy, 1));
  expect(words(peer.take())).toEqual(["trades 1.01", "quote 1.00 7 / 1.01 4"]);
});

test("a slow peer's trades wait in order, and its quote says how many were left out", () => {
  const { desk, peer } = watched("quotes", "trades");
  peer.room = 1;
  desk.do(buy(4, 100, 7), market(5, Side.Buy, 1));
  expect(words(peer.take())).toEqual(["quote 1.00 7 / 1.01 5"]);
  desk.do(buy(6, 100, 1), market(7, Side.Buy, 1));
  const said = peer.drain();
  expect(words(said)).toEqual(["trades 1.01", "quote 1.00 8 / 1.01 3", "trades 1.01"]);
  expect(said[1]).toMatchObject({ snapshot: true, conflated: 3 });
  expect(desk.publisher.figures.conflated).toBe(3);
  desk.do(buy(8, 100, 1));
  expect(peer.take()).toMatchObject([{ previous: said[1].sequence }]);
  peer.room = 1;
  for (let id = 9; id < 12; id++) desk.do(buy(id, 100, 1));
  // The first one went through.
  expect(peer.drain().map(({ conflated }) => conflated)).toEqual([undefined, 2]);
  expect(desk.publisher.figures.conflated).toBe(5);
});
