// The gateway's limits over real sockets, on a clock of the test's own: each is provoked, and what is counted and told is read.

import { expect, test } from "vitest";
import { GATEWAY_LIMITS } from "../../src/gateway/index.ts";
import { Reason } from "../../src/protocol/index.ts";
import { acks, nextTurn, readAll, startVenue, type Venue } from "./socket-venue.ts";
import { cancel, concat, heartbeat, hello, order } from "./support.ts";

const { deadlines, rates } = GATEWAY_LIMITS;
const TICK_us = 100_000;

/** Lets the venue's clock go on by so much, a tick at a time. */
function pass(venue: Venue, seconds: number): void {
  const clock = clocks.get(venue) ?? { us: 0 };
  clocks.set(venue, clock);
  for (let left_us = seconds * 1e6; left_us > 0; left_us -= TICK_us) {
    clock.us += TICK_us;
    venue.gateway.tick(clock.us);
  }
}
const clocks = new WeakMap<Venue, { us: number }>();

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await nextTurn();
}

test("an address has as many connections as it may; one more is closed at once and counted, the others go on", async () => {
  const venue = await startVenue({ addresses: { connections: 1, ownConnections: 2 } });
  const peers = [await venue.open(), await venue.open()];
  await until(() => venue.gateway.counters.connections === 2);
  const third = await venue.open();
  expect(await readAll(third)).toEqual([]);
  expect(venue.closings).toEqual([{ reason: "AddressFull", address: "127.0.0.1" }]);
  expect(venue.gateway.counters).toMatchObject({ connections: 2, closes: { AddressFull: 1 } });
  const answers = readAll(peers[0]);
  peers[0].end(order(0));
  expect(await answers).toEqual(acks(1));
  await until(() => venue.gateway.counters.connections === 1);
  const next = await venue.open();
  const heard = readAll(next);
  next.end(heartbeat(1));
  expect(await heard).toEqual(["HeartbeatAck 1"]);
});

test("a frame that is begun and not finished in time ends its connection", async () => {
  const venue = await startVenue();
  pass(venue, 1);
  const [slow, other] = [await venue.open(), await venue.open()];
  const answers = readAll(slow);
  slow.write(concat(hello(5), order(0), order(1).subarray(0, 30)));
  await until(() => venue.gateway.counters.frames === 2);
  pass(venue, 4.9);
  slow.write(order(1).subarray(30, 31));
  await nextTurn();
  expect(venue.closings).toEqual([]);
  pass(venue, 0.2);
  expect(await answers).toEqual(["HelloAck 5", "Ack 0"]);
  expect(venue.closings).toEqual([
    { reason: "FrameTimeout", address: "127.0.0.1", account: 5, session: expect.any(Number) },
  ]);
  expect(venue.sink.requests).toEqual([0]);
  other.destroy();
});

test("a sender of single bytes that finishes each frame in time goes on", async () => {
  const venue = await startVenue();
  pass(venue, 1);
  const peer = await venue.open();
  const answers = readAll(peer);
  const bytes = concat(order(0), order(1), order(2));
  for (let at = 0; at < bytes.length; at++) {
    peer.write(bytes.subarray(at, at + 1));
    await until(() => venue.gateway.counters.received_bytes === at + 1);
    pass(venue, 0.1);
  }
  peer.end();
  expect(await answers).toEqual(acks(3));
});

test("with an idle time, a connection that says nothing for so long is ended, one that says anything stays", async () => {
  const venue = await startVenue({ deadlines: { ...deadlines, idle_us: 3_000_000 } });
  pass(venue, 1);
  const [silent, alive] = [await venue.open(), await venue.open()];
  const ends = readAll(silent);
  await until(() => venue.gateway.counters.connections === 2);
  for (let i = 0; i < 4; i++) {
    pass(venue, 1);
    alive.write(heartbeat(i));
    await until(() => venue.gateway.counters.frames === i + 1);
  }
  expect(await ends).toEqual([]);
  expect(venue.closings).toMatchObject([{ reason: "Idle" }]);
  expect(venue.gateway.counters.closes.Idle).toBe(1);
});

