// Records in a batch's memory: what is written is read, bounds hold, and what does not add up is seen.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import {
  encodeRecordHeaders,
  RecordCursor,
  RecordWriter,
  recordsProblem,
  TAPE_BATCH_RECORDS_MAX,
  TAPE_NO_TIME,
  TapeRecord,
  tapeRecordBytes,
} from "../../../src/protocol/index.ts";
import { run, text } from "./samples.ts";

const NOTHING = new Uint8Array(0);

interface Wanted {
  readonly value: Uint8Array;
  readonly key: Uint8Array;
  readonly headers: { name: string; value: Uint8Array }[];
  readonly time_us: number;
}

function read(bytes: Uint8Array, from: number, to: number): Wanted[] {
  const cursor = new RecordCursor();
  cursor.reset(bytes, from, to);
  const records: Wanted[] = [];
  while (cursor.next()) {
    records.push({
      value: cursor.value().slice(),
      key: cursor.key().slice(),
      headers: cursor.headers(),
      time_us: cursor.time_us,
    });
  }
  return records;
}

function draw(prng: Prng): Wanted {
  const headers = Array.from({ length: prng.between(0, 2) }, (_, i) => ({
    name: `h${i}`,
    value: run(prng.between(0, 8), prng.between(0, 255)),
  }));
  return {
    value: run(prng.between(0, 39), prng.between(0, 255)),
    key: run(prng.between(0, 2) === 0 ? prng.between(0, 11) : 0, prng.between(0, 255)),
    headers,
    time_us: prng.between(0, 1) === 0 ? TAPE_NO_TIME : prng.between(0, 2 ** 31 - 1) * 1_000_003,
  };
}

test("records of every kind are read as they were written, whatever lay in the memory before", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const prng = new Prng(seed);
    const bytes = new Uint8Array(8192).fill(0xa5);
    const writer = new RecordWriter();
    writer.reset(bytes, 128, bytes.length);
    const wanted = Array.from({ length: prng.between(1, 40) }, () => draw(prng));
    for (const { value, key, headers, time_us } of wanted) {
      expect(writer.add(value, key, encodeRecordHeaders(headers), time_us)).toBe(true);
    }
    const to = 128 + writer.payloadBytes;
    expect(recordsProblem(bytes, 128, to, writer.records), `seed ${seed}`).toBeUndefined();
    expect(read(bytes, 128, to), `seed ${seed}`).toEqual(wanted);
  }
});

test("a record that does not fit by one byte is not written, and what was there stays", () => {
  const bytes = new Uint8Array(tapeRecordBytes(8) + tapeRecordBytes(9) - 1);
  const writer = new RecordWriter();
  writer.reset(bytes, 0, bytes.length);
  expect(writer.add(run(8, 1))).toBe(true);
  expect(writer.add(run(9, 1))).toBe(false);
  expect(writer.add(run(0, 1))).toBe(true);
  expect([writer.records, writer.payloadBytes]).toEqual([2, 40]);
  expect(recordsProblem(bytes, 0, 40, 2)).toBeUndefined();
});

test("a batch takes 10,000 records and not one more", () => {
  const bytes = new Uint8Array(16 * (TAPE_BATCH_RECORDS_MAX + 1));
  const writer = new RecordWriter();
  writer.reset(bytes, 0, bytes.length);
  for (let i = 0; i < TAPE_BATCH_RECORDS_MAX; i++) writer.add(NOTHING);
  expect(writer.add(NOTHING)).toBe(false);
  expect(writer.records).toBe(TAPE_BATCH_RECORDS_MAX);
});

/** One record with a time, a key, a header and a value. */
function one(): Uint8Array {
  const writer = new RecordWriter();
  const bytes = new Uint8Array(128);
  writer.reset(bytes, 0, bytes.length);
  writer.add(text("value"), text("key"), encodeRecordHeaders([{ name: "n", value: text("v") }]), 5);
  return bytes.subarray(0, writer.payloadBytes);
}

const HEADERS_AT = TapeRecord.bytes + 8 + 3;

test.each<[what: string, problem: string, count: number, at: number, byte: number]>([
  ["more records than there are", "record 2 of 2 is cut short", 2, 0, 40],
  ["fewer", "40 bytes lie behind the last of 0 records", 0, 0, 40],
  ["a length of 0", "don't add up", 1, TapeRecord.whole, 0],
  ["a length beyond the end", "longer than what is left", 1, TapeRecord.whole, 48],
  ["a length that is no word", "don't add up", 1, TapeRecord.whole, 39],
  ["a value that is longer", "don't add up", 1, TapeRecord.valueBytes, 9],
  ["a value that is shorter", "don't add up", 1, TapeRecord.valueBytes, 0],
  ["a value of 4 GiB", "don't add up", 1, TapeRecord.valueBytes + 3, 0xff],
  ["a flag of a later version", "don't add up", 1, TapeRecord.flags, 3],
  ["a reserved byte", "don't add up", 1, TapeRecord.reserved, 1],
  ["a time beyond 2^53", "don't add up", 1, TapeRecord.bytes + 7, 0x80],
  ["a header's name that is longer", "don't add up", 1, HEADERS_AT, 2],
  ["a header's value that is shorter", "don't add up", 1, HEADERS_AT + 2, 0],
])("a payload with %s is no payload", (_, problem, count, at, byte) => {
  const bytes = one();
  expect(recordsProblem(bytes, 0, bytes.length, 1)).toBeUndefined();
  bytes[at] = byte;
  expect(recordsProblem(bytes, 0, bytes.length, count)).toContain(problem);
});

test("a payload of chance bytes never makes the judge read beyond it", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const prng = new Prng(seed);
    const length = 8 * prng.between(1, 12);
    const bytes = Uint8Array.from({ length }, () =>
      prng.between(0, 2) === 0 ? prng.between(0, 255) : prng.between(0, 19),
    );
    const problem = recordsProblem(bytes, 0, length, prng.between(1, 3));
    if (problem === undefined) expect(read(bytes, 0, length).length, `seed ${seed}`).toBeGreaterThan(0);
  }
});
