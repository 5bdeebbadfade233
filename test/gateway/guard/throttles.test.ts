// Which request takes from which bucket, as tables of who sends how many of what.

import { expect, test } from "vitest";
import {
  RATE_LIMITS,
  type RateLimits,
  type SessionRates,
  Throttles,
} from "../../../src/gateway/guard/throttles.ts";
import { MessageType } from "../../../src/protocol/index.ts";

const LIMITS: RateLimits = {
  frames: 10,
  accountFrames: 15,
  cancels: 4,
  accountCancels: 6,
  queries: 2,
  massCancels: 3,
  open: 20,
};

type Sends = readonly [
  slot: number,
  account: number,
  type: keyof typeof MessageType,
  wanted: number,
  admitted: number,
];

function admitted(throttles: Throttles, [slot, account, type, wanted]: Sends, now_us: number): number {
  let count = 0;
  for (let i = 0; i < wanted; i++) if (throttles.admits(slot, account, MessageType[type], now_us)) count++;
  return count;
}

function newThrottles(loggedOn: Readonly<Record<number, SessionRates>>): Throttles {
  const throttles = new Throttles(LIMITS, 4, 4);
  for (let slot = 0; slot < 4; slot++) throttles.opened(slot);
  for (const [slot, rates] of Object.entries(loggedOn))
    throttles.loggedOn(Number(slot), `key ${slot}`, rates);
  return throttles;
}

const ALL = { 0: {}, 1: {}, 2: {}, 3: {} };

test.each<[what: string, loggedOn: Readonly<Record<number, SessionRates>>, sends: readonly Sends[]]>([
  [
    "orders, modifies and questions about an order share a session's bucket",
    ALL,
    [
      [0, 1, "NewOrder", 6, 6],
      [0, 1, "Modify", 3, 3],
      [0, 1, "OrderStatus", 2, 1],
      [0, 1, "NewOrder", 1, 0],
    ],
  ],
  [
    "who is throttled can still cancel",
    ALL,
    [
      [0, 1, "NewOrder", 50, 10],
      [0, 1, "CancelOrder", 2, 2],
      [0, 1, "CancelOrder", 3, 2],
      [0, 1, "MassCancel", 1, 1],
    ],
  ],
  [
    "mass cancels have an account's own slow rate, beside its cancels and lists",
    ALL,
    [
      [0, 1, "MassCancel", 9, 3],
      [1, 1, "MassCancel", 9, 0],
      [1, 2, "MassCancel", 9, 3],
      [0, 1, "CancelOrder", 1, 1],
      [0, 1, "OpenOrders", 1, 1],
    ],
  ],
  [
    "two sessions of an account share what it may send",
    ALL,
    [
      [0, 1, "NewOrder", 50, 10],
      [1, 1, "NewOrder", 50, 5],
      [0, 1, "CancelOrder", 50, 4],
      [1, 1, "CancelOrder", 50, 2],
    ],
  ],
  [
    "what the account may not send costs the session nothing",
    ALL,
    [
      [0, 1, "NewOrder", 50, 10],
      [1, 1, "NewOrder", 50, 5],
      [1, 2, "NewOrder", 50, 5],
    ],
  ],
  [
    "other accounts don't notice",
    ALL,
    [
      [0, 1, "NewOrder", 50, 10],
      [1, 1, "NewOrder", 50, 5],
      [2, 2, "NewOrder", 50, 10],
    ],
  ],
  [
    "lists are asked for at their own slow rate, by an account",
    ALL,
    [
      [0, 1, "OpenOrders", 9, 2],
      [1, 1, "OpenOrders", 9, 0],
      [1, 1, "Instruments", 1, 0],
      [1, 2, "Instruments", 9, 2],
      [0, 1, "NewOrder", 1, 1],
    ],
  ],
  [
    "a key's own rates go before the node's",
    { 0: { frames_per_second: 3, cancels_per_second: 5 }, 1: { frames_per_second: 12 } },
    [
      [0, 1, "NewOrder", 9, 3],
      [0, 1, "CancelOrder", 9, 5],
      [1, 2, "NewOrder", 50, 12],
      [1, 2, "CancelOrder", 9, 4],
    ],
  ],
  [
    "but the account's rate holds for all keys",
    { 0: { frames_per_second: 100 } },
    [[0, 1, "NewOrder", 50, 15]],
  ],
  [
    "who has proved nothing has the open rate, of connection and account, and as many cancels",
    {},
    [
      [0, 1, "NewOrder", 50, 20],
      [1, 1, "NewOrder", 50, 0],
      [1, 1, "CancelOrder", 50, 20],
      [0, 1, "CancelOrder", 1, 0],
      [2, 2, "Modify", 50, 20],
    ],
  ],
  [
    "heartbeats, hellos and logons take nothing, nor do instruments in the open mode",
    {},
    [
      [0, 1, "NewOrder", 50, 20],
      [0, 1, "Heartbeat", 500, 500],
      [0, 1, "Hello", 500, 500],
      [0, 1, "LogonRequest", 50, 50],
      [0, 1, "Logon", 50, 50],
      [0, 1, "Instruments", 50, 50],
    ],
  ],
])("%s", (_what, loggedOn, sends) => {
  const throttles = newThrottles(loggedOn);
  for (const one of sends) expect([...one.slice(0, 4), admitted(throttles, one, 5)]).toEqual(one);
});

