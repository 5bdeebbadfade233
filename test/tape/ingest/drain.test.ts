import { afterEach, expect, test } from "vitest";
import {
  TAPE_PAYLOAD_BYTES_MAX,
  TapeBatch,
  TapeHead,
  TapeReason,
  tapeReasonName,
} from "../../../src/protocol/index.ts";
import { BatchDrain, DrainState, StagingPool } from "../../../src/tape/index.ts";
import { batch, batchesIn, bye, concat, EPOCH, type Part, PUBLISHER } from "./support.ts";

const pool = new StagingPool({ buffers: 4, connectionsMax: 4, workers: 1 });

/** A drain whose parts are read at once; they are given back when the test is over. */
function drainOf(): { drain: BatchDrain; parts: Part[]; out: Uint8Array[] } {
  const parts: Part[] = [];
  const out: Uint8Array[] = [];
  const session = { connection: 1, publisher: PUBLISHER, epoch: EPOCH };
  const drain = new BatchDrain(
    session,
    pool,
    ({ connection }, buffer, at, bytes, batches) => {
      const part = { connection, buffer, at, bytes, batches };
      parts.push(part);
      handedOver.push(part);
      out.push(pool.memory[buffer].slice(at, at + bytes));
      return true;
    },
    0,
  );
  return { drain, parts, out };
}

let handedOver: Part[] = [];

function giveBack(): void {
  for (const { buffer } of handedOver) pool.returned(buffer);
  handedOver = [];
}

afterEach(() => {
  giveBack();
  expect(pool.inUse).toBe(0);
});

const three = concat(batch(1, 64), batch(2, 200), batch(3, 24));

test("headers and payloads are taken whole, split at every byte", () => {
  for (let cut = 1; cut < three.length; cut++) {
    const { drain, out } = drainOf();
    for (const piece of [three.subarray(0, cut), three.subarray(cut)]) {
      expect(drain.take(piece, 0, piece.length)).toBe(piece.length);
      expect(drain.endTurn()).toBe(true);
    }
    expect(concat(...out)).toEqual(three);
    expect(drain.buffer).toBe(-1);
    giveBack();
  }
});

test("headers and payloads are taken whole, byte by byte, and each batch is handed over with its last byte", () => {
  const { drain, out, parts } = drainOf();
  const ends = batchesIn(three).map(({ at, length }) => at + length);
  for (let at = 0; at < three.length; at++) {
    drain.take(three, at, at + 1);
    drain.endTurn();
    giveBack();
    expect(parts.length).toBe(ends.filter((end) => end <= at + 1).length);
  }
  expect(concat(...out)).toEqual(three);
});

test("several batches in one read are one part, and no tail is stranded", () => {
  const { drain, parts, out } = drainOf();
  const tail = batch(4, 512);
  drain.take(concat(three, tail.subarray(0, 300)), 0, three.length + 300);
  drain.endTurn();
  expect(parts.map(({ batches }) => batches)).toEqual([3]);
  expect(drain.state).toBe(DrainState.WaitPayload);
  drain.take(tail, 300, tail.length);
  drain.endTurn();
  expect(concat(...out)).toEqual(concat(three, tail));
  expect(parts.map(({ batches }) => batches)).toEqual([3, 1]);
  expect(drain.buffer).toBe(-1);
});

test("before each part lies the room for its frame, which no other part touches", () => {
  const { drain, parts } = drainOf();
  const stream = concat(three, batch(4, 4096), batch(5, 4096));
  for (let at = 0; at < stream.length; at += 700) drain.take(stream, at, Math.min(stream.length, at + 700));
  drain.endTurn();
  let end = 0;
  for (const { at, bytes } of parts) {
    expect(at - end).toBeGreaterThanOrEqual(80);
    expect(at % 8).toBe(0);
    end = at + bytes;
  }
});

test("the largest batch fits a buffer, and the next one takes another", () => {
  const { drain, out, parts } = drainOf();
  const large = batch(1, TAPE_PAYLOAD_BYTES_MAX);
  const stream = concat(large, batch(2, TAPE_PAYLOAD_BYTES_MAX));
  expect(drain.take(stream, 0, stream.length)).toBe(stream.length);
  drain.endTurn();
  expect(Buffer.compare(concat(...out), stream)).toBe(0);
  expect(new Set(parts.map(({ buffer }) => buffer)).size).toBe(2);
});

/** A batch with one field changed and its header's checksum made anew. */
function changed(change: (view: DataView) => void, from = batch(1, 64)): Uint8Array {
  const view = new DataView(from.buffer);
  change(view);
  return from;
}

function resealed(change: (view: DataView) => void): Uint8Array {
  const bytes = changed(change);
  const view = new DataView(bytes.buffer);
  view.setUint32(TapeBatch.headerCrc, crc(bytes.subarray(0, TapeBatch.headerCrc)), true);
  return bytes;
}

