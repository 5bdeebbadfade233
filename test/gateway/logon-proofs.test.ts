// Proofs of logons that are looked at elsewhere while the gateway goes on: how many, in which order, and what becomes of those whose
// connection, ring or node is another by the time of the answer.

import { beforeEach, expect, test } from "vitest";
import { CloseCause, connectionNumber } from "../../src/base/index.ts";
import { GATEWAY_LIMITS } from "../../src/gateway/index.ts";
import { Reason } from "../../src/protocol/index.ts";
import { logon, logonRequest, logout, PROOF, sessionVenue } from "./session-support.ts";
import { concat, order } from "./support.ts";

const [A, B, C] = [0, 1, 2];
const WRONG = PROOF + 1;

let at: ReturnType<typeof sessionVenue>;
beforeEach(() => {
  at = sessionVenue();
  at.gateway.tick(0);
  at.keys.isSlow = true;
});

/** Connects and shows a proof, with `behind` in the same piece. */
function show(connection: number, proof: number, behind: Uint8Array = new Uint8Array()): void {
  at.open(connection);
  const shown = logon({ instance: connection }, proof);
  at.gateway.received(connection, concat(logonRequest(), shown, behind));
}

const REFUSED = ["Challenge 9", `LogonRefused ${Reason.NotAuthorised}`];

test("one is looked at at a time, in the order in which they came; who waits is not read, and none is lost", () => {
  const connections = Array.from({ length: 10 }, (_, connection) => connection);
  for (const connection of connections) show(connection, WRONG);
  expect([at.keys.verified, at.keys.underWay]).toEqual([1, 1]);
  expect(at.transport.paused).toEqual(new Set(connections));
  for (const connection of connections) {
    expect(at.sent(connection)).toEqual(["Challenge 9"]);
    at.keys.answer();
    expect(at.sent(connection)).toEqual(REFUSED);
    expect(at.keys.underWay).toBe(connection < 9 ? 1 : 0);
  }
  expect(at.keys.verified).toBe(10);
  expect(at.gateway.counters.throttled.logon).toBe(0);
  at.keys.isSlow = false;
  show(10, WRONG);
  expect(at.sent(10)).toEqual(REFUSED);
});

test("what is behind a logon waits for its proof, and means what it means to who has logged on", () => {
  show(A, PROOF, order(1));
  at.turn();
  expect(at.exchange.log).toEqual([]);
  at.keys.answer();
  expect(at.exchange.log).toEqual(["open ann 7/0", "16 1"]);
  expect(at.transport.paused).toEqual(new Set());
  at.turn();
  expect(at.sent(A)[1]).toBe("LogonAck 7 1..1");
});

test("who came meanwhile is behind who waits, also where his answer would come at once", () => {
  for (const connection of [A, B]) show(connection, PROOF);
  at.keys.isSlow = false;
  show(C, PROOF);
  expect(at.exchange.log).toEqual([]);
  at.keys.answer();
  expect(at.exchange.log).toEqual(["open ann 7/0", "open ann 7/1", "open ann 7/2"]);
});

// Every session's bytes are looked at in the same memory, which the next one's logon has overwritten by then.
test("each is judged by its own proof, however many came behind it", () => {
  show(A, PROOF);
  show(B, WRONG);
  show(C, PROOF);
  while (at.keys.answer());
  expect(at.exchange.log).toEqual(["open ann 7/0", "open ann 7/2"]);
  expect(at.sent(B)).toEqual(REFUSED);
});

test("an end behind a logon is in the log with it, as of one that did not wait", () => {
  show(A, PROOF, logout());
  at.keys.answer();
  expect(at.exchange.log).toEqual(["open ann 7/0", "end 7 logout"]);
});

test("of who goes while he waits nothing is looked at, and the answer for who has gone is nobody's", () => {
  const successor = connectionNumber(A, 1);
  for (const connection of [A, B, C]) show(connection, PROOF, order(1));
  at.gateway.closed(A, CloseCause.Broken);
  at.gateway.closed(B, CloseCause.Broken);
  at.open(successor);
  at.gateway.received(successor, logonRequest());
  at.keys.answer();
  expect(at.exchange.log).toEqual([]);
  at.keys.answer();
  expect(at.exchange.log).toEqual(["open ann 7/2", "16 1"]);
  expect([at.keys.verified, at.keys.underWay]).toEqual([2, 0]);
  at.turn();
  expect(at.sent(successor)).toEqual(["Challenge 9"]);
  at.gateway.received(successor, logon({}, WRONG));
  at.keys.answer();
  expect(at.sent(successor)).toEqual(REFUSED);
});

// Its bytes waited for the ring, and with it for everything behind them.
test("a logon that is only taken up because its peer has gone is not looked at", () => {
  at.sink.room = 0;
  show(A, PROOF, order(1));
  at.sink.room = 9;
  at.gateway.closed(A, CloseCause.Broken);
  expect([at.keys.verified, at.exchange.log]).toEqual([0, []]);
});

test("the time to log on goes on meanwhile", () => {
  for (const connection of [A, B]) show(connection, PROOF);
  for (let now_us = 0; now_us <= 5e6; now_us += 100_000) at.gateway.tick(now_us);
  expect(at.closes()).toEqual({ LogonTimeout: 2 });
  at.keys.answer();
  expect([at.keys.verified, at.keys.underWay, at.exchange.log]).toEqual([1, 0, []]);
});

test("a node that refuses when the answer comes refuses whoever it is", () => {
  show(A, PROOF, order(1));
  at.gateway.refuseOrders(Reason.Halted);
  at.keys.answer();
  expect(at.sent(A)).toEqual(["Challenge 9", `LogonRefused ${Reason.Halted}`]);
  expect(at.exchange.log).toEqual([]);
});

test("a full ring when the answer comes: the logon waits for room, and is looked at no second time", () => {
  show(A, PROOF, order(1));
  at.sink.room = 0;
  at.keys.answer();
  expect(at.exchange.log).toEqual([]);
  at.sink.room = 9;
  at.gateway.resumeStalled();
  expect(at.exchange.log).toEqual(["open ann 7/0", "16 1"]);
  expect([at.keys.verified, at.gateway.counters.throttled.logon]).toEqual([1, 0]);
});

test("an attempt counts once, however often its logon is taken up again", () => {
  at = sessionVenue({ limits: { attempts: { ...GATEWAY_LIMITS.attempts, total: 1 } } });
  at.gateway.tick(0);
  at.keys.isSlow = true;
  show(A, PROOF);
  at.sink.room = 0;
  at.keys.answer();
  at.sink.room = 9;
  at.gateway.resumeStalled();
  expect(at.exchange.log).toEqual(["open ann 7/0"]);
  // It was the only one of this second.
  show(B, PROOF);
  expect(at.sent(B)).toEqual(["Challenge 9", `LogonRefused ${Reason.Throttled}`]);
  expect(at.gateway.counters.throttled.logon).toBe(1);
});

test("a gateway that stops waits for no proof", async () => {
  for (const connection of [A, B]) show(connection, PROOF);
  const stopped = at.gateway.stop();
  expect(at.transport.closed).toEqual(new Set([A, B]));
  for (const connection of [A, B]) at.gateway.closed(connection, CloseCause.Finished);
  await stopped;
  at.keys.answer();
  expect([at.keys.verified, at.exchange.log]).toEqual([1, []]);
});
