// A trading session over real sockets, against exchanges that follow a script, break off, stay silent or lose the thread.

import { afterEach, describe, expect, test, vi } from "vitest";
import {
  connectTrading,
  type ExecutionReport,
  signerOf,
  type TradingSession,
} from "../../../src/client/index.ts";
import {
  CancelCause,
  encodeLoggedOut,
  MessageType,
  Reason,
  ReportFlag,
  ReportKind,
} from "../../../src/protocol/index.ts";
import {
  ALICE,
  acceptsAll,
  type SessionScript,
  type SessionServer,
  startSessionServer,
} from "../session-server.ts";
import { unhandled } from "../unhandled.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(script: SessionScript = {}, onPort = 0): Promise<SessionServer> {
  const server = await startSessionServer(script, onPort);
  cleanups.push(server.close);
  return server;
}

async function trade(servers: readonly { readonly port: number }[], options = {}): Promise<TradingSession> {
  const addresses = servers.map(({ port }) => ({ port }));
  const session = await connectTrading({ addresses, key: ALICE, account: 7, ...options });
  cleanups.push(() => session.destroy());
  return session;
}

const order = (id: number) => ({ id, symbol: 0, side: "buy", price: 100, quantity: 5 }) as const;
const { Accepted, Rejected, Traded, Cancelled, MassCancelled } = ReportKind;
const { NewOrder } = MessageType;
const { Maker } = ReportFlag;
const enters = (session: TradingSession) => session.submit(order(1));

/** The code of the error that a promise is rejected with. */
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    ({ code }) => code,
  );

