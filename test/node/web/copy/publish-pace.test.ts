// When the publisher speaks: at once after a pause, then at its pace, and never about less than all there is.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { MarketFeeds } from "../../../../src/feed-runtime/index.ts";
import { PublishPace } from "../../../../src/node/web/copy/publish-pace.ts";
import { WebListener } from "../../../../src/node/web/copy/web-listener.ts";
import { buy, sell } from "../../../engine/orders.ts";
import { MarketDesk, type Message, Peer } from "../../../feed/streams/support.ts";

let now_us = 0;
let busy_us = 0;
const clock = { wallMicros: () => 0, monotonicMicros: () => now_us };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function wait(ms: number): void {
  now_us += ms * 1000;
  vi.advanceTimersByTime(ms);
}

/** A subscriber of depth, and turns of one order each. */
function start() {
  const desk = new MarketDesk();
  const pace = new PublishPace(desk.publisher, clock, () => busy_us);
  const peer = new Peer(desk);
  peer.subscriber.subscribe("depth", 0);
  peer.take();
  let id = 0;
  const turn = () => {
    desk.apply(buy(++id, 100 + id, 1));
    pace.flush();
  };
  const said = () => peer.take().map(({ bids }: Message) => bids.length);
  return { desk, peer, turn, said, pace };
}

test("the first change is said at once, the next ones together 20 ms later", () => {
  const { turn, said } = start();
  turn();
  expect(said()).toEqual([1]);
  for (let i = 0; i < 10; i++) {
    turn();
    wait(1);
  }
  wait(9);
  expect(said()).toEqual([]);
  wait(1);
  expect(said()).toEqual([10]);
  turn();
  wait(19);
  expect(said()).toEqual([]);
  wait(1);
  expect(said()).toEqual([1]);
});

test("after a pause a change is said at once again", () => {
  const { turn, said } = start();
  turn();
  wait(50);
  turn();
  expect(said()).toEqual([1, 1]);
});

test.each([
  [1, 20],
  [2.5, 40],
  [100, 200],
])("where a round of telling is %d ms of work, there is one every %d ms", (work_ms, interval_ms) => {
  const { turn, said } = start();
  const roundsIn = (ms: number): number => {
    let rounds = 0;
    for (let i = 0; i < ms; i++) {
      turn();
      const told = said().length;
      rounds += told;
      busy_us += told * work_ms * 1000;
      wait(1);
    }
    return rounds;
  };
  roundsIn(1_000);
  expect(roundsIn(1_000 + 10 * interval_ms) - roundsIn(1_000)).toBe(10);
});

test("work long ago does not make the next round wait", () => {
  const { turn, said } = start();
  turn();
  busy_us += 100_000;
  wait(100);
  wait(10_000);
  turn();
  turn();
  wait(20);
  expect(said()).toEqual([1, 1, 1]);
});

test("candles have a slower pace of their own: 200 ms", () => {
  const { desk, peer, pace } = start();
  peer.subscriber.unsubscribe("depth", 0);
  peer.subscriber.subscribe("candles", 0);
  peer.take();
  const trade = () => {
    desk.apply(sell(1, 100, 1));
    desk.apply(buy(2, 100, 1));
    pace.flush();
  };
  const lots = () =>
    peer
      .take()
      .filter(({ interval }: Message) => interval === 60)
      .map(({ candles }) => candles[0][5]);
  trade();
  expect(lots()).toEqual([1]);
  for (let i = 0; i < 10; i++) {
    wait(19);
    trade();
  }
  wait(9);
  expect(lots()).toEqual([]);
  wait(1);
  expect(lots()).toEqual([11]);
});

test("each command is awaited while somebody is told of an account's orders, and no longer", () => {
  const { desk, pace } = start();
  const all = [pace, new WebListener(pace, undefined)];
  const areAwaited = () => all.map(({ isAwaited }) => isAwaited);
  expect(areAwaited()).toEqual([false, false]);
  const { orders } = desk.publisher;
  const stream = orders.open(1);
  expect(areAwaited()).toEqual([true, true]);
  orders.close(stream);
  expect(areAwaited()).toEqual([false, false]);
});

test("each command is awaited where there are feeds, whoever is told of orders", () => {
  const { pace } = start();
  expect(new WebListener(pace, {} as MarketFeeds).isAwaited).toBe(true);
});

test("what is left is said at the end, and no timer stays", () => {
  const { turn, said, pace } = start();
  turn();
  turn();
  pace.finish();
  expect(said()).toEqual([1, 1]);
  expect(vi.getTimerCount()).toBe(0);
});
