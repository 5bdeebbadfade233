import { beforeEach, describe, expect, test } from "vitest";
import { CloseCause, connectionNumber } from "../../src/base/index.ts";
import { GATEWAY_LIMITS, Gateway, type GatewayLimits } from "../../src/gateway/index.ts";
import { OUTPUT_RESERVE_bytes } from "../../src/gateway/limits.ts";
import { COMMAND_WORDS, CommandKind, CommandWord, Reason } from "../../src/protocol/index.ts";
import {
  cancel,
  concat,
  describeStream,
  heartbeat,
  hello,
  instruments,
  ManualTransport,
  order,
  RecordingSink,
  ScriptedEngine,
  type ScriptedTrade,
} from "./support.ts";

/** A gateway whose node applies every command at once: new orders trade as scripted by id, cancels are rejected. */
function newVenue(limits: Partial<GatewayLimits> = {}, firstSession = 1) {
  const transport = new ManualTransport();
  const sink = new RecordingSink();
  const directory = {
    count: 2,
    instrument: (symbol: number) => ({ name: `S${symbol}`, priceDecimals: 2, tick: 1, lot: 1 }),
  };
  const options = { transport, sink, directory, limits: { ...GATEWAY_LIMITS, ...limits }, firstSession };
  const gateway = new Gateway(options);
  const trades = new Map<number, ScriptedTrade[]>();
  /** By order id: requests that were answered before. */
  const repeats = new Map<number, [sequence: number, reason: number]>();
  let command: Int32Array = new Int32Array();
  const engine = new ScriptedEngine((events) => gateway.onApplied(events, command, 0));
  sink.onCommit = (words) => {
    command = words;
    const again = repeats.get(words[CommandWord.orderIdLow]);
    if (again !== undefined) engine.repeat(words, ...again);
    else if ((words[CommandWord.kindSideTypeTif] & 0xff) === CommandKind.Cancel)
      engine.reject(words, Reason.UnknownOrder);
    else engine.accept(words, trades.get(words[CommandWord.orderIdLow]));
  };
  let position = 0;
  return {
    transport,
    sink,
    gateway,
    trades,
    repeats,
    kill: (account: number, ...orders: readonly number[]) => {
      command = new Int32Array(COMMAND_WORDS);
      engine.kill(account, ...orders);
    },
    /** The end of a turn whose batch is safe at once. */
    turn: () => {
      gateway.seal(++position);
      gateway.release(position);
    },
    sent: (connection: number) => describeStream(transport.stream(connection)),
    open: (...connections: number[]) => {
      for (const connection of connections) gateway.opened(connection, "");
    },
    closes: () =>
      Object.fromEntries(Object.entries(gateway.counters.closes).filter(([, count]) => count > 0)),
  };
}

const heartbeats = (count: number) => concat(...Array.from({ length: count }, (_, i) => heartbeat(i)));

let at: ReturnType<typeof newVenue>;
beforeEach(() => {
  at = newVenue();
});

const [A, B, C] = [0, 1, 2];

