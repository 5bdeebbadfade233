// Ends of sessions beside what else is to be sequenced: a connection that is replaced, one that is gone while the ring is full.

import { beforeEach, describe, expect, test } from "vitest";
import { CloseCause } from "../../../src/base/index.ts";
import { Reason, SessionFlag } from "../../../src/protocol/index.ts";
import { logon, logonRequest, logout, sessionVenue } from "../session-support.ts";
import { concat, hello, order } from "../support.ts";

const [A, B, C] = [0, 1, 2];
const { CancelOnDisconnect } = SessionFlag;
const REPLACED = `LogonRefused ${Reason.SessionReplaced}`;

let at: ReturnType<typeof sessionVenue>;
beforeEach(() => {
  at = sessionVenue();
});

describe("a connection whose session logs on over another", () => {
  test("before its own logon was answered is told that it is replaced, and nothing else", () => {
    at.logOn(A, { next: 1 });
    at.logOn(B, { next: 1 });
    at.turn();
    expect(at.sent(A)).toEqual(["Challenge 9", REPLACED]);
    expect(at.transport.closed).toEqual(new Set([A]));
    expect(at.sent(B)).toEqual(["Challenge 9", "LogonAck 7 1..1"]);
  });

  test("is told nothing behind that, not even reports for which it had no room", () => {
    at = sessionVenue({ limits: { outputSoft_bytes: 300 } });
    at.logOn(A);
    at.turn();
    at.transport.holding.add(A);
    for (let id = 1; id <= 9; id++) at.gateway.received(A, order(id));
    at.turn();
    at.logOn(B, { next: 1 });
    at.turn();
    while (at.transport.drain(A)) at.gateway.drained(A);
    expect(at.sent(A)).toContain(REPLACED);
    expect(at.sent(A).at(-1)).toBe(REPLACED);
    expect(at.transport.closed).toEqual(new Set([A]));
  });

  test.each([
    ["was to cancel when it is lost has that done", CancelOnDisconnect, 0, ["end 7 disconnected"]],
    ["was to, as the new one is", CancelOnDisconnect, CancelOnDisconnect, ["end 7 disconnected"]],
    ["was not to leaves the orders, also where the new one is", 0, CancelOnDisconnect, []],
  ])("and %s, before the new logon takes effect", (_what, flags, newFlags, ends) => {
    at.logOn(A, { flags });
    at.turn();
    at.exchange.log.length = 0;
    at.logOn(B, { flags: newFlags });
    at.turn();
    expect(at.exchange.log).toEqual([...ends, "open ann 7/0"]);
    expect(at.sent(A).at(-1)).toBe(REPLACED);
    expect(at.sent(B)).toEqual(["Challenge 9", "LogonAck 7 1..1"]);
  });

  test("leaves no dead man that would end the new one", () => {
    at.logOn(A, { flags: CancelOnDisconnect, deadMan_ms: 300 });
    at.turn();
    at.logOn(B);
    at.exchange.log.length = 0;
    for (let ms = 0; ms < 2_000; ms += 100) at.gateway.tick(ms * 1_000);
    expect(at.exchange.log).toEqual([]);
  });

  test("whose end takes the last slot of the ring: the new logon waits for the next one", () => {
    at.logOn(A, { flags: CancelOnDisconnect });
    at.turn();
    at.exchange.log.length = 0;
    at.sink.room = 1;
    at.logOn(B);
    expect(at.exchange.log).toEqual(["end 7 disconnected"]);
    expect(at.gateway.stalled).toBe(1);
    at.sink.room = 1;
    at.gateway.resumeStalled();
    at.turn();
    expect(at.exchange.log).toEqual(["end 7 disconnected", "open ann 7/0"]);
    expect(at.sent(B)).toEqual(["Challenge 9", "LogonAck 7 1..1"]);
  });

  // The log said that it is silent, and nobody counted its time: what others of the account had ordered rested for good.
  test("leaves its dead man when the new logon waits for the ring and is lost there", () => {
    at.logOn(A, { flags: CancelOnDisconnect, deadMan_ms: 300 });
    at.turn();
    at.exchange.log.length = 0;
    at.sink.room = 1;
    at.logOn(B);
    at.sink.room = 0;
    at.gateway.closed(B, CloseCause.Broken);
    at.sink.room = 1;
    for (let ms = 0; ms < 2_000; ms += 100) at.gateway.tick(ms * 1_000);
    expect(at.exchange.log).toEqual(["end 7 disconnected", "end 7 dead_man"]);
  });
});

