import { expect, test } from "vitest";
import { connectionNumber } from "../../../src/base/index.ts";
import { SlotQueue, STAGING_BUFFER_BYTES, StagingPool } from "../../../src/tape/index.ts";

const [a, b, c, d] = [1, 2, 3, 4].map((slot) => connectionNumber(slot, 5));

function poolOf(buffers: number): StagingPool {
  return new StagingPool({ buffers, connectionsMax: 16, workers: 1 });
}

/** A buffer is filled once, handed over and let go. */
function fill(pool: StagingPool, buffer: number): void {
  pool.handOver(buffer);
  pool.letGo(buffer);
}

test("a buffer is free again when its holder and the commit stage are both done with it, in either order", () => {
  const pool = poolOf(2);
  const first = pool.take(a, 0);
  pool.handOver(first);
  pool.handOver(first);
  pool.returned(first);
  pool.letGo(first);
  expect(pool.inUse).toBe(1);
  pool.returned(first);
  expect(pool.inUse).toBe(0);
  const second = pool.take(b, 0);
  pool.handOver(second);
  pool.returned(second);
  expect(pool.inUse).toBe(1);
  pool.letGo(second);
  expect(pool.inUse).toBe(0);
});

test("who finds no buffer waits, and the oldest waiter is served first; nobody takes one before them", () => {
  const pool = poolOf(1);
  const buffer = pool.take(a, 0);
  expect([pool.take(b, 0), pool.take(c, 0), pool.take(b, 0)]).toEqual([-1, -1, -1]);
  expect(pool.waiting).toBe(2);
  expect(pool.grant()).toBe(-1);
  fill(pool, buffer);
  pool.returned(buffer);
  expect(pool.take(d, 0)).toBe(-1);
  expect(pool.grant()).toBe(b);
  expect(pool.holderOf(pool.granted)).toBe(b);
  fill(pool, pool.granted);
  pool.returned(pool.granted);
  expect(pool.grant()).toBe(c);
  expect(pool.timesExhausted).toBe(4);
});

test("once all are out, waiters go on when a quarter is free, unless nothing is at the commit stage any more", () => {
  const pool = poolOf(8);
  const buffers = Array.from({ length: 8 }, () => pool.take(a, 0));
  pool.take(b, 0);
  pool.take(c, 0);
  for (const buffer of buffers) fill(pool, buffer);
  pool.returned(buffers[0]);
  expect(pool.grant()).toBe(-1);
  pool.returned(buffers[1]);
  expect(pool.grant()).toBe(b);
  expect(pool.grant()).toBe(c);

  const slow = poolOf(8);
  const held = Array.from({ length: 8 }, () => slow.take(a, 0));
  slow.take(b, 0);
  fill(slow, held[0]);
  expect(slow.grant()).toBe(-1);
  slow.returned(held[0]);
  // The other seven are being filled by somebody slow: waiting for a second free one could last for ever.
  expect(slow.grant()).toBe(b);
});

test("who is gone waits no more", () => {
  const pool = poolOf(1);
  const buffer = pool.take(a, 0);
  pool.take(b, 0);
  pool.take(c, 0);
  pool.forget(b);
  pool.forget(d);
  pool.letGo(buffer);
  expect(pool.grant()).toBe(c);
  expect(pool.waiting).toBe(0);
});

test("every page of a buffer is its own memory, shared with other threads", () => {
  const pool = poolOf(2);
  expect(pool.shared.map(({ byteLength }) => byteLength)).toEqual([
    STAGING_BUFFER_BYTES,
    STAGING_BUFFER_BYTES,
  ]);
  expect(pool.memory[0].buffer).toBe(pool.shared[0]);
});

test("a queue of slots keeps the order of joining, whoever leaves from it", () => {
  const queue = new SlotQueue(8);
  for (const connection of [a, b, c, d]) queue.push(connection);
  queue.push(a);
  queue.remove(c);
  queue.remove(c);
  expect(queue.length).toBe(3);
  expect([queue.shift(), queue.shift()]).toEqual([a, b]);
  queue.push(a);
  expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([d, a, -1]);
});