describe("answers", () => {
  test("go to the connection whose command it was, in order, once their batch is safe", () => {
    at.open(A, B);
    at.trades.set(2, [{ maker: 1, makerAccount: 0 }]);
    at.gateway.received(A, concat(order(1), cancel(9)));
    at.gateway.received(B, order(2));
    at.gateway.seal(3);
    at.gateway.release(2);
    expect([at.sent(A), at.sent(B)]).toEqual([[], []]);
    at.gateway.release(3);
    expect(at.sent(A)).toEqual(["Ack 1", "Reject 9 8"]);
    expect(at.sent(B)).toEqual(["Ack 2", "Fill 2/1"]);
    expect(at.transport.sends.get(A)).toHaveLength(1);
  });

  test("that are given again are the Ack or the Reject of the first time", () => {
    at.open(A);
    at.repeats.set(1, [7, 0]).set(2, [0, Reason.UnknownOrder]);
    at.gateway.received(A, concat(order(1), order(2)));
    at.turn();
    expect(at.sent(A)).toEqual(["Ack 1", `Reject 2 ${Reason.UnknownOrder}`]);
  });

  test("of a command with more events than the buffer holds all arrive", () => {
    at.open(A);
    at.trades.set(
      1,
      Array.from({ length: 11 }, (_, i) => ({ maker: 100 + i, makerAccount: 5 })),
    );
    at.gateway.received(A, order(1));
    at.turn();
    expect(at.sent(A)).toEqual(["Ack 1", ...Array.from({ length: 11 }, (_, i) => `Fill 1/${100 + i}`)]);
  });

  test("to heartbeats wait for nothing; those to Hello and Instruments only for what stands before them", () => {
    at.open(A);
    at.gateway.received(A, concat(hello(3), instruments(), heartbeat(1)));
    expect(at.sent(A)).toEqual(["HelloAck 3", "Instrument S0", "Instrument S1", "HeartbeatAck 1"]);
    at.gateway.received(A, concat(order(1), hello(3), heartbeat(2)));
    expect(at.sent(A).slice(4)).toEqual(["HeartbeatAck 2"]);
    at.turn();
    expect(at.sent(A).slice(5)).toEqual(["Ack 1", "HelloAck 3"]);
  });

  test("of a later batch stay behind it when a Hello's answer waits with them", () => {
    at.open(A);
    at.gateway.received(A, concat(hello(3), order(1)));
    at.gateway.seal(1);
    at.gateway.received(A, order(2));
    at.gateway.seal(2);
    at.gateway.received(A, hello(3));
    at.gateway.release(1);
    expect(at.sent(A)).toEqual(["HelloAck 3", "Ack 1"]);
    at.gateway.release(2);
    expect(at.sent(A).slice(2)).toEqual(["Ack 2", "HelloAck 3"]);
  });

  test("to orders that are refused wait for nothing", () => {
    at.open(A);
    at.gateway.refuseOrders(Reason.Halted);
    at.gateway.received(A, order(1));
    expect(at.sent(A)).toEqual([`Reject 1 ${Reason.Halted}`]);
    at.gateway.refuseOrders(Reason.None);
    at.gateway.received(A, order(2));
    at.turn();
    expect(at.sent(A).at(-1)).toBe("Ack 2");
  });

  test("whose connection is gone are dropped, and its successor in the slot sees nothing of them", () => {
    const successor = connectionNumber(A, 1);
    at.open(A);
    at.gateway.received(A, order(1));
    const late = at.sink.commands[0];
    at.gateway.closed(A, CloseCause.Broken);
    at.open(successor);
    at.turn();
    new ScriptedEngine((events) => at.gateway.onApplied(events, late, 0)).accept(late);
    at.gateway.received(A, order(2));
    at.turn();
    expect([at.sent(A), at.sent(successor)]).toEqual([[], []]);
    expect(at.sink.commands).toHaveLength(1);
    expect(at.closes()).toEqual({ Broken: 1 });
  });
});