describe("requests", () => {
  test("are answered by their reports, in words", async () => {
    const server = await serve({
      frame: (peer, { request, type, id }) => {
        if (type === MessageType.MassCancel)
          peer.report(3, { kind: MassCancelled, request, lastQuantity: 2 });
        else if (id === 1) peer.report(1, { kind: Accepted, id, request, leaves: 5 });
        else peer.report(2, { kind: Rejected, id, request, reason: Reason.DuplicateOrderId });
      },
    });
    const session = await trade([server]);
    const [one, two] = await Promise.all([session.submit(order(1)), session.submit(order(2))]);
    expect(one).toMatchObject({
      accepted: true,
      id: 1n,
      report: { number: 1, kind: "accepted", leaves: 5, isLast: true, side: "buy", type: "limit" },
    });
    expect(two).toMatchObject({
      ...{ accepted: false, id: 2n, reason: "DuplicateOrderId", code: Reason.DuplicateOrderId },
      report: { number: 2, kind: "rejected", reason: "DuplicateOrderId" },
    });
    expect(await session.massCancel({ side: "sell" })).toMatchObject({
      accepted: true,
      report: { lastQuantity: 2 },
    });
    expect(session.nextReport).toBe(4);
    const numbers = server.peers[0].frames.map(({ request }) => request);
    expect(numbers[0]).toBeGreaterThan(Date.now() * 1_000 - 60_000_000);
    expect(numbers[1]).toBeGreaterThan(numbers[0]);
  });

  test("are refused by the gateway without a report", async () => {
    const server = await serve({
      frame: (peer, { type, request, id }) => peer.refuse(request, id, Reason.Throttled, type),
    });
    const session = await trade([server]);
    const answer = { accepted: false, id: 1n, reason: "Throttled", code: Reason.Throttled };
    expect(await session.submit(order(1))).toEqual(answer);
    expect(await codeOf(session.openOrders())).toBe("REFUSED");
  });

  test("beyond the window are not sent, and ready() tells when they may be", async () => {
    const server = await serve({ frame: () => {} });
    const session = await trade([server], { window: 2 });
    const answers = [session.submit(order(1)), session.submit(order(2))];
    expect(session.writable).toBe(false);
    expect(await codeOf(session.submit(order(3)))).toBe("WINDOW_FULL");
    const [peer] = server.peers;
    while (peer.frames.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    peer.report(1, { kind: Accepted, id: 1, request: peer.frames[0].request });
    await session.ready();
    peer.report(2, { kind: Accepted, id: 2, request: peer.frames[1].request });
    expect((await Promise.all(answers)).map(({ accepted }) => accepted)).toEqual([true, true]);
    expect(peer.frames.map(({ id }) => id)).toEqual([1, 2]);
  });

  test("with a value that can't be sent fail alone", async () => {
    const session = await trade([await serve(acceptsAll())]);
    expect(await codeOf(session.submit({ ...order(1), quantity: -1 }))).toBe("INVALID_ARGUMENT");
    expect(await session.submit(order(2))).toMatchObject({ accepted: true });
  });

  // They were passed over: an order that was to be `ioc` rested, a mass cancel of one side took out both.
  test("with a field that there isn't are refused, and nothing is sent", async () => {
    const server = await serve(acceptsAll());
    const session = await trade([server]);
    const asked: [what: string, field: string, meant: string, ask: () => Promise<unknown>][] = [
      [
        "an order",
        "timeInforce",
        "timeInForce",
        () => session.submit({ ...order(1), timeInforce: "ioc" } as never),
      ],
      ["a mass cancel", "Side", "side", () => session.massCancel({ Side: "buy" } as never)],
      ["a query of open orders", "symbl", "symbol", () => session.openOrders({ symbl: 1 } as never)],
    ];
    for (const [what, field, meant, ask] of asked) {
      const message = `${what} has no field "${field}", is ${meant} meant?`;
      await expect(ask()).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message });
    }
    expect(server.peers[0].frames).toEqual([]);
  });

  test("with numbers of the caller's are for sessions that use them once", async () => {
    const server = await serve({ ...acceptsAll(), frame: () => {} });
    const session = await trade([server], { once: true });
    void session.submit(order(1), 77).catch(() => {});
    expect(await codeOf(session.submit(order(1), 77))).toBe("INVALID_ARGUMENT");
    void session.submit(order(2)).catch(() => {});
    expect(await codeOf(session.submit(order(3), 2n ** 53n))).toBe("INVALID_ARGUMENT");
    const plain = await trade([server], { instance: 1 });
    expect(await codeOf(plain.submit(order(1), 77))).toBe("INVALID_ARGUMENT");
    while (server.peers[0].frames.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(server.peers[0].frames[0].request).toBe(77);
    expect(server.peers[0].frames[1].request).toBeGreaterThan(1e15);
  });

  // Behind 2^53-1 the session's own numbers were no whole ones any more: the second query had the first one's.
  test("leave room for the session's own numbers above those that a program gives", async () => {
    const server = await serve({
      frame: (peer, { type, request, id }) => {
        if (type === NewOrder) peer.report(1, { kind: Accepted, id, request });
        else peer.openOrdersEnd(request, 0, false, 1);
      },
    });
    const session = await trade([server], { once: true });
    expect(await codeOf(session.submit(order(1), 2 ** 52 + 1))).toBe("INVALID_ARGUMENT");
    expect(await session.submit(order(1), 2 ** 52)).toMatchObject({ accepted: true });
    await Promise.all([session.openOrders(), session.openOrders()]);
    const asked = server.peers[0].frames.map(({ request }) => request - 2 ** 52);
    expect(asked).toEqual([0, 1, 2]);
  });

  // The query's refusal was told as the order's, which was executed.
  test("with the number of a query are not refused when that is", async () => {
    const server = await serve({
      frame: (peer, { type, request, id }) => {
        if (type === MessageType.OpenOrders) peer.refuse(request, 0, Reason.Throttled, type);
        else peer.report(1, { kind: Accepted, id, request });
      },
    });
    const clock = { wallMicros: () => 77, monotonicMicros: () => Math.floor(performance.now() * 1_000) };
    const session = await trade([server], { once: true, clock });
    const [query, answer] = [codeOf(session.openOrders()), session.submit(order(1), 77)];
    expect(await query).toBe("REFUSED");
    expect(await answer).toMatchObject({ accepted: true });
  });

  // The trades of the first were taken for the answer to the second, which was refused: RequestReused.
  test("asked again with a number in use are not answered by what follows from the first", async () => {
    const server = await serve({
      frame: (peer, { request, id }) => {
        if (id === 1) return peer.report(1, { kind: Accepted, id, request, leaves: 5 });
        peer.report(2, { kind: Traded, id: 1, request, lastQuantity: 5 });
        peer.report(3, { kind: Rejected, id, request, reason: Reason.RequestReused });
      },
    });
    const session = await trade([server], { once: true });
    expect(await session.submit(order(1), 77)).toMatchObject({ accepted: true });
    expect(await session.submit(order(2), 77)).toMatchObject({ accepted: false, reason: "RequestReused" });
  });

  test("queries are answered with the orders that rest", async () => {
    const server = await serve({
      frame: (peer, { type, request, id }) => {
        if (type === MessageType.OrderStatus) return peer.openOrder(request, id, id === 1 ? 4 : 0, 9);
        peer.openOrder(request, 1, 4, 9);
        peer.openOrdersEnd(request, 1, true, 9);
      },
    });
    const session = await trade([server]);
    const one = { symbol: 3, id: 1n, side: "sell", price: 100, leaves: 4, cumulative: 0 };
    expect(await session.orderStatus({ id: 1, symbol: 3 })).toEqual({ order: one, asOf: 9 });
    expect(await session.orderStatus({ id: 2, symbol: 3 })).toEqual({ order: undefined, asOf: 9 });
    expect(await session.openOrders()).toEqual({ orders: [one], isTruncated: true, asOf: 9 });
  });
});

