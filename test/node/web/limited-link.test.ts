// A key's own limits over WebSockets: what is sent, what is refused instead, and how many sessions there may be.

import { expect, test } from "vitest";
import { KeySessions, limitedLink } from "../../../src/node/web/limited-link.ts";
import { MessageType, type Reason, reasonName } from "../../../src/protocol/index.ts";
import { ScriptedLink } from "./exchange.ts";

const TYPE_NAMES = Object.fromEntries(Object.entries(MessageType).map(([name, type]) => [type, name]));
const LOGON = { next: 0 } as ConstructorParameters<typeof ScriptedLink>[1];

function newLink(limits: Parameters<typeof limitedLink>[2]) {
  const said: string[] = [];
  const listener = {
    onRefused: ({
      request,
      id,
      reason,
      type,
    }: {
      request: number;
      id: bigint;
      reason: number;
      type: number;
    }) => {
      said.push(`${TYPE_NAMES[type]} ${request} of ${id}: ${reasonName(reason as Reason)}`);
    },
  };
  const clock = { now_us: 0, wallMicros: () => 0, monotonicMicros: () => clock.now_us };
  const inner = new ScriptedLink(1, LOGON, {} as ConstructorParameters<typeof ScriptedLink>[2]);
  return { said, clock, inner, link: limitedLink(inner, listener, limits, clock) };
}

const order = (id: bigint) => ({ id, symbol: 0, side: "buy", price: 1, quantity: 1 }) as const;

test("orders over a key's rate are refused when their sender has gone on, cancels have their own rate", async () => {
  const { said, clock, inner, link } = newLink({ frames_per_second: 2, cancels_per_second: 1 });
  for (const request of [1, 2, 3]) link.submit(request, order(BigInt(request)));
  link.modify(4, { id: 1n, symbol: 0, price: 2, quantity: 1 });
  link.orderStatus(5, { id: 1n, symbol: 0 });
  link.cancel(6, { id: 1n, symbol: 0 });
  link.massCancel(7, {});
  expect(said).toEqual([]);
  await Promise.resolve();
  expect(said).toEqual([
    "NewOrder 3 of 3: Throttled",
    "Modify 4 of 1: Throttled",
    "OrderStatus 5 of 1: Throttled",
    "MassCancel 7 of 0: Throttled",
  ]);
  expect(inner.asked.map(([what, request]) => `${what} ${request}`)).toEqual([
    "submit 1",
    "submit 2",
    "cancel 6",
  ]);
  clock.now_us = 500_000;
  link.submit(8, order(8n));
  link.submit(9, order(9n));
  expect(inner.asked.at(-1)?.[1]).toBe(8);
});

test("everything else is the link's, and one whose key says nothing of rates is itself", () => {
  const { inner, link } = newLink({ frames_per_second: 1 });
  expect([link.session, link.first, link.next, link.hasGap, link.writable]).toEqual([
    9n,
    18,
    18,
    false,
    true,
  ]);
  link.openOrders(1, {});
  link.heartbeat();
  link.pause();
  link.resume();
  link.flush();
  link.destroy();
  expect(inner.asked.map(([what]) => what)).toEqual([
    "openOrders",
    "heartbeat",
    "pause",
    "resume",
    "destroy",
  ]);
  const other = newLink({ connections: 3 });
  expect(other.link).toBe(other.inner);
});

test("a key has as many sessions as it says; one that comes back counts once", () => {
  const sessions = new KeySessions();
  expect([
    sessions.enter("ann", "1 0", 2),
    sessions.enter("ann", "1 1", 2),
    sessions.enter("ann", "1 2", 2),
  ]).toEqual([true, true, false]);
  expect([sessions.enter("ann", "1 0", 2), sessions.enter("bob", "1 2", 1)]).toEqual([true, true]);
  sessions.leave("ann", "1 0");
  expect(sessions.enter("ann", "1 2", 2)).toBe(false);
  sessions.leave("ann", "1 0");
  expect(sessions.enter("ann", "1 2", 2)).toBe(true);
});