describe("a resting order's fill", () => {
  test("goes to nobody whose Hello found no memory for its answer, nor to a successor in that slot", () => {
    at = newVenue(SCARCE);
    const [honest, greedy, late] = [A, B, C];
    at.open(honest, greedy, late);
    at.gateway.received(honest, hello(5));
    at.transport.holding.add(late);
    at.gateway.received(late, heartbeats(5));
    at.transport.holding.add(greedy);
    while (at.gateway.pool.left_bytes > 0) at.gateway.received(greedy, heartbeats(1));
    at.gateway.received(late, hello(5));
    expect(at.closes()).toEqual({ OutputMemory: 1 });
    at.gateway.closed(greedy, CloseCause.Broken);
    at.gateway.closed(late, CloseCause.Broken);
    const successor = connectionNumber(late, 1);
    at.open(successor);
    at.trades.set(1, [{ maker: 10, makerAccount: 5 }]);
    at.gateway.received(honest, order(1));
    at.turn();
    expect(at.sent(honest)).toEqual(["HelloAck 5", "Ack 1", "Fill 1/10", "RestingFill 1/10"]);
    expect(at.sent(successor)).toEqual([]);
    // With the slot on the list twice, this removal would go in circles.
    at.gateway.received(successor, hello(5));
    at.gateway.closed(honest, CloseCause.Finished);
    at.gateway.received(successor, order(1));
    at.turn();
    expect(at.sent(successor)).toEqual(["HelloAck 5", "Ack 1", "Fill 1/10", "RestingFill 1/10"]);
  });

  test("goes to every connection that said Hello with its account, and to no other", () => {
    const [D, E] = [3, 4];
    at.open(A, B, C, D, E);
    at.gateway.received(B, hello(7));
    at.gateway.received(C, hello(7));
    at.gateway.received(D, hello(6));
    at.trades.set(1, [
      { maker: 10, makerAccount: 7 },
      { maker: 11, makerAccount: 0 },
    ]);
    at.gateway.received(A, order(1));
    at.turn();
    expect(at.sent(A)).toEqual(["Ack 1", "Fill 1/10", "Fill 1/11"]);
    expect(at.sent(B)).toEqual(["HelloAck 7", "RestingFill 1/10"]);
    expect(at.sent(C)).toEqual(["HelloAck 7", "RestingFill 1/10"]);
    expect(at.sent(D)).toEqual(["HelloAck 6"]);
    expect(at.sent(E)).toEqual([]);
  });

  test("of the taker's own account follows the Fill", () => {
    at.open(A);
    at.trades.set(1, [{ maker: 10, makerAccount: 0 }]);
    at.gateway.received(A, concat(hello(0), order(1)));
    at.turn();
    expect(at.sent(A)).toEqual(["HelloAck 0", "Ack 1", "Fill 1/10", "RestingFill 1/10"]);
  });

  test("follows an account changed by Hello, and no connection that is gone", () => {
    at.open(A, B, C);
    at.gateway.received(B, concat(hello(7), hello(6)));
    at.gateway.received(C, hello(6));
    at.gateway.closed(C, CloseCause.Finished);
    at.trades.set(1, [{ maker: 10, makerAccount: 7 }]);
    at.trades.set(2, [{ maker: 11, makerAccount: 6 }]);
    at.gateway.received(A, concat(order(1), order(2)));
    at.turn();
    expect(at.sent(B)).toEqual(["HelloAck 7", "HelloAck 6", "RestingFill 2/11"]);
  });
});

test("an order that a kill switch took out is told to every connection that said Hello with its account", () => {
  at.open(A, B, C);
  at.gateway.received(A, hello(7));
  at.gateway.received(B, hello(7));
  at.gateway.received(C, hello(6));
  at.kill(7, 1, 2, 3, 4, 5);
  expect(at.sent(A)).toEqual(["HelloAck 7"]);
  at.turn();
  const told = [1, 2, 3, 4, 5].map((id) => `Cancelled ${id}`);
  expect([at.sent(A), at.sent(B), at.sent(C)]).toEqual([
    ["HelloAck 7", ...told],
    ["HelloAck 7", ...told],
    ["HelloAck 6"],
  ]);
});