function crc(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}

const OVER = TAPE_PAYLOAD_BYTES_MAX + 8;

test.each<[string, keyof typeof TapeReason, Uint8Array]>([
  ["another magic", "Malformed", changed((view) => view.setUint16(TapeHead.magic, 1, true))],
  ["another version", "VersionUnknown", changed((view) => view.setUint8(TapeHead.version, 2))],
  ["a type that publishers don't send", "Malformed", changed((view) => view.setUint8(TapeHead.type, 4))],
  ["a payload of size 0", "BatchEmpty", changed((view) => view.setUint32(TapeHead.length, 128, true))],
  [
    "a payload one word above the maximum",
    "BatchTooLarge",
    changed((view) => view.setUint32(TapeHead.length, 128 + OVER, true)),
  ],
  [
    "a header whose checksum is wrong",
    "ChecksumHeader",
    changed((view) => view.setUint32(TapeBatch.records, 9, true)),
  ],
  ["no records", "BatchEmpty", resealed((view) => view.setUint32(TapeBatch.records, 0, true))],
  ["10,001 records", "BatchTooLarge", resealed((view) => view.setUint32(TapeBatch.records, 10_001, true))],
  [
    "sizes that don't agree",
    "Malformed",
    resealed((view) => {
      view.setUint32(TapeBatch.payloadBytes, 56, true);
      view.setUint32(TapeBatch.plainBytes, 56, true);
    }),
  ],
  [
    "a payload of 2 MiB and one byte in a message of the largest length",
    "BatchTooLarge",
    resealed((view) => view.setUint32(TapeBatch.payloadBytes, TAPE_PAYLOAD_BYTES_MAX + 1, true)),
  ],
  [
    "another session's publisher",
    "OtherSession",
    resealed((view) => view.setUint32(TapeBatch.publisher, 8, true)),
  ],
  ["another epoch", "OtherSession", resealed((view) => view.setUint32(TapeBatch.epoch, 4, true))],
])("%s ends the stream as %s, and what was whole before it is handed over", (_, reason, bytes) => {
  const { drain, out } = drainOf();
  const stream = concat(three, bytes, batch(2, 64));
  drain.take(stream, 0, stream.length);
  drain.endTurn();
  expect(tapeReasonName(drain.problem)).toBe(reason);
  expect(drain.state).toBe(DrainState.Over);
  expect(concat(...out)).toEqual(three);
});

test("a Bye ends the stream without a problem, and heartbeats are nothing", () => {
  const { drain, out } = drainOf();
  const heartbeat = bye();
  new DataView(heartbeat.buffer).setUint8(TapeHead.type, 6);
  const stream = concat(heartbeat, three, heartbeat, bye());
  expect(drain.take(stream, 0, stream.length)).toBe(stream.length);
  drain.endTurn();
  expect([drain.state, drain.problem]).toEqual([DrainState.Over, TapeReason.None]);
  expect(concat(...out)).toEqual(three);
});

test("a publisher above its rate ends its batch and begins no other", () => {
  const { drain } = drainOf();
  drain.isHeld = true;
  expect(drain.take(three, 0, three.length)).toBe(0);
  drain.isHeld = false;
  drain.take(three, 0, 150);
  drain.isHeld = true;
  expect(drain.take(three, 150, three.length)).toBe(192);
  expect(drain.isStopped).toBe(true);
  drain.endTurn();
});

/** Reads `stream` as a socket does that reads where it is told: into staging in mid-batch, else into a few bytes beside it. */
function readInto(drain: BatchDrain, stream: Uint8Array, scratchBytes: number): void {
  for (let at = 0; at < stream.length; ) {
    const target = drain.target();
    const count = Math.min(target?.length ?? scratchBytes, stream.length - at);
    const piece = stream.subarray(at, at + count);
    if (target === undefined) {
      drain.take(piece, 0, piece.length);
    } else {
      target.set(piece);
      drain.advance(count);
    }
    drain.endTurn();
    at += count;
  }
}

test.each([1, 7, 100, 130, 400])(
  "what is read straight into staging, %i bytes beside it, is the same stream",
  (scratchBytes) => {
    const { drain, out, parts } = drainOf();
    readInto(drain, three, scratchBytes);
    expect(concat(...out)).toEqual(three);
    expect(parts.reduce((sum, { batches }) => sum + batches, 0)).toBe(3);
    expect(drain.buffer).toBe(-1);
  },
);

test("a buffer that is being read into comes back when its connection is gone, and not before", () => {
  const { drain } = drainOf();
  drain.take(three, 0, 150);
  expect(drain.target()?.length).toBe(42);
  drain.abandon();
  drain.endTurn();
  expect(drain.buffer).not.toBe(-1);
  drain.closed();
  expect(drain.buffer).toBe(-1);
});