describe("a connection that has ended and is still to be told something", () => {
  const SECOND_US = 1_000_000;

  beforeEach(() => {
    at.logOn(A);
    at.turn();
    at.transport.holding.add(A);
    at.gateway.received(A, order(1));
    at.turn();
    at.gateway.received(A, logout());
  });

  /** Ticks once a second; the second after which it is gone, or undefined. */
  const secondsUntilGone = (count: number, eachSecond: () => void) => {
    for (let second = 0; second < count; second++) {
      at.gateway.tick(second * SECOND_US);
      if (at.transport.destroyed.has(A)) return second;
      eachSecond();
    }
    return undefined;
  };

  // Each bit taken gave it five seconds more, for ever.
  test("has a minute for all of it, however slowly it takes that", () => {
    at.turn();
    let left_bytes = 90_000;
    const takeOne = () => void at.transport.unacknowledged_bytes.set(A, left_bytes--);
    expect(secondsUntilGone(90, takeOne)).toBe(60);
    expect(at.closes()).toEqual({ LoggedOut: 1 });
  });

  test("has all the time that the log needs, also when it was slow for a moment", () => {
    at.gateway.tick(0);
    at.transport.holding.delete(A);
    while (at.transport.drain(A)) at.gateway.drained(A);
    expect(secondsUntilGone(90, () => {})).toBeUndefined();
    at.turn();
    expect(at.sent(A).at(-1)).toBe("LoggedOut 2");
    expect(at.transport.closed).toEqual(new Set([A]));
  });
});

describe("an end that waits for room", () => {
  /** Room for nothing at the next `times` looks, as when the journal's thread makes some in between. */
  const roomAfter = (times: number) => {
    let left = times;
    at.sink.room = 9;
    at.sink.claim = () => (left-- > 0 ? -1 : 0);
  };

  beforeEach(() => {
    at.logOn(A, { flags: CancelOnDisconnect });
    at.logOn(C, { name: "bob", account: 9 });
    at.turn();
    at.gateway.opened(B, "");
    at.gateway.received(B, logonRequest());
    at.gateway.received(C, order(1).subarray(0, 9));
    at.sink.room = 0;
    at.gateway.closed(A, CloseCause.Broken);
    at.exchange.log.length = 0;
  });

  // A new session's place in the log ahead of it: then it found nobody, and nothing was cancelled.
  test.each([1, 2, 3])("goes ahead of the same session's next logon, room at look %i", (times) => {
    roomAfter(times);
    at.gateway.received(B, logon());
    at.gateway.resumeStalled();
    at.turn();
    expect(at.exchange.log).toEqual(["end 7 disconnected", "open ann 7/0"]);
    expect(at.sent(B)).toEqual(["Challenge 9", "LogonAck 7 1..1"]);
  });

  test.each([1, 2, 3])("goes ahead of others' orders, room at look %i", (times) => {
    roomAfter(times);
    at.gateway.received(C, concat(order(1).subarray(9), order(2)));
    at.gateway.resumeStalled();
    at.turn();
    expect(at.exchange.log).toEqual(["end 7 disconnected", "16 1", "16 2"]);
    expect(at.sent(C).slice(2)).toEqual(["1: Accepted 1", "2: Accepted 2"]);
  });

  test("and got it without anything being let out is followed by who waited for it, at the next tick", () => {
    at.gateway.received(C, order(1).subarray(9));
    expect(at.gateway.stalled).toBe(1);
    at.sink.room = 9;
    at.gateway.tick(100_000);
    expect([at.exchange.log, at.gateway.stalled]).toEqual([["end 7 disconnected", "16 1"], 0]);
  });

  test("goes ahead of who waited for room before it", () => {
    at.gateway.received(C, order(1).subarray(9));
    roomAfter(1);
    at.gateway.resumeStalled();
    expect(at.exchange.log).toEqual(["end 7 disconnected", "16 1"]);
  });
});

describe("a peer that is gone while what it sent waits for the ring", () => {
  beforeEach(() => {
    at.open(A);
    at.gateway.received(A, hello(3));
    at.sink.room = 0;
    at.gateway.received(A, concat(order(1), order(2), order(3)));
  });

  test.each([
    [2, ["16 1", "16 2"]],
    [0, []],
  ])("has taken as much of it as there is room for: %i", (room, log) => {
    at.sink.room = room;
    at.gateway.closed(A, CloseCause.Broken);
    expect(at.exchange.log).toEqual(log);
    expect([at.gateway.stalled, at.gateway.counters.connections]).toEqual([0, 0]);
    at.sink.room = 9;
    at.gateway.resumeStalled();
    expect(at.exchange.log).toEqual(log);
  });
});