describe("closing", () => {
  test("a malformed frame closes its connection after what was answered before, and touches no other", () => {
    at.open(A, B);
    const malformed = new Uint8Array(16).fill(0xff);
    at.gateway.received(A, concat(order(1), malformed, order(2)));
    at.gateway.received(B, order(3));
    expect(at.transport.closed.has(A)).toBe(false);
    at.gateway.received(A, order(4));
    at.turn();
    expect(at.sent(A)).toEqual(["Ack 1"]);
    expect(at.transport.closed).toEqual(new Set([A]));
    expect(at.sent(B)).toEqual(["Ack 3"]);
    expect(at.sink.requests).toEqual([1, 3]);
    expect(at.closes()).toEqual({ Malformed: 1 });
  });

  test("a peer that ends its side gets all its answers and then the close", () => {
    at.open(A);
    at.gateway.received(A, concat(order(1), order(2), order(3).subarray(0, 10)));
    at.gateway.ended(A);
    expect(at.transport.closed.size).toBe(0);
    at.turn();
    expect(at.sent(A)).toEqual(["Ack 1", "Ack 2"]);
    expect(at.transport.closed).toEqual(new Set([A]));
    at.gateway.closed(A, CloseCause.Finished);
    expect(at.closes()).toEqual({ PeerEnded: 1 });
    expect(at.gateway.counters.connections).toBe(0);
  });

  test("an account that does not exist is named as the reason", () => {
    at.open(A);
    at.gateway.received(A, hello(GATEWAY_LIMITS.accountsMax));
    expect(at.transport.closed).toEqual(new Set([A]));
    expect(at.closes()).toEqual({ UnknownAccount: 1 });
  });

  test("no session gets a number again: without another one a connection is turned away, the others go on", () => {
    at = newVenue({}, 2 ** 32 - 1);
    at.open(A, B);
    at.gateway.received(A, order(1));
    at.gateway.received(B, order(2));
    at.turn();
    expect([at.sent(A), at.sent(B), [...at.transport.destroyed]]).toEqual([["Ack 1"], [], [B]]);
    expect(at.sink.commands.map((command) => command[CommandWord.sessionHigh] >>> 0)).toEqual([2 ** 32 - 1]);
    expect([at.gateway.counters.connections, at.closes()]).toEqual([1, { SessionsUsedUp: 1 }]);
  });

  test("stop closes every connection after its answers, takes no new one, and resolves when all are gone", async () => {
    at.open(A, B);
    at.gateway.received(A, order(1));
    let done = false;
    const stopped = at.gateway.stop().then(() => {
      done = true;
    });
    expect(at.transport.closed).toEqual(new Set([B]));
    at.gateway.received(A, order(2));
    at.open(C);
    expect(at.transport.destroyed).toEqual(new Set([C]));
    at.turn();
    expect(at.sent(A)).toEqual(["Ack 1"]);
    at.gateway.closed(C, CloseCause.Finished);
    at.gateway.closed(B, CloseCause.Finished);
    await Promise.resolve();
    expect(done).toBe(false);
    at.gateway.closed(A, CloseCause.Finished);
    await stopped;
    expect(at.closes()).toEqual({ Stopped: 2 });
  });
});

/** 128 bytes for each of the eight first chunks, and eight times 128 beside them. */
const SCARCE = { connectionsMax: 4, firstChunk_bytes: 128, chunk_bytes: 128, outputTotal_bytes: 2_048 };

