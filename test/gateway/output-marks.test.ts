// The transport rules of pending output, over real sockets: two marks per connection, and what becomes of a peer at the
// second one. Time is the test's own: ticks.

import { once } from "node:events";
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { GATEWAY_LIMITS, type GatewayLimits } from "../../src/gateway/index.ts";
import { acks, nextTurn, readAll, startVenue } from "./socket-venue.ts";
import { concat, describeStream, hello, order } from "./support.ts";

const FILLS = 2_000;
const ANSWER_bytes = 32 + FILLS * 52;
const LIMITS = { outputMax_bytes: 2_000_000, outputSoft_bytes: 1_000_000 };

/** A peer of account 7 that does not read, and another one whose orders, each of 2,000 fills, are told to it. */
async function startSweep(limits: Partial<GatewayLimits> = {}) {
  const venue = await startVenue({ ...LIMITS, ...limits }, FILLS);
  const [deaf, busy] = [await venue.open(), await venue.open()];
  deaf.on("error", () => {}).pause();
  deaf.write(hello(7));
  let answered_bytes = 0;
  busy.on("data", (bytes: Buffer) => {
    answered_bytes += bytes.length;
  });
  let orders = 0;
  const sweep = async (): Promise<void> => {
    busy.write(order(++orders));
    while (answered_bytes < orders * ANSWER_bytes) await once(busy, "data");
  };
  const sweepToCap = async (): Promise<void> => {
    while (venue.gateway.counters.closes.OutputFull === 0) await sweep();
  };
  return { ...venue, deaf, sweep, sweepToCap };
}

test("at the cap a peer that reads is sent all that was waiting, whole frames, and then the close", async () => {
  const { gateway, deaf, sweep, sweepToCap, transport } = await startSweep();
  const { left_bytes } = gateway.pool;
  await sweepToCap();
  // The cap and the chunk it ends in: never more, and not yet given back.
  const taken_bytes = left_bytes - gateway.pool.left_bytes;
  expect(taken_bytes).toBeGreaterThan(LIMITS.outputMax_bytes - 2 * GATEWAY_LIMITS.chunk_bytes);
  await sweep();
  expect(left_bytes - gateway.pool.left_bytes).toBeLessThanOrEqual(
    LIMITS.outputMax_bytes + 2 * GATEWAY_LIMITS.chunk_bytes,
  );
  gateway.tick(0);
  gateway.tick(GATEWAY_LIMITS.still_us - 1);
  const seen = await readAll(deaf);
  expect(seen).not.toContain("cut");
  const bytes = (seen.length - 1) * 52;
  expect(bytes).toBeGreaterThan(LIMITS.outputMax_bytes - 52);
  expect(seen.slice(0, 3)).toEqual(["HelloAck 7", "RestingFill 1/0", "RestingFill 1/1"]);
  deaf.end();
  while (transport.open > 1) await nextTurn();
  expect(gateway.counters.closes).toMatchObject({ OutputFull: 1, Blocked: 0 });
});

// Elsewhere than on Linux nobody tells what a peer's machine has acknowledged: -1 is then what never changes.
test.skipIf(!existsSync("/proc/net/tcp"))(
  "at the cap a peer that has stopped reading is closed at once",
  async () => {
    const { gateway, transport, sweep, sweepToCap } = await startSweep({ blocked_us: 3_600_000_000 });
    const { left_bytes } = gateway.pool;
    while (left_bytes - gateway.pool.left_bytes < LIMITS.outputMax_bytes / 4) await sweep();
    // It takes nothing any more: one look to see where it stands, and others until that has come to rest.
    let now_us = 0;
    for (let look = 0; look < 40; look++) {
      now_us += GATEWAY_LIMITS.still_us / 4;
      gateway.tick(now_us);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    gateway.tick(now_us + GATEWAY_LIMITS.still_us);
    expect(transport.open).toBe(2);
    await sweepToCap();
    // No tick, no answer: broken off where the cap was reached.
    while (transport.open > 1) await nextTurn();
    await sweep();
    expect(gateway.counters.closes).toMatchObject({ OutputFull: 1, Blocked: 0 });
  },
);

test("a peer that stops reading behind the cap is closed sooner than one below it", async () => {
  const { gateway, transport, sweepToCap } = await startSweep();
  await sweepToCap();
  gateway.tick(0);
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  gateway.tick(GATEWAY_LIMITS.still_us / 2);
  expect(transport.open).toBe(2);
  gateway.tick(GATEWAY_LIMITS.still_us * 2);
  while (transport.open > 1) await nextTurn();
  expect(GATEWAY_LIMITS.still_us * 2).toBeLessThan(GATEWAY_LIMITS.blocked_us);
});

test("above the soft mark a peer's requests wait; below half of it they are taken, what waited written first", async () => {
  const soft_bytes = 500_000;
  const venue = await startVenue({ outputSoft_bytes: soft_bytes, outputMax_bytes: 2_000_000 }, FILLS);
  const peer: Socket = await venue.open({ allowHalfOpen: true });
  peer.pause();
  const events: string[] = [];
  const note = (event: string): void => {
    if (events.at(-1) !== event) events.push(event);
  };
  const { send } = venue.transport;
  venue.transport.send = (...call) => {
    note("written");
    return send.apply(venue.transport, call);
  };
  const commit = venue.sink.onCommit;
  venue.sink.onCommit = (words) => {
    note("taken");
    commit(words);
  };
  const count = 100;
  peer.end(concat(...Array.from({ length: count }, (_, id) => order(id))));
  // Until the kernel's buffers and the soft mark are full.
  for (let taken = -1, still = 0; still < 50; ) {
    await nextTurn();
    still = venue.sink.commands.length === taken ? still + 1 : 0;
    taken = venue.sink.commands.length;
  }
  expect(venue.sink.commands.length).toBeLessThan(count);
  note("resumed");
  const answers = await readAll(peer);
  expect(answers.filter((word) => word.startsWith("Ack"))).toEqual(acks(count));
  expect(events.slice(events.indexOf("resumed")).slice(0, 3)).toEqual(["resumed", "written", "taken"]);
});

test("late answers and late bytes of a connection never reach its successor in the slot", async () => {
  const venue = await startVenue({}, 0, 1);
  venue.isHeld = true;
  const first = await venue.open();
  first.on("error", () => {});
  first.write(order(0));
  while (venue.sink.commands.length === 0) await nextTurn();
  await nextTurn();
  first.resetAndDestroy();
  while (venue.transport.open > 0) await nextTurn();
  const second = await venue.open();
  while (venue.transport.open === 0) await nextTurn();
  second.write(order(1));
  while (venue.sink.commands.length === 1) await nextTurn();
  await nextTurn();
  venue.gateway.release(2);
  const [bytes] = await once(second, "data");
  expect(describeStream(bytes as Buffer)).toEqual(["Ack 1"]);
});
