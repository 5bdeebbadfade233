// Candles, by the log's time: five intervals of a symbol, the latest 300 of each.

import { expect, test } from "vitest";
import { Side } from "../../../src/protocol/index.ts";
import { buy, market, sell } from "../../engine/orders.ts";
import { MarketDesk, type Message, Peer, START_US } from "./support.ts";

/** Seconds since 1970. */
const START = START_US / 1_000_000;
/** START is 800 s into its hour. */
const HOUR = START - 800;

function trade(desk: MarketDesk, price: number, quantity: number): void {
  desk.apply(sell(1, price, quantity));
  desk.apply(buy(2, price, quantity));
}

function subscribed(desk: MarketDesk): Peer {
  const peer = new Peer(desk);
  peer.subscriber.subscribe("candles", 0);
  return peer;
}

/** The candles of each interval in the messages taken. */
function candlesOf(messages: readonly Message[]): Record<number, unknown[]> {
  return Object.fromEntries(messages.map(({ interval, candles }) => [interval, candles]));
}

test("a subscription begins with five snapshots, empty before the first trade", () => {
  const said = subscribed(new MarketDesk()).take();
  expect(said).toEqual(
    [1, 10, 60, 600, 3600].map((interval, i) => ({
      type: "candles",
      symbol: "BTC-USD",
      sequence: String(i + 1),
      snapshot: true,
      interval,
      since: String(START_US),
      candles: [],
    })),
  );
});

test("a candle has the first, highest, lowest and last price and all lots of its interval", () => {
  const desk = new MarketDesk();
  for (const [price, quantity] of [
    [7_000_050, 1],
    [7_001_000, 2],
    [6_999_000, 3],
    [7_000_000, 4],
  ])
    trade(desk, price, quantity);
  const candle = ["70000.50", "70010.00", "69990.00", "70000.00", 10];
  expect(candlesOf(subscribed(desk).take())).toEqual({
    1: [[START, ...candle]],
    10: [[START, ...candle]],
    60: [[START - 20, ...candle]],
    600: [[HOUR + 600, ...candle]],
    3600: [[HOUR, ...candle]],
  });
});

test("a batch says the candles it changed: one that is over only when the batch had trades of it", () => {
  const desk = new MarketDesk();
  const peer = subscribed(desk);
  trade(desk, 100, 1);
  desk.do();
  expect(candlesOf(peer.take())[1]).toEqual([[START, "1.00", "1.00", "1.00", "1.00", 1]]);
  trade(desk, 101, 1);
  desk.wait(1);
  trade(desk, 102, 1);
  desk.wait(5);
  trade(desk, 103, 1);
  desk.do();
  const changed = candlesOf(peer.take());
  expect(changed[1]).toEqual([
    [START, "1.00", "1.01", "1.00", "1.01", 2],
    [START + 1, "1.02", "1.02", "1.02", "1.02", 1],
    [START + 6, "1.03", "1.03", "1.03", "1.03", 1],
  ]);
  expect(changed[10]).toEqual([[START, "1.00", "1.03", "1.00", "1.03", 4]]);
  desk.wait(1);
  trade(desk, 104, 1);
  desk.do();
  expect(candlesOf(peer.take())[1]).toEqual([[START + 7, "1.04", "1.04", "1.04", "1.04", 1]]);
});

test("each interval's messages are a chain of their own", () => {
  const desk = new MarketDesk();
  const peer = subscribed(desk);
  trade(desk, 100, 1);
  desk.do();
  trade(desk, 100, 1);
  desk.do();
  const chain = peer.take().filter(({ interval }) => interval === 10);
  expect(chain.map(({ sequence, previous }) => [sequence, previous])).toEqual([
    ["2", undefined],
    ["7", "2"],
    ["12", "7"],
  ]);
});

test("a batch without trades says nothing of candles", () => {
  const desk = new MarketDesk();
  trade(desk, 100, 1);
  const peer = subscribed(desk);
  peer.take();
  desk.do(buy(7, 90, 1), sell(8, 110, 1));
  expect(peer.take()).toEqual([]);
});

test("the latest 300 are kept, and who comes later gets just those", () => {
  const desk = new MarketDesk();
  for (let i = 0; i < 450; i++) {
    trade(desk, 100 + i, 1);
    desk.do();
    desk.wait(1);
  }
  const { 1: seconds, 60: minutes } = candlesOf(subscribed(desk).take());
  expect(seconds.length).toBe(300);
  expect(seconds[0]).toEqual([START + 150, "2.50", "2.50", "2.50", "2.50", 1]);
  expect(seconds[299]).toEqual([START + 449, "5.49", "5.49", "5.49", "5.49", 1]);
  expect(minutes.length).toBe(8);
  expect(minutes[0]).toEqual([START - 20, "1.00", "1.39", "1.00", "1.39", 40]);
});

test("trades while nobody listens are in the candles, and are not said again as a change", () => {
  const desk = new MarketDesk();
  const peer = subscribed(desk);
  peer.subscriber.unsubscribe("candles", 0);
  trade(desk, 100, 1);
  desk.do();
  peer.subscriber.subscribe("candles", 0);
  expect(candlesOf(peer.take().slice(5))[1]).toEqual([[START, "1.00", "1.00", "1.00", "1.00", 1]]);
  desk.wait(1);
  trade(desk, 101, 1);
  desk.do();
  expect(candlesOf(peer.take())[1]).toEqual([[START + 1, "1.01", "1.01", "1.01", "1.01", 1]]);
});

test("a time that goes back counts to the candle that is open", () => {
  const desk = new MarketDesk();
  trade(desk, 100, 1);
  desk.wait(-30);
  trade(desk, 90, 1);
  desk.do(sell(3, 80, 2), market(4, Side.Buy, 2));
  expect(candlesOf(subscribed(desk).take())[1]).toEqual([[START, "1.00", "1.00", "0.80", "0.80", 4]]);
});