describe("bounds", () => {
  test("a full ring pauses reading; stalled connections go on in the order in which they stopped", () => {
    at.open(A, B);
    at.sink.room = 1;
    at.gateway.received(A, concat(order(1), order(2), order(3)));
    at.gateway.received(B, concat(order(11), order(12)));
    expect(at.transport.paused).toEqual(new Set([A, B]));
    expect(at.gateway.stalled).toBe(2);
    at.sink.room = 1;
    at.gateway.resumeStalled();
    expect(at.sink.requests).toEqual([1, 2]);
    at.sink.room = 1;
    at.gateway.resumeStalled();
    expect(at.sink.requests).toEqual([1, 2, 11]);
    at.sink.room = 9;
    at.gateway.resumeStalled();
    expect(at.sink.requests).toEqual([1, 2, 11, 3, 12]);
    expect(at.transport.paused.size).toBe(0);
    at.turn();
    expect(at.sent(A)).toEqual(["Ack 1", "Ack 2", "Ack 3"]);
  });

  test("a connection that is gone is not waited for at a full ring", () => {
    at.open(A);
    at.sink.room = 0;
    at.gateway.received(A, order(1));
    at.gateway.closed(A, CloseCause.Broken);
    expect(at.gateway.stalled).toBe(0);
    at.sink.room = 9;
    at.gateway.resumeStalled();
    expect(at.sink.requests).toEqual([]);
  });

  test("above the soft mark requests are not read; at half of it they are again", () => {
    at = newVenue({ outputSoft_bytes: 320 });
    at.open(A);
    at.gateway.received(A, concat(...Array.from({ length: 20 }, (_, i) => order(i))));
    expect(at.sink.commands).toHaveLength(11);
    expect(at.transport.paused.has(A)).toBe(true);
    at.turn();
    expect(at.sink.commands).toHaveLength(20);
    expect(at.transport.paused.has(A)).toBe(true);
    at.turn();
    expect(at.transport.paused.has(A)).toBe(false);
    expect(at.sent(A)).toEqual(Array.from({ length: 20 }, (_, i) => `Ack ${i}`));
  });

  test("more heartbeats in one chunk than the soft mark holds are all answered", () => {
    at = newVenue({ outputSoft_bytes: 100 });
    at.open(A);
    at.gateway.received(A, concat(...Array.from({ length: 50 }, (_, i) => heartbeat(i))));
    expect(at.sent(A)).toEqual(Array.from({ length: 50 }, (_, i) => `HeartbeatAck ${i}`));
    expect(at.transport.paused.size).toBe(0);
  });

  /** B does not read, and its account's orders are hit until its cap is reached: `fills` RestingFills an order. */
  const sweepToCap = (fills: number): void => {
    const trades = Array.from({ length: fills }, (_, i) => ({ maker: i, makerAccount: 7 }));
    for (let id = 1; at.gateway.counters.closes.OutputFull === 0; id++) {
      at.trades.set(id, trades);
      at.gateway.received(A, order(id));
      at.turn();
    }
  };

  test("a peer whose cap is reached is sent what was waiting, whole frames only, and others go on", () => {
    at = newVenue({ outputMax_bytes: 75_000, outputSoft_bytes: 4_000, chunk_bytes: 1_024 });
    at.open(A, B);
    at.gateway.received(B, hello(7));
    at.transport.holding.add(B);
    sweepToCap(200);
    at.gateway.received(A, order(99));
    at.turn();
    expect(at.closes()).toEqual({ OutputFull: 1 });
    expect(at.sent(A).at(-1)).toBe("Ack 99");
    while (at.transport.drain(B)) at.gateway.drained(B);
    expect(at.transport.closed).toEqual(new Set([B]));
    const seen = at.sent(B);
    expect(seen).not.toContain("cut");
    // 28 bytes were sent at once; 75,000 hold 1,442 of 52 bytes.
    expect(seen).toHaveLength(1 + 1_442);
    expect(seen.at(-1)).toBe(`RestingFill ${Math.ceil(1_442 / 200)}/${(1_442 - 1) % 200}`);
  });

  test("a peer that has taken nothing for some time before its cap is reached is broken off there", () => {
    at = newVenue({ outputMax_bytes: 75_000, outputSoft_bytes: 4_000 });
    at.open(A, B);
    at.gateway.received(B, hello(7));
    at.transport.holding.add(B);
    at.trades.set(1, [{ maker: 1, makerAccount: 7 }]);
    at.gateway.received(A, order(1));
    at.turn();
    at.gateway.tick(1_000_000);
    at.gateway.tick(1_000_000 + GATEWAY_LIMITS.still_us);
    expect(at.transport.destroyed.size).toBe(0);
    sweepToCap(200);
    expect(at.transport.destroyed).toEqual(new Set([B]));
    expect(at.closes()).toEqual({ OutputFull: 1 });
  });

  test("a peer at its cap that takes some, but not all within the time for it, is broken off in the end", () => {
    at = newVenue({ outputMax_bytes: 75_000, outputSoft_bytes: 4_000 });
    at.open(A, B);
    at.gateway.received(B, hello(7));
    at.transport.holding.add(B);
    sweepToCap(200);
    const { lastAnswers_us } = GATEWAY_LIMITS;
    for (let now_us = 0; now_us < lastAnswers_us; now_us += 1_000_000) {
      at.transport.unacknowledged_bytes.set(B, 90_000 - now_us / 1_000_000);
      at.gateway.tick(now_us);
    }
    expect(at.transport.destroyed.size).toBe(0);
    at.transport.unacknowledged_bytes.set(B, 1);
    at.gateway.tick(lastAnswers_us);
    expect(at.transport.destroyed).toEqual(new Set([B]));
  });

  test("a peer whose machine acknowledges some bytes of one long send is not broken off before it stops", () => {
    at.open(A);
    at.transport.holding.add(A);
    at.gateway.received(A, heartbeat(1));
    for (let second = 0; second <= 20; second++) {
      at.transport.unacknowledged_bytes.set(A, 90_000 - second);
      at.gateway.tick(second * 1_000_000);
    }
    for (let second = 21; second < 25; second++) at.gateway.tick(second * 1_000_000);
    expect(at.transport.destroyed.size).toBe(0);
    at.gateway.tick(25_000_000);
    expect(at.transport.destroyed).toEqual(new Set([A]));
  });

  test("as many connections as there may be each get an answer of one batch", () => {
    at = newVenue({ connectionsMax: 5_000, outputTotal_bytes: 20_480_000 });
    const all = Array.from({ length: 5_000 }, (_, connection) => connection);
    at.open(...all);
    for (const connection of all) at.gateway.received(connection, order(connection));
    at.turn();
    expect(at.closes()).toEqual({});
    expect(all.every((connection) => at.sent(connection)[0] === `Ack ${connection}`)).toBe(true);
  });

  test("a peer that takes nothing for the limit is broken off, one that moves is not", () => {
    at.open(A, B);
    for (const connection of [A, B]) {
      at.transport.holding.add(connection);
      at.gateway.received(connection, heartbeat(1));
    }
    at.gateway.tick(1_000_000);
    at.gateway.tick(5_900_000);
    at.transport.holding.delete(B);
    at.transport.drain(B);
    at.gateway.drained(B);
    at.transport.holding.add(B);
    at.gateway.received(B, heartbeat(2));
    expect(at.transport.destroyed.size).toBe(0);
    at.gateway.tick(6_000_000);
    expect(at.transport.destroyed).toEqual(new Set([A]));
    expect(at.closes()).toEqual({ Blocked: 1 });
  });

  test("when all output memory is taken the connection that needs more is closed, and gives its memory back", () => {
    at = newVenue(SCARCE);
    at.open(A, B);
    at.gateway.received(A, concat(...Array.from({ length: 40 }, (_, i) => order(i))));
    expect(at.closes()).toEqual({ OutputMemory: 1 });
    // Four answers in each of nine chunks; the one without room for its answer was taken all the same.
    expect(at.sink.commands).toHaveLength(37);
    at.gateway.received(B, order(30));
    at.turn();
    expect(at.sent(B)).toEqual(["Ack 30"]);
  });
});

describe("the answer limit written into a command", () => {
  const { outputMax_bytes, outputSoft_bytes } = GATEWAY_LIMITS;
  const room = outputMax_bytes - outputSoft_bytes - OUTPUT_RESERVE_bytes - 32;
  const limitOf = (command: number) => at.sink.commands[command][CommandWord.answerLimit_fills];

  test("is what fits above the soft mark, whatever waits, so that timing leaves no trace in the log", () => {
    at.open(A);
    at.gateway.received(A, concat(order(1), order(2)));
    expect([limitOf(0), limitOf(1)]).toEqual([Math.floor(room / 52), Math.floor(room / 52)]);
  });

  test("counts both sides of a fill for a connection that said Hello", () => {
    at.open(A);
    at.gateway.received(A, concat(hello(1), order(1)));
    expect(limitOf(0)).toBe(Math.floor(room / 104));
  });

  test("is never 0, which would mean no limit", () => {
    at = newVenue(SCARCE);
    at.open(A);
    at.gateway.received(A, order(1));
    expect(limitOf(0)).toBe(1);
  });
});
