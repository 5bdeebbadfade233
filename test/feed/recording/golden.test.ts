// The bytes of the example in src/feed/recording/recording.md: the format can't change without this test saying so.

import { expect, test } from "vitest";
import {
  encodeTake,
  encodeTakeEnd,
  RecordCursor,
  RecordingBuffer,
  RecordKind,
} from "../../../src/feed/index.ts";

const PAYLOAD = `
  15000000 01000000 01401e18 240a0600 01016d64 2e657861 6d706c65 2e6e6574 3a393837 36000000
  05000000 02000000 02401e18 240a0600 68656c6c 6f000000
  01000000 03000000 03401e18 240a0600 01000000 00000000`;

function example(): Uint8Array {
  return Uint8Array.from(Buffer.from(PAYLOAD.replaceAll(/\s/g, ""), "hex"));
}

test("a short take is written as exactly the bytes of the specification's example", () => {
  const blocks = [new Uint8Array(256), new Uint8Array(256)];
  const buffer = new RecordingBuffer(blocks, 64);
  const start_us = 1_700_000_000_000_001;
  buffer.beginTake(encodeTake({ protocol: "ticks", address: "md.example.net:9876" }), start_us);
  buffer.append(RecordKind.Data, new TextEncoder().encode("hello"), start_us + 1);
  // The clock went back: the time of a record never does.
  buffer.append(RecordKind.Data, new Uint8Array(), start_us);
  buffer.append(RecordKind.End, encodeTakeEnd("the feed ended"), start_us + 2);
  const block = buffer.take(true);
  expect(block).toEqual({
    index: 0,
    bytes: 88,
    count: 3,
    dataBytes: 5,
    last_us: start_us + 2,
    beginsTake: true,
  });
  expect(Buffer.from(blocks[0].subarray(0, 88)).toString("hex")).toBe(Buffer.from(example()).toString("hex"));
});

test("the example is read back", () => {
  const bytes = example();
  const cursor = new RecordCursor();
  cursor.bind(bytes, 0, bytes.length);
  expect(cursor.holds(3)).toBe(true);
  const read: unknown[] = [];
  while (cursor.next())
    read.push([cursor.kind, cursor.arrival_us - 1_700_000_000_000_000, cursor.to - cursor.from]);
  expect(read).toEqual([
    [RecordKind.Take, 1, 21],
    [RecordKind.Data, 2, 5],
    [RecordKind.End, 3, 1],
  ]);
});

test.each([
  ["one record fewer than it says", 4, 0, 0x15],
  ["a length that leads behind its end", 3, 0, 0xff],
  ["a record of a kind that there is none of", 3, 44, 4],
  ["a length that leads between two records", 3, 40, 0x10],
])("a payload with %s is no payload", (_, count, at, value) => {
  const bytes = example();
  bytes[at] = value;
  const cursor = new RecordCursor();
  cursor.bind(bytes, 0, bytes.length);
  expect(cursor.holds(count)).toBe(false);
});
