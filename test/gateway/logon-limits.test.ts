// What limits mean for sessions with a logon: the time to log on, attempts, and rates of session, account and key.

import { describe, expect, test } from "vitest";
import { CloseCause } from "../../src/base/index.ts";
import { GATEWAY_LIMITS, type GatewayLimits } from "../../src/gateway/index.ts";
import { ALL_SYMBOLS, BOTH_SIDES, MessageType, Reason } from "../../src/protocol/index.ts";
import {
  logon,
  logonRequest,
  massCancel,
  openOrders,
  orderStatus,
  PROOF,
  sessionVenue,
} from "./session-support.ts";
import { cancel, concat, heartbeat, hello, instruments, order } from "./support.ts";

const [A, B, C] = [0, 1, 2];
const { rates, attempts } = GATEWAY_LIMITS;

type Venue = ReturnType<typeof sessionVenue>;

function pass(venue: Venue, from_s: number, to_s: number): void {
  for (let at_us = from_s * 1e6; at_us <= to_s * 1e6; at_us += 100_000) venue.gateway.tick(at_us);
}

describe("the time to log on", () => {
  test("runs from the challenge, and its end closes the connection whatever else it says", () => {
    const venue = sessionVenue();
    venue.gateway.tick(0);
    venue.open(A);
    pass(venue, 0, 60);
    venue.gateway.received(A, logonRequest());
    pass(venue, 60.1, 64.9);
    venue.gateway.received(A, heartbeat(1));
    expect(venue.closes()).toEqual({});
    pass(venue, 65, 65);
    expect(venue.closes()).toEqual({ LogonTimeout: 1 });
    expect(venue.sent(A)).toEqual(["Challenge 9", "HeartbeatAck 1"]);
    expect(venue.transport.closed).toEqual(new Set([A]));
  });

  test("runs from the connection where everybody must log on", () => {
    const venue = sessionVenue({ openOrderEntry: false });
    venue.gateway.tick(0);
    venue.open(A);
    pass(venue, 0.1, 4);
    venue.gateway.received(A, order(1));
    venue.logOn(B);
    pass(venue, 4.1, 30);
    expect(venue.closes()).toMatchObject({ LogonTimeout: 1 });
    expect(venue.transport.closed.has(A)).toBe(true);
  });

  test("is over for one that has logged on", () => {
    const venue = sessionVenue();
    venue.gateway.tick(0);
    venue.logOn(A);
    venue.turn();
    pass(venue, 0.1, 10);
    expect(venue.closes()).toEqual({});
  });
});

describe("attempts to log on", () => {
  test("over the rate are refused before a signature is looked at", () => {
    const venue = sessionVenue({ limits: { attempts: { ...attempts, total: 3 } } });
    venue.gateway.tick(0);
    for (let connection = 0; connection < 5; connection++) {
      venue.open(connection);
      venue.gateway.received(connection, concat(logonRequest(), logon({}, PROOF + 1)));
    }
    expect(venue.keys.verified).toBe(3);
    expect(venue.sent(2)).toEqual(["Challenge 9", `LogonRefused ${Reason.NotAuthorised}`]);
    expect(venue.sent(3)).toEqual(["Challenge 9", `LogonRefused ${Reason.Throttled}`]);
    expect(venue.gateway.counters.throttled.logon).toBe(2);
    expect(venue.closes()).toEqual({ LogonRefused: 5 });
    const met = [undefined, undefined, undefined, "attempts to log on", "attempts to log on"];
    expect(venue.closings.map(({ limit }) => limit)).toEqual(met);
    venue.gateway.tick(400_000);
    venue.open(7);
    venue.gateway.received(7, concat(logonRequest(), logon()));
    expect(venue.keys.verified).toBe(4);
  });

  test("of an address that tries without end leave those of others alone", () => {
    const venue = sessionVenue({ limits: { attempts: { perAddress: 2, perOwnAddress: 2, total: 4 } } });
    venue.gateway.tick(0);
    const tryFrom = (connection: number, address: string) => {
      venue.gateway.opened(connection, address);
      venue.gateway.received(connection, concat(logonRequest(), logon({ instance: connection })));
    };
    for (let i = 0; i < 20; i++) tryFrom(i, "192.0.2.7");
    for (let i = 20; i < 22; i++) tryFrom(i, "192.0.2.8");
    expect(venue.keys.verified).toBe(4);
    venue.turn();
    expect(venue.sent(21)).toContain("LogonAck 7 1..1");
  });
});

/** Logs `connection` on and forgets what it was told. */
function loggedOn(limits: Partial<GatewayLimits["rates"]>, ...connections: readonly number[]): Venue {
  const venue = sessionVenue({ limits: { rates: { ...rates, ...limits } } });
  venue.gateway.tick(0);
  for (const connection of connections) venue.logOn(connection, { instance: connection });
  venue.turn();
  for (const connection of connections) venue.heard(connection);
  return venue;
}

const orders = (from: number, count: number) =>
  concat(...Array.from({ length: count }, (_, i) => order(from + i)));
/** The limits that refused something, and how often. */
const met = ({ gateway }: Venue) =>
  Object.fromEntries(Object.entries(gateway.counters.throttled).filter(([, count]) => count > 0));

const refused = (request: number, type: keyof typeof MessageType) =>
  `Refused ${request} ${Reason.Throttled} type ${MessageType[type]}`;