test("without one a connection may be silent for a day", async () => {
  const venue = await startVenue();
  await venue.open();
  await until(() => venue.gateway.counters.connections === 1);
  pass(venue, 3_600);
  expect(venue.closings).toEqual([]);
});

const throttled = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `Reject ${from + i} ${Reason.Throttled}`);

test("orders over the rate are refused, not sequenced, and the connection goes on; cancels have their own rate", async () => {
  const venue = await startVenue({ rates: { ...rates, open: 10 } });
  pass(venue, 1);
  const peer = await venue.open();
  const answers = readAll(peer);
  const orders = Array.from({ length: 15 }, (_, id) => order(id));
  peer.write(concat(...orders, cancel(3), heartbeat(1)));
  await until(() => venue.gateway.counters.frames === 17);
  expect(venue.sink.requests).toEqual([...Array(10).keys(), 3]);
  expect(venue.gateway.counters).toMatchObject({ throttled: { session_orders: 5, logon: 0 }, refused: 5 });
  pass(venue, 0.2);
  peer.end(concat(order(20), order(21), order(22)));
  const said = await answers;
  expect(said.filter((word) => word.startsWith("Reject"))).toEqual([
    ...throttled(10, 15),
    ...throttled(22, 23),
  ]);
  expect(venue.sink.requests.slice(11)).toEqual([20, 21]);
  expect(venue.closings).toMatchObject([{ reason: "PeerEnded" }]);
});

test("two connections of one account share what it may send, another account has its own", async () => {
  const venue = await startVenue({ rates: { ...rates, open: 10 } });
  const orders = (from: number, count: number) =>
    concat(...Array.from({ length: count }, (_, i) => order(from + i)));
  const said: string[][] = [];
  for (const [account, from, count] of [
    [1, 0, 6],
    [1, 6, 6],
    [2, 12, 6],
  ] as const) {
    const peer = await venue.open();
    const answers = readAll(peer);
    peer.end(concat(hello(account), orders(from, count)));
    said.push(await answers);
  }
  expect(said.map((words) => words.filter((word) => word.startsWith("Ack")).length)).toEqual([6, 4, 6]);
  expect(said[1].filter((word) => word.startsWith("Reject"))).toEqual(throttled(10, 12));
});

test("a flood of refusals to a peer that does not read stays below the soft mark, and is pushed back", async () => {
  const outputSoft_bytes = 16_384;
  const venue = await startVenue({ outputSoft_bytes, rates: { ...rates, open: 1 } });
  const peer = await venue.open({ allowHalfOpen: true });
  peer.pause();
  const free_bytes = venue.gateway.pool.left_bytes;
  const flood = concat(...Array.from({ length: 20_000 }, (_, id) => order(id)));
  const { throttled } = venue.gateway.counters;
  let stillRounds = 0;
  // The kernel's buffers take some MiB each way before anybody is pushed back.
  for (let round = 0; round < 200 && stillRounds < 3; round++) {
    peer.write(flood);
    const before = throttled.session_orders;
    for (let turn = 0; turn < 100; turn++) await nextTurn();
    stillRounds = before > 0 && throttled.session_orders === before ? stillRounds + 1 : 0;
  }
  expect(stillRounds).toBe(3);
  expect(venue.sink.commands.length).toBe(1);
  expect(venue.closings).toEqual([]);
  expect(free_bytes - venue.gateway.pool.left_bytes).toBeLessThanOrEqual(
    outputSoft_bytes + 2 * GATEWAY_LIMITS.chunk_bytes,
  );
  peer.destroy();
});

test("time in which the gateway itself stood still is nobody's silence", async () => {
  const venue = await startVenue({ deadlines: { ...deadlines, idle_us: 3_000_000 } });
  venue.gateway.tick(0);
  const peer = await venue.open();
  peer.write(heartbeat(1));
  await until(() => venue.gateway.counters.frames === 1);
  for (const at_s of [1, 100, 200]) venue.gateway.tick(at_s * 1e6);
  expect(venue.closings).toEqual([]);
  venue.gateway.tick(300e6);
  venue.gateway.tick(301e6);
  expect(venue.closings).toMatchObject([{ reason: "Idle" }]);
});