describe("a lost connection", () => {
  test("what was executed is answered, what was not is told, and nothing is sent again", async () => {
    let asked: number[] = [];
    const server = await serve({
      logon: (peer) => {
        if (peer.session === 1) return peer.accept(1, 1);
        peer.accept(1, 3);
        peer.report(1, { kind: Accepted, id: 1, request: asked[0], session: 1 });
        peer.report(2, { kind: Traded, id: 1, lastQuantity: 5 });
      },
      frame: (peer) => {
        asked = peer.frames.map(({ request }) => request);
        if (asked.length === 2) peer.socket.destroy();
      },
    });
    const session = await trade([server]);
    const seen: number[] = [];
    session.on("report", ({ number }) => seen.push(number));
    const [one, two] = [session.submit(order(1)), codeOf(session.submit(order(2)))];
    expect(await one).toMatchObject({ accepted: true, report: { number: 1 } });
    expect(await two).toBe("NOT_EXECUTED");
    expect(seen).toEqual([1, 2]);
    expect(server.peers[1].frames).toEqual([]);
    expect(server.peers[1].logon?.next).toBe(1);
  });

  test("requests meanwhile are refused, not kept for later; ready() waits for the next connection", async () => {
    const server = await serve(acceptsAll());
    const session = await trade([server]);
    server.peers[0].socket.destroy();
    await new Promise((resolve) => session.once("disconnected", resolve));
    expect(await codeOf(session.submit(order(1)))).toBe("NOT_CONNECTED");
    await session.ready();
    expect(await session.submit(order(2))).toMatchObject({ accepted: true });
    expect(server.peers[1].frames.map(({ id }) => id)).toEqual([2]);
  });

  test("the next address is tried at once, and asked for what comes next", async () => {
    const first = await serve({
      logon: (peer) => {
        peer.accept(41, 42);
        peer.report(41, { kind: Traded });
      },
    });
    const second = await serve({ logon: (peer) => peer.accept(42, 42) });
    const session = await trade([first, second], { next: 41 });
    await new Promise((resolve) => session.once("report", resolve));
    first.peers[0].socket.destroy();
    await new Promise((resolve) => session.once("connected", resolve));
    expect([first.peers[0].logon?.next, second.peers[0].logon?.next]).toEqual([41, 42]);
  });

  // After a failover that lost the first logon another session of the account had its number, and its report was the answer.
  test("another history's report with the same numbers answers nothing, and the program is told", async () => {
    const server = await serve({
      logon: (peer) => {
        if (peer.session === 1) return peer.accept(1, 1);
        const [first] = server.peers;
        peer.number = first.number;
        peer.accept(1, 2);
        peer.report(1, { kind: Accepted, id: 1, request: first.frames[0].request });
      },
      frame: (peer) => peer.socket.destroy(),
    });
    const session = await trade([server], { next: 1 });
    const gap = new Promise((resolve) => session.once("gap", resolve));
    expect(await codeOf(session.submit(order(1)))).toBe("OUTCOME_UNKNOWN");
    expect(await gap).toEqual({ wanted: 1, first: 1 });
  });

  test("is followed by another one also when whoever is told of it throws", async () => {
    const server = await serve(acceptsAll());
    const session = await trade([server]);
    const thrown = unhandled();
    session.once("disconnected", () => {
      throw new Error("a bug of mine");
    });
    server.peers[0].socket.destroy();
    expect(await thrown).toMatchObject({ message: "a bug of mine" });
    await session.ready();
    expect(await session.submit(order(1))).toMatchObject({ accepted: true });
  });

  test("a gap is told, and what was in doubt is unknown", async () => {
    const server = await serve({
      logon: (peer) => (peer.session === 1 ? peer.accept(1, 1) : peer.accept(9, 9)),
      frame: (peer) => peer.socket.destroy(),
    });
    const session = await trade([server]);
    const gap = new Promise((resolve) => session.once("gap", resolve));
    expect(await codeOf(session.submit(order(1)))).toBe("OUTCOME_UNKNOWN");
    expect(await gap).toEqual({ wanted: 1, first: 9 });
  });

  // What tells lies in the gap: one report behind it names the request, and says that it was executed at most.
  test.each<
    [string, "accepted" | "OUTCOME_UNKNOWN", object, object, (session: TradingSession) => Promise<unknown>]
  >([
    ["a trade of a new order says that it was accepted", "accepted", {}, { kind: Traded, id: 1 }, enters],
    // With another order of the account, whose id it has.
    [
      "the maker's side of its trade does not",
      "OUTCOME_UNKNOWN",
      {},
      { kind: Traded, id: 2, flags: Maker },
      enters,
    ],
    ["nor one in a session with once", "OUTCOME_UNKNOWN", { once: true }, { kind: Traded, id: 1 }, enters],
    [
      "nor does an order's end say how many a mass cancel took out",
      "OUTCOME_UNKNOWN",
      {},
      { kind: Cancelled, id: 1, reason: CancelCause.MassCancel, lastQuantity: 700 },
      (session) => session.massCancel(),
    ],
  ])("behind a gap %s", async (_says, outcome, options, report, ask) => {
    let request = 0;
    const server = await serve({
      logon: (peer) => {
        peer.accept(peer.session === 1 ? 1 : 9, peer.session === 1 ? 1 : 10);
        if (peer.session > 1) peer.report(9, { kind: Traded, ...report, request, session: 1 });
      },
      frame: (peer, frame) => {
        request = frame.request;
        peer.socket.destroy();
      },
    });
    const session = await trade([server], options);
    const said = await ask(session).then(
      () => "accepted",
      ({ code }) => code,
    );
    expect(said).toBe(outcome);
  });

  test("queries fail with it", async () => {
    const server = await serve({ frame: (peer) => peer.socket.destroy() });
    const session = await trade([server]);
    expect(await codeOf(session.openOrders())).toBe("CONNECTION_LOST");
  });

  test.each([
    ["a number that is not due", (peer: SessionServer["peers"][0]) => peer.report(3, { kind: Traded })],
    ["a heartbeat that names another", (peer: SessionServer["peers"][0]) => peer.heartbeat(2)],
    ["a list that nobody asked for", (peer: SessionServer["peers"][0]) => peer.openOrdersEnd(1, 0, false, 0)],
    [
      "a refusal of nothing",
      (peer: SessionServer["peers"][0]) => peer.refuse(1, 1, Reason.Throttled, NewOrder),
    ],
  ])("%s: the connection is given up, and the stream begun again where it was left", async (_what, say) => {
    const server = await serve({ logon: (peer) => peer.accept(1, 1) });
    const session = await trade([server]);
    say(server.peers[0]);
    await new Promise((resolve) => session.once("connected", resolve));
    expect(server.peers[1].logon?.next).toBe(1);
  });

  test("an exchange that says nothing for three heartbeats is given up, one that is told of life is not", async () => {
    const server = await serve({ logon: (peer) => peer.accept(1, 1, 40) });
    const session = await trade([server]);
    const failure = await new Promise<Error>((resolve) => session.once("disconnected", resolve));
    expect(failure.message).toContain("it said nothing for three heartbeats");
    expect(server.peers[0].frames.map(({ type }) => type)).toContain(MessageType.Heartbeat);
  });
});