// One worker's hanging sync stopped the publishers of all topics while buffers lay free.
test("buffers that do not come back are waited for no longer than two looks: fewer are enough then, until as many are free again", () => {
  const pool = new StagingPool({ buffers: 32, connectionsMax: 64, workers: 1 });
  for (let connection = 0; connection < 32; connection++) {
    const buffer = pool.take(connection, 0);
    pool.handOver(buffer);
    pool.letGo(buffer);
  }
  for (let connection = 32; connection < 40; connection++) expect(pool.take(connection, 0)).toBe(-1);
  for (let buffer = 0; buffer < 7; buffer++) pool.returned(buffer);
  pool.relax();
  expect(pool.grant()).toBe(-1);
  pool.relax();
  const granted: number[] = [];
  for (let connection = pool.grant(); connection >= 0; connection = pool.grant()) granted.push(connection);
  expect(granted).toEqual([32, 33, 34, 35, 36, 37, 38]);
  for (let buffer = 0; buffer < 3; buffer++) pool.letGo(buffer);
  expect(pool.grant()).toBe(-1);
  pool.letGo(3);
  expect(pool.grant()).toBe(39);
  for (let buffer = 7; buffer < 32; buffer++) pool.returned(buffer);
  expect(pool.inUse).toBe(32 - 28);
});

test("of several workers who has waited longest goes on first, also who asks again, and any buffer that may be theirs is waited for", () => {
  const pool = new StagingPool({ buffers: 4, connectionsMax: 16, workers: 2 });
  const held = [0, 0, 1, 1].map((worker) => pool.take(a, worker));
  expect([pool.take(c, 1), pool.take(d, 0), pool.take(c, 1)]).toEqual([-1, -1, -1]);
  pool.letGo(held[0]);
  expect(pool.grant()).toBe(c);
  // Worker 1 has three now, all that it may have: who waits for it waits for those.
  pool.forget(d);
  expect(pool.take(b, 1)).toBe(-1);
  expect([held[1], held[2]].map((buffer) => pool.isWaitedFor(buffer))).toEqual([false, true]);
  expect(pool.take(d, 0)).toBe(-1);
  expect(pool.isWaitedFor(held[3])).toBe(true);
  pool.forget(b);
  expect(pool.isWaitedFor(held[3])).toBe(true);
});

test("of several workers none takes the share of another: its publishers wait, those of the others go on at once", () => {
  const pool = new StagingPool({ buffers: 8, connectionsMax: 64, workers: 2 });
  // Half of each worker's even part is left to it: 2 of 8.
  const held = [0, 1, 2, 3, 4, 5].map((connection) => pool.take(connection, 0));
  expect(held).not.toContain(-1);
  expect(pool.take(6, 0)).toBe(-1);
  for (const buffer of held) fill(pool, buffer);
  expect([pool.inUse, pool.grant()]).toEqual([6, -1]);
  // The first worker's disk hangs. The second one's publishers come and go, and wait for each other alone.
  for (let round = 0; round < 3; round++) {
    const [first, second] = [pool.take(10, 1), pool.take(11, 1)];
    expect([pool.inUse, pool.take(12, 1)]).toEqual([8, -1]);
    expect([first, second].map((buffer) => pool.isWaitedFor(buffer))).toEqual([true, true]);
    fill(pool, first);
    pool.returned(first);
    pool.relax();
    pool.relax();
    expect(pool.grant()).toBe(12);
    expect(pool.isWaitedFor(second)).toBe(false);
    for (const buffer of [second, pool.granted]) fill(pool, buffer);
    for (const buffer of [second, pool.granted]) pool.returned(buffer);
    expect([pool.inUse, pool.waiting, pool.grant()]).toEqual([6, 1, -1]);
  }
  // It goes on: who has waited for it the longest does too.
  pool.returned(held[0]);
  expect(pool.grant()).toBe(6);
  fill(pool, pool.granted);
  for (const buffer of [pool.granted, ...held.slice(1)]) pool.returned(buffer);
  expect([pool.inUse, pool.waiting]).toEqual([0, 0]);
});
