// The judge of the kill loops and of the exhaustion run can fail: what the tape must never do is planted into what it reads.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tapeLengthAt, tapeMemoryOf, writeLogPart } from "../../src/protocol/index.ts";
import { BatchMaker, type SeenBatch, seenBatch } from "./marked-batch.ts";
import { LedgerReader, LedgerWriter } from "./publisher-ledger.ts";
import { OneOrder, TopicJudge } from "./topic-judge.ts";

const maker = new BatchMaker();

function committed(batch: number, firstRecord: number, publisher = 7, epoch = 1) {
  const memory = tapeMemoryOf(maker.make({ publisher, epoch, batch }, 2_000, 10));
  writeLogPart(memory, 0, firstRecord, firstRecord + 100, 1);
  return memory;
}

/** Batches 1 to `count` of one session, ten records each, as a reader sees them. */
function good(count: number): SeenBatch[] {
  return Array.from({ length: count }, (_, i) => {
    const memory = committed(i + 1, 10 * i + 1);
    return seenBatch(memory, 0, tapeLengthAt(memory.view, 0)) as SeenBatch;
  });
}

/** As if the log had been without fault: numbers and places as they come. */
function renumbered(batches: readonly SeenBatch[]): SeenBatch[] {
  return batches.map((batch, i) => ({ ...batch, firstRecord: 10 * i + 1, position: i + 1 }));
}

function judged(batches: readonly (SeenBatch | string)[], mayJump = false, order?: OneOrder) {
  const wrong: string[] = [];
  const judge = new TopicJudge({ name: "t", mayJump, order }, (what) => wrong.push(what));
  for (const batch of batches) judge.take(batch);
  return { judge, wrong };
}

test("what is as it was sent is found good, and all of it is counted", () => {
  const { judge, wrong } = judged(good(5));
  judge.wasAcknowledged({ publisher: 7, epoch: 1, batch: 5 });
  judge.wasSent({ publisher: 7, epoch: 1, batch: 5 });
  expect(wrong).toEqual([]);
  expect([judge.batches, judge.nextRecord]).toEqual([5, 51]);
});

test("a lost batch is noticed: in the middle, at the end, and by the numbers of records", () => {
  const [one, two, three] = good(3);
  expect(judged(renumbered([one, three])).wrong).toEqual([
    "t: publisher 7, epoch 1, batch 3 follows batch 1: what is between is missing",
  ]);
  const { judge, wrong } = judged([one, two]);
  judge.wasAcknowledged({ publisher: 7, epoch: 1, batch: 3 });
  expect(wrong).toEqual(["t: publisher 7, epoch 1, batch 3 was acknowledged, and its session ends with 2"]);
  expect(judged([one, three], true).wrong).toEqual([
    "t: publisher 7, epoch 1, batch 3 begins with record 21, expected 11",
  ]);
});

test("a batch that is there twice is noticed, beside itself and later, also of publishers that leave numbers out", () => {
  const [one, two] = good(2);
  expect(judged(renumbered([one, one, two])).wrong).toEqual([
    "t: publisher 7, epoch 1, batch 1 comes behind batch 1",
  ]);
  expect(judged(renumbered([one, two, one]), true).wrong).toEqual([
    "t: publisher 7, epoch 1, batch 1 comes behind batch 2",
  ]);
});

test("two batches that changed places are noticed", () => {
  const [one, two, three] = good(3);
  expect(judged(renumbered([one, three, two])).wrong).toEqual([
    "t: publisher 7, epoch 1, batch 3 follows batch 1: what is between is missing",
    "t: publisher 7, epoch 1, batch 2 comes behind batch 3",
  ]);
});

test("a batch of an epoch that is over is noticed behind the newer one, and one that nobody sent", () => {
  const [one] = good(1);
  const newer = { ...one, epoch: 2 };
  const { judge, wrong } = judged(renumbered([one, newer, { ...one, batch: 2 }]));
  judge.wasSent({ publisher: 7, epoch: 2, batch: 0 });
  expect(wrong).toEqual([
    "t: publisher 7, epoch 1, batch 2 comes behind epoch 2",
    "t: publisher 7, epoch 2, batch 1 was never sent",
  ]);
});

test("readers that are given the same batches in another order are noticed", () => {
  const [a, b] = [good(1)[0], seenBatch(committed(1, 11, 8), 0, 2_128) as SeenBatch];
  const order = new OneOrder();
  expect(judged([a, b], false, order).wrong).toEqual([]);
  expect(judged([a, b], false, order).wrong).toEqual([]);
  const other = [seenBatch(committed(1, 1, 8), 0, 2_128), seenBatch(committed(1, 11), 0, 2_128)];
  expect(judged(other, false, order).wrong).toHaveLength(2);
});

test("a torn batch is noticed wherever a byte of it is another", () => {
  const whole = committed(3, 21);
  const { length } = whole.bytes;
  expect(seenBatch(whole, 0, length)).toMatchObject({ publisher: 7, epoch: 1, batch: 3, records: 10 });
  const quiet: number[] = [];
  for (let at = 8; at < length; at++) {
    whole.bytes[at] ^= 0x10;
    if (typeof seenBatch(whole, 0, length) !== "string") quiet.push(at);
    whole.bytes[at] ^= 0x10;
  }
  expect(quiet).toEqual([]);
  expect(judged(["torn"]).wrong).toEqual(["t: torn"]);
});

test("records of one batch under the header of another are noticed", () => {
  const [one, two] = [committed(1, 1), committed(2, 11)];
  const mixed = tapeMemoryOf(one.bytes.slice());
  mixed.bytes.set(two.bytes.subarray(128), 128);
  expect(seenBatch(mixed, 0, mixed.bytes.length)).toBe("publisher 7, epoch 1, batch 1: its payload is torn");
});

test("a ledger is read while it grows, up to its last whole line", () => {
  const directory = mkdtempSync(join(tmpdir(), "seriatim-ledger-"));
  const path = join(directory, "7");
  const [reader, writer] = [new LedgerReader(path), new LedgerWriter(path)];
  for (let batch = 1; batch <= 20_000; batch++) writer.sent(1, batch);
  writer.acknowledged(1, 19_998);
  reader.update();
  expect([...reader.sessions]).toEqual([[1, { sent: 20_000, acknowledged: 19_998 }]]);
  writer.sent(2, 1);
  reader.update();
  expect(reader.sessions.get(2)).toEqual({ sent: 1, acknowledged: 0 });
  for (const file of [reader, writer]) file.close();
  rmSync(directory, { recursive: true, force: true });
});