test("a report that this version cannot read leaves the outcome of its request unknown", async () => {
  const server = await serve({
    frame: (peer, { request }) => peer.report(1, { kind: 99 as never, request }),
  });
  const session = await trade([server]);
  expect(await codeOf(session.submit(order(1)))).toBe("OUTCOME_UNKNOWN");
  expect([session.inFlight, session.nextReport]).toEqual([0, 2]);
});

describe("its end", () => {
  test("a logout waits for all answers, and takes no more requests", async () => {
    const server = await serve(acceptsAll());
    const session = await trade([server]);
    const answer = session.submit(order(1));
    const ended = session.logout();
    expect(await codeOf(session.submit(order(2)))).toBe("CONNECTION_LOST");
    await ended;
    expect(await answer).toMatchObject({ accepted: true });
    expect(server.peers[0].frames.map(({ type }) => type)).toEqual([NewOrder, MessageType.Logout]);
  });

  test("a logout while the connection is away is said over the next one", async () => {
    const server = await serve(acceptsAll());
    const session = await trade([server]);
    const closed = new Promise((resolve) => session.once("closed", resolve));
    const lost = new Promise((resolve) => session.once("disconnected", resolve));
    server.peers[0].socket.destroy();
    await lost;
    await session.logout();
    expect(await closed).toBeUndefined();
    expect(server.peers[1].frames.map(({ type }) => type)).toEqual([MessageType.Logout]);
  });

  // It waited three days, the session's patience.
  test("a logout at an exchange that does not come back is given up after a minute", async () => {
    const server = await serve();
    let now_us = 0;
    const clock = { wallMicros: () => Date.now() * 1_000, monotonicMicros: () => now_us };
    const session = await trade([server], { clock });
    const closed = new Promise<{ message: string }>((resolve) =>
      session.once("closed", (e) => resolve(e as never)),
    );
    const lost = new Promise((resolve) => session.once("disconnected", resolve));
    await server.close();
    await lost;
    const left = session.logout();
    now_us = 60_000_000;
    // Who asks again and again waits no longer than who asks once.
    void session.logout();
    await left;
    expect(await closed).toMatchObject({ code: "PATIENCE_OVER" });
    expect((await closed).message).toContain(`no answer from 127.0.0.1:${server.port} within 60000 ms`);
  });

  // A node that stopped just then had not taken it, and cancelled what is to be cancelled.
  test("a close that does not say LoggedOut is none that a logout led to: it is said again", async () => {
    const taken = acceptsAll();
    const server = await serve({
      ...taken,
      frame: (peer, seen) => (peer.session === 1 ? peer.socket.end() : taken.frame?.(peer, seen)),
    });
    const session = await trade([server]);
    const closed = new Promise((resolve) => session.once("closed", resolve));
    await session.logout();
    expect(await closed).toBeUndefined();
    expect(server.peers.map(({ frames }) => frames.length)).toEqual([1, 1]);
  });

  // It was given up after three heartbeats: the next logon's end, if that was not safe in time either, cancelled on disconnect.
  test("a logout waits for longer than three heartbeats: nothing is said before it is safe", async () => {
    const server = await serve({
      logon: (peer) => peer.accept(1, 1, 20),
      frame: (peer, { type }) => {
        if (type !== MessageType.Logout) return;
        setTimeout(() => {
          peer.say((b) => encodeLoggedOut(b, 0, 1));
          peer.socket.end();
        }, 300);
      },
    });
    const session = await trade([server], { heartbeat_ms: 20 });
    await session.logout();
    expect(server.peers).toHaveLength(1);
  });

  test("cut, what was sent is unknown", async () => {
    const session = await trade([await serve({ frame: () => {} })]);
    const answer = codeOf(session.submit(order(1)));
    session.destroy();
    expect(await answer).toBe("OUTCOME_UNKNOWN");
  });

  test("its patience is over, once, with an error", async () => {
    const server = await serve({ frame: () => {} });
    const session = await trade([server], { patience_ms: 150 });
    const answer = codeOf(session.submit(order(1)));
    const closed = new Promise<{ code: string }>((resolve) =>
      session.once("closed", (e) => resolve(e as never)),
    );
    await server.close();
    expect((await closed).code).toBe("PATIENCE_OVER");
    expect(await answer).toBe("OUTCOME_UNKNOWN");
  });

  test("another connection that takes the session ends it: it does not take it back", async () => {
    const server = await serve({});
    const session = await trade([server]);
    const closed = new Promise<{ code: string }>((resolve) =>
      session.once("closed", (e) => resolve(e as never)),
    );
    server.peers[0].refuseLogon(Reason.SessionReplaced);
    expect((await closed).code).toBe("SESSION_REPLACED");
    expect(server.peers).toHaveLength(1);
  });

  test("a key that is good no more ends it; a node that is on its way out does not", async () => {
    const reasons = [Reason.ShuttingDown, Reason.StorageExhausted, Reason.NotAuthorised];
    const server = await serve({
      logon: (peer) => (peer.session === 1 ? peer.accept() : peer.refuseLogon(reasons[peer.session - 2])),
    });
    const session = await trade([server]);
    const closed = new Promise<{ code: string }>((resolve) =>
      session.once("closed", (e) => resolve(e as never)),
    );
    server.peers[0].socket.destroy();
    expect((await closed).code).toBe("LOGON_REFUSED");
    expect(server.peers).toHaveLength(4);
  });

  // What it threw came out of the socket's callback, where no program can catch it, and ended the process.
  test("a signer that fails is a logon that fails, and at the next one may do", async () => {
    const { name, prove } = signerOf(ALICE);
    let fails = true;
    const signs = (statement: Uint8Array) => {
      if (fails) throw new Error("the module is busy");
      return prove(statement);
    };
    const server = await serve();
    const key = { name, prove: signs };
    const [code, why] = ["SIGNER_FAILED", "alice could not sign the logon: the module is busy"];
    await expect(trade([server], { key })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(why),
    });
    fails = false;
    const session = await trade([server], { key });
    fails = true;
    const lost = new Promise<void>((resolve) => {
      session.on("disconnected", (error) => {
        if (error.code === code) resolve();
      });
    });
    const back = new Promise((resolve) => session.once("connected", resolve));
    server.peers[1].socket.destroy();
    await lost;
    fails = false;
    await back;
  });

  test("nobody at any address: the first connection fails after one round", async () => {
    const [first, second] = [await startSessionServer({}), await startSessionServer({})];
    await Promise.all([first.close(), second.close()]);
    expect(await codeOf(trade([first, second]))).toBe("ECONNREFUSED");
  });

  test.each([
    ["no addresses", { addresses: [] }],
    ["a window beyond what the exchange remembers", { once: true, window: 257 }],
    ["a dead man shorter than two heartbeats", { deadMan_ms: 1_000, heartbeat_ms: 600 }],
    ["an option that there is not", { cancelOnDisconect: true }],
    ["a reader with a dead man", { readOnly: true, deadMan_ms: 10_000 }],
  ])("%s is refused before anything is sent", async (_what, options) => {
    expect(await codeOf(trade([{ port: 1 }], options))).toBe("INVALID_ARGUMENT");
  });
});