test("a tenth of a second later a tenth of the rate may be sent again", () => {
  const throttles = newThrottles(ALL);
  expect(admitted(throttles, [0, 1, "NewOrder", 50, 10], 0)).toBe(10);
  expect(admitted(throttles, [0, 1, "NewOrder", 50, 1], 100_000)).toBe(1);
});

test("whoever comes next into a slot has proved nothing and has sent nothing", () => {
  const throttles = newThrottles({ 0: { frames_per_second: 1 } });
  expect(admitted(throttles, [0, 1, "NewOrder", 9, 1], 0)).toBe(1);
  throttles.opened(0);
  expect(admitted(throttles, [0, 2, "NewOrder", 50, 20], 0)).toBe(20);
});

test("the next session of a key lacks what the last one did, and no other key's does", () => {
  const throttles = newThrottles({ 0: {} });
  expect(admitted(throttles, [0, 1, "NewOrder", 8, 8], 0)).toBe(8);
  throttles.loggedOn(1, "key 0", {});
  throttles.ended(0, "key 0");
  throttles.ended(1, "key 0");
  throttles.loggedOn(2, "key 0", {});
  throttles.loggedOn(3, "key 3", {});
  expect(admitted(throttles, [2, 2, "NewOrder", 50, 2], 50_000)).toBe(2);
  expect(admitted(throttles, [3, 3, "NewOrder", 50, 10], 50_000)).toBe(10);
  throttles.ended(2, "key 0");
  throttles.loggedOn(0, "key 0", {});
  expect(admitted(throttles, [0, 2, "NewOrder", 50, 5], 550_000)).toBe(5);
});

// Its own little debt took the other's place, and the next session had a full bucket.
test("what a session lacked is not forgotten for another of the key that ends behind it and lacks less", () => {
  const throttles = newThrottles({ 0: {} });
  expect(admitted(throttles, [0, 1, "NewOrder", 10, 10], 0)).toBe(10);
  throttles.loggedOn(1, "key 0", {});
  throttles.ended(0, "key 0");
  expect(admitted(throttles, [1, 2, "NewOrder", 1, 1], 100_000)).toBe(1);
  throttles.ended(1, "key 0");
  throttles.loggedOn(2, "key 0", {});
  expect(admitted(throttles, [2, 3, "NewOrder", 50, 1], 100_000)).toBe(1);
});

test("the open rate is above what a node can sequence, so nobody meets it who has not set it", () => {
  expect(RATE_LIMITS.open).toBeGreaterThanOrEqual(5_000_000);
});

test("tokens of many requests are there when session and account have as many of each kind, and are taken together", () => {
  const throttles = newThrottles({ 0: {}, 1: {} });
  const most = LIMITS.frames < LIMITS.cancels ? LIMITS.frames : LIMITS.cancels;
  expect(throttles.haveTokens(0, 1, most, 0)).toBe(true);
  expect(throttles.haveTokens(0, 1, most + 1, 0)).toBe(false);
  throttles.spend(0, 1, 2, 1);
  expect(throttles.haveTokens(0, 1, LIMITS.frames - 1, 0)).toBe(false);
  expect(admitted(throttles, [0, 1, "NewOrder", 50, LIMITS.frames - 2], 0)).toBe(LIMITS.frames - 2);
  expect(admitted(throttles, [0, 1, "CancelOrder", 50, LIMITS.cancels - 1], 0)).toBe(LIMITS.cancels - 1);
  throttles.spend(1, 2, LIMITS.frames, 0);
  expect(throttles.haveTokens(1, 2, 1, 0)).toBe(false);
});