describe("a logged-on session over its rate", () => {
  test("is refused each request by its number and goes on; it can still cancel, one by one and all", () => {
    const venue = loggedOn({ frames: 2, cancels: 1 }, A);
    venue.gateway.received(
      A,
      concat(
        orders(1, 4),
        orderStatus(5, 1),
        cancel(1),
        massCancel(6, ALL_SYMBOLS, BOTH_SIDES),
        cancel(2),
        heartbeat(3),
      ),
    );
    expect(venue.sent(A)).toEqual([
      refused(3, "NewOrder"),
      refused(4, "NewOrder"),
      refused(5, "OrderStatus"),
      refused(2, "CancelOrder"),
      "HeartbeatAck 3",
    ]);
    expect(venue.exchange.log.slice(1)).toEqual(["16 1", "16 2", "17 1", expect.stringMatching(/^19 /)]);
    expect(met(venue)).toEqual({ session_orders: 3, session_cancels: 1 });
    expect(venue.closes()).toEqual({});
    venue.heard(A);
    pass(venue, 0, 0.5);
    venue.gateway.received(A, order(9));
    venue.turn();
    expect(venue.heard(A)).toContain("5: Accepted 9");
  });

  test("is not throttled for waiting for a place in the sequencer: a frame counts once, however often it is tried", () => {
    const venue = loggedOn({ frames: 3 }, A);
    venue.sink.room = 1;
    venue.gateway.received(A, orders(1, 2));
    for (let tries = 0; tries < 5; tries++) {
      venue.sink.room = tries === 4 ? 9 : 0;
      venue.gateway.resumeStalled();
      pass(venue, 0, 0);
    }
    venue.gateway.received(A, concat(order(3), order(4)));
    expect(venue.sent(A)).toEqual([refused(4, "NewOrder")]);
    expect(venue.exchange.log.slice(1)).toEqual(["16 1", "16 2", "16 3"]);
  });

  test("finds its rate used up when it logs on again", () => {
    const venue = loggedOn({ frames: 3 }, A);
    venue.gateway.received(A, orders(1, 3));
    venue.logOn(B, { instance: A });
    venue.gateway.received(B, order(4));
    venue.turn();
    expect(venue.sent(B)).toContain(refused(4, "NewOrder"));
  });

  test("may ask for a list now and then", () => {
    const venue = loggedOn({ queries: 2 }, A);
    venue.gateway.received(
      A,
      concat(openOrders(1, ALL_SYMBOLS), instruments(), openOrders(3, ALL_SYMBOLS), order(1)),
    );
    venue.turn();
    const said = venue.sent(A);
    expect(said).toContain(refused(3, "OpenOrders"));
    expect(said.filter((words) => words === "OpenOrdersEnd 0" || words === "InstrumentsEnd 1").length).toBe(
      2,
    );
    expect(said).toContain("1: Accepted 1");
  });

  test("shares what the account may send with its other sessions", () => {
    const venue = loggedOn({ frames: 10, accountFrames: 12 }, A, B);
    venue.gateway.received(A, orders(1, 10));
    venue.gateway.received(B, orders(11, 5));
    expect(venue.sent(B).filter((words) => words.startsWith("Refused"))).toEqual(
      [13, 14, 15].map((request) => refused(request, "NewOrder")),
    );
    expect(met(venue)).toEqual({ account_orders: 3 });
  });

  test("is not known by who takes its slot next, in the open mode", () => {
    const venue = loggedOn({ frames: 1 }, C);
    venue.gateway.received(C, orders(1, 2));
    expect(venue.sent(C)).toContain(refused(2, "NewOrder"));
    venue.gateway.closed(C, 0);
    venue.heard(C);
    venue.open(C);
    venue.gateway.received(C, concat(hello(9), orders(1, 5)));
    expect(met(venue)).toEqual({ session_orders: 1 });
  });
});

describe("where everybody must log on", () => {
  test("strangers have half of the places: the oldest gives way, and who has logged on stays", () => {
    const venue = sessionVenue({ openOrderEntry: false, limits: { connectionsMax: 8 } });
    venue.logOn(0);
    venue.turn();
    // 0 is no stranger any more.
    venue.open(1, 2, 3, 4);
    expect(venue.closes()).toEqual({});
    venue.open(5);
    expect(venue.closes()).toEqual({ GaveWay: 1 });
    expect(venue.transport.destroyed).toEqual(new Set([1]));
    venue.gateway.closed(1, CloseCause.Finished);
    venue.gateway.received(2, concat(logonRequest(), logon({ instance: 1 })));
    venue.open(6);
    expect(venue.closes()).toEqual({ GaveWay: 1 });
  });

  test("a stranger that is being closed counts as one until it is gone", () => {
    const venue = sessionVenue({ openOrderEntry: false, limits: { connectionsMax: 4 } });
    venue.open(0, 1);
    venue.gateway.received(0, concat(logonRequest(), logon({}, PROOF + 1)));
    expect(venue.closes()).toEqual({ LogonRefused: 1 });
    venue.open(2);
    expect(venue.transport.destroyed).toEqual(new Set([0]));
    venue.gateway.closed(0, CloseCause.Finished);
    venue.gateway.closed(1, CloseCause.Finished);
    venue.open(4, 5);
    expect(venue.closes()).toEqual({ GaveWay: 1, LogonRefused: 1, PeerEnded: 1 });
  });

  test("nobody gives way where the open mode is", () => {
    const venue = sessionVenue({ limits: { connectionsMax: 4 } });
    venue.open(0, 1, 2, 3);
    expect(venue.closes()).toEqual({});
  });
});