describe("reports", () => {
  test("of others' doing come in words: trades of the maker, cancels with their cause", async () => {
    const server = await serve({
      logon: (peer) => {
        peer.accept(1, 3);
        peer.report(1, {
          kind: Traded,
          id: 4,
          flags: ReportFlag.Maker,
          lastPrice: 99,
          lastQuantity: 2,
          leaves: 3,
        });
        peer.report(2, { kind: Cancelled, id: 4, reason: CancelCause.KillSwitch, lastQuantity: 3 });
      },
    });
    const session = await trade([server], { readOnly: true });
    const seen: ExecutionReport[] = [];
    session.on("report", (report) => seen.push(report));
    while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    const traded = {
      kind: "traded",
      isMaker: true,
      lastPrice: 99,
      lastQuantity: 2,
      leaves: 3,
      isLast: false,
    };
    expect(seen).toMatchObject([traded, { kind: "cancelled", cause: "killSwitch", leaves: 0 }]);
    expect(seen[1]).not.toHaveProperty("reason");
  });

  // The reader lacked the report whose listener threw, and was not told.
  test("reach a reader also when a listener throws", async () => {
    const server = await serve({
      logon: (peer) => peer.accept(peer.session, peer.session),
      frame: (peer, { request, id }) => peer.report(1, { kind: Accepted, id, request }),
    });
    const session = await trade([server]);
    const reports = session.reports();
    const thrown = unhandled("uncaughtException");
    session.once("report", () => {
      throw new Error("a bug of mine");
    });
    const back = new Promise((resolve) => session.once("connected", resolve));
    expect(await session.submit(order(1))).toMatchObject({ accepted: true });
    expect(await thrown).toMatchObject({ message: "a bug of mine" });
    await back;
    server.peers[1].report(2, { kind: Cancelled, id: 1, reason: CancelCause.KillSwitch });
    for (const number of [1, 2]) expect((await reports.next()).value).toMatchObject({ number });
  });

  test("a slow reader gets every one, and meanwhile the session reads no more than it must", async () => {
    const count = 20_000;
    const server = await serve({ logon: (peer) => peer.accept(1, 1) });
    const session = await trade([server]);
    const reports = session.reports();
    let heard = 0;
    session.on("report", () => heard++);
    const [peer] = server.peers;
    for (let number = 1; number <= count; number++) peer.report(number, { kind: Traded });
    for (let waits = 0; waits < 20; waits++) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(heard).toBeLessThan(4_096);
    let next = 1;
    for await (const { number } of reports) {
      expect(number).toBe(next++);
      if (next > count) break;
    }
    expect(session.nextReport).toBe(count + 1);
  });

  const MANY = 5_000;
  /** An exchange that says so many reports at the logon, and accepts all. */
  function servesMany(count: number): Promise<SessionServer> {
    const { frame } = acceptsAll(count);
    const logon = (peer: SessionServer["peers"][0]) => {
      peer.accept(1, count + 1);
      for (let number = 1; number <= count; number++) peer.report(number, { kind: Traded });
    };
    return serve({ logon, ...(frame !== undefined && { frame }) });
  }

  // It waited for itself: the answer lay behind the reports that the loop did not read while it awaited the answer.
  test.each([
    ["an answer", (session: TradingSession) => session.submit(order(1))],
    ["the end", (session: TradingSession) => session.logout()],
  ])(
    "a loop that awaits %s in the middle of many gets it, and no more than what was read",
    async (_what, ask) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      const server = await servesMany(MANY);
      const session = await trade([server], { next: 1 });
      let answered = false;
      let seen = 0;
      const loop = (async () => {
        for await (const { number } of session.reports()) {
          seen = number;
          if (number === 1_500) answered = await ask(session).then(() => true);
        }
      })();
      const failure = codeOf(loop);
      const pass = async () => {
        for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
      };
      while (seen < 1_500) await pass();
      vi.advanceTimersByTime(9_000);
      await pass();
      expect([seen, answered]).toEqual([1_500, false]);
      vi.advanceTimersByTime(11_000);
      // Each wait of it is one of timers.
      for (; !answered; vi.advanceTimersByTime(100)) await pass();
      expect(await failure).toBe("EVENTS_OVERFLOW");
      expect(seen).toBeLessThan(4_096);
    },
  );

  test("a reader that pauses is not ended for what is awaited since a moment", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const server = await servesMany(MANY);
    const session = await trade([server], { next: 1 });
    const reports = session.reports();
    while (session.nextReport < 1_025) await new Promise(setImmediate);
    vi.advanceTimersByTime(9_900);
    const answer = session.submit(order(1));
    vi.advanceTimersByTime(9_000);
    for (let number = 1; number <= MANY; number++)
      expect(await reports.next()).toMatchObject({ value: { number } });
    expect(await answer).toMatchObject({ accepted: true });
  });

  test("a reader that stands still over a lost connection loses none: it comes back when it reads on", async () => {
    const count = 20_000;
    const server = await serve({
      logon: (peer) => {
        const first = Math.max(1, peer.logon?.next ?? 0);
        // Who reads nothing learns of a lost connection when it says that it lives.
        peer.accept(first, count + 1, 200);
        for (let number = first; number <= count; number++) peer.report(number, { kind: Traded });
      },
    });
    const session = await trade([server], { next: 1 });
    const reports = session.reports();
    const stalled = async () => {
      const seen = session.nextReport;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return session.nextReport === seen;
    };
    while (!(await stalled()));
    const before = session.nextReport;
    const lost = new Promise((resolve) => session.once("disconnected", resolve));
    server.peers[0].socket.resetAndDestroy();
    await lost;
    while (!(await stalled()));
    expect(server.peers).toHaveLength(1);
    expect(before).toBeLessThan(4_096);
    let next = 1;
    for await (const { number } of reports) {
      expect(number).toBe(next++);
      if (next > count) break;
    }
    expect(session.nextReport).toBe(count + 1);
    expect(server.peers).toHaveLength(2);
  });
});
