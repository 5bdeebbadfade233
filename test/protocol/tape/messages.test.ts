// The bytes of every message of the tape, pinned, and what is read from them.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  batchHeaderProblem,
  decodeEnd,
  decodeTapeHello,
  decodeText,
  encodeEnd,
  encodeTapeHello,
  isCommittedBatch,
  isTapeName,
  parseTapeRequest,
  readAccepted,
  readActive,
  readBatchHeader,
  readBrokerHeartbeat,
  readCheckpoint,
  readCommitOffset,
  readCredit,
  readLogPart,
  readSessionEntry,
  readTapeAck,
  readTapeChallenge,
  readTapeProof,
  type TapeHelloFields,
  TapeReason,
  TapeType,
  tapeMemoryOf,
  tapeReasonName,
  tapeReasonText,
} from "../../../src/protocol/index.ts";
import { accepted, checkpoint, lastGood, publisherHello, run, samples, subscriberHello } from "./samples.ts";

/** Each message's bytes as version 1 has them, for ever: `name hex` by line. */
const golden = new Map(
  readFileSync(new URL("../../golden/tape-1.txt", import.meta.url), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(" ") as [string, string]),
);

const bytesOf = new Map(samples);
const memoryOf = (name: string) => tapeMemoryOf((bytesOf.get(name) as Uint8Array).slice());

test.each(samples)("%s has the bytes that are pinned", (name, bytes) => {
  expect(Buffer.from(bytes).toString("hex")).toBe(golden.get(name));
  expect(golden.size).toBe(samples.length);
});

test.each<[name: string, read: (name: string) => unknown, value: unknown]>([
  ["Hello", (name) => decodeTapeHello(memoryOf(name), 0), publisherHello],
  ["HelloSubscriber", (name) => decodeTapeHello(memoryOf(name), 0), subscriberHello],
  ["Proof", (name) => readTapeProof(memoryOf(name), 0), run(64, 1)],
  ["Credit", (name) => readCredit(memoryOf(name).view, 0), 2_097_152],
  ["CommitOffset", (name) => readCommitOffset(memoryOf(name).view, 0), 1_001],
  ["Request", (name) => textOf(name), '{"do":"topics"}'],
  ["Challenge", (name) => readTapeChallenge(memoryOf(name), 0), run(32, 9)],
  ["Accepted", (name) => readAccepted(memoryOf(name), 0), accepted],
  ["Ack", (name) => readTapeAck(memoryOf(name).view, 0), { batch: 42, nextRecord: 1_001 }],
  ["Fault", (name) => decodeEnd(memoryOf(name), 0, memoryOf(name).bytes.length), lastGood],
  ["Active", (name) => readActive(memoryOf(name).view, 0), 1_001],
  ["BrokerHeartbeat", (name) => readBrokerHeartbeat(memoryOf(name).view, 0), 1_001],
  ["Reply", (name) => textOf(name), '{"topics":[]}'],
  ["Checkpoint", (name) => readCheckpoint(memoryOf(name), 0, memoryOf(name).bytes.length), checkpoint],
  ["Session", (name) => readSessionEntry(memoryOf(name).view, 0), { publisher: 7, epoch: 3 }],
])("%s is read as what was written", (name, read, value) => {
  expect(read(name)).toEqual(value);
});

function textOf(name: string): string | undefined {
  return decodeText(memoryOf(name), 0, memoryOf(name).bytes.length);
}

test("a batch is read as what its publisher wrote, and with what the log added once it did", () => {
  const sent = memoryOf("Batch");
  expect(batchHeaderProblem(sent, 0)).toBe(TapeReason.None);
  const { payloadCrc, ...header } = readBatchHeader(sent.view, 0);
  const payloadBytes = sent.bytes.length - 128;
  expect(header).toEqual({
    isCompressed: false,
    records: 3,
    publisher: 7,
    epoch: 3,
    batch: 42,
    payloadBytes,
    plainBytes: payloadBytes,
  });
  expect(isCommittedBatch(sent, 0)).toBe(false);
  const stored = memoryOf("BatchCommitted");
  expect(stored.bytes.subarray(0, 64)).toEqual(sent.bytes.subarray(0, 64));
  expect(stored.bytes.subarray(128)).toEqual(sent.bytes.subarray(128));
  expect(isCommittedBatch(stored, 0)).toBe(true);
  expect(readLogPart(stored.view, 0)).toEqual({
    firstRecord: 998,
    position: 17,
    committed_us: 1_700_000_000_000_002,
  });
  expect(payloadCrc).toBeGreaterThan(0);
});

test.each<[what: string, change: Partial<TapeHelloFields>, reason: TapeReason]>([
  ["a role that is none", { role: 4 as never }, TapeReason.Malformed],
  ["no topic", { topic: "" }, TapeReason.TopicName],
  ["a topic with a slash", { topic: "a/b" }, TapeReason.TopicName],
  ["a group for a publisher", { group: "g" }, TapeReason.GroupName],
  ["a key with a space", { key: "a b" }, TapeReason.Logon],
  ["order level 3", { order: 3 }, TapeReason.OrderLevel],
  ["ack level 3", { ack: 3 }, TapeReason.AckLevel],
  ["two replicas", { replicas: 2 }, TapeReason.ReplicasUnavailable],
  ["publisher 0", { publisher: 0 }, TapeReason.OtherSession],
  ["a place to begin, of a publisher", { fromKind: 1 }, TapeReason.Malformed],
  ["credit, of a publisher", { credit: 8 }, TapeReason.Malformed],
])("a Hello with %s is refused", (_, change, reason) => {
  expect(decodeTapeHello(tapeMemoryOf(encodeTapeHello({ ...publisherHello, ...change })), 0)).toBe(reason);
});

test.each<[what: string, change: Partial<TapeHelloFields>, reason: TapeReason]>([
  ["a group with a slash", { group: "a/b" }, TapeReason.GroupName],
  ["an ack level", { ack: 1 }, TapeReason.AckLevel],
  ["a publisher", { publisher: 1 }, TapeReason.OtherSession],
  ["an epoch", { epoch: 1 }, TapeReason.Epoch],
  ["no place to begin", { fromKind: 0 }, TapeReason.Malformed],
  ["a number where none belongs", { fromKind: 1 }, TapeReason.Malformed],
])("a subscriber's Hello with %s is refused", (_, change, reason) => {
  expect(decodeTapeHello(tapeMemoryOf(encodeTapeHello({ ...subscriberHello, ...change })), 0)).toBe(reason);
});

test("a topic has a name of 1 to 255 letters, digits, dots, underscores and hyphens, and no other", () => {
  for (const name of ["a", "A.b_c-9", "x".repeat(255), ".", ".."]) expect(isTapeName(name)).toBe(true);
  for (const name of ["", "x".repeat(256), "a b", "a/b", "ä", "a\n", "a\0"]) {
    expect(isTapeName(name)).toBe(false);
  }
});

test.each<[text: string, request: unknown]>([
  ['{"do":"topics"}', { do: "topics" }],
  ['{"do":"status"}', { do: "status" }],
  ['{"do":"delete","topic":"a"}', { do: "delete", topic: "a" }],
  ['{"do":"groups","topic":"a"}', { do: "groups", topic: "a" }],
  ['{"do":"create","topic":"a","order":2}', { do: "create", topic: "a", order: 2 }],
  [
    '{"do":"create","topic":"a","order":0,"retainBytes":5}',
    { do: "create", topic: "a", order: 0, retainBytes: 5 },
  ],
  ['{"do":"retain","topic":"a","retainMs":9}', { do: "retain", topic: "a", retainBytes: null, retainMs: 9 }],
  ['{"do":"create","topic":"a","order":3}', TapeReason.OrderLevel],
  ['{"do":"create","topic":"a/b","order":1}', TapeReason.TopicName],
  ['{"do":"retain","topic":"a","retainMs":0}', TapeReason.Malformed],
  ['{"do":"retain","topic":"a","retainMs":1.5}', TapeReason.Malformed],
  ['{"do":"sing"}', TapeReason.Malformed],
  ["[]", TapeReason.Malformed],
  ["null", TapeReason.Malformed],
  ["{", TapeReason.Malformed],
])("the request %s", (json, request) => {
  expect(parseTapeRequest(json)).toEqual(request);
});

test("every reason has its own number, name and words; one of a later version has a name too", () => {
  const numbers = Object.values(TapeReason);
  expect(numbers).toEqual(numbers.map((_, i) => i));
  expect(new Set(numbers.map(tapeReasonText)).size).toBe(numbers.length);
  expect(tapeReasonName(TapeReason.LeaseOver)).toBe("LeaseOver");
  expect(tapeReasonName(200)).toBe("Reason200");
  expect(tapeReasonText(200)).toBe("ended for reason 200");
});

test("a line of text beyond 512 bytes is cut, and the message stays whole", () => {
  const bytes = encodeEnd(TapeType.Fault, { reason: TapeReason.Records, detail: 0, text: "x".repeat(600) });
  expect(decodeEnd(tapeMemoryOf(bytes), 0, bytes.length)?.text).toBe("x".repeat(512));
});

test("the specification's annotated example is the committed batch, byte for byte", () => {
  const page = readFileSync(new URL("../../../src/protocol/tape/tape.md", import.meta.url), "utf8");
  const lines = Array.from(page.matchAll(/^([0-9a-f]{2}) {2}((?:[0-9a-f]{2} )+)/gm));
  const bytes = Buffer.alloc(memoryOf("BatchCommitted").bytes.length);
  for (const [, at, hex] of lines)
    bytes.set(Buffer.from(hex.replaceAll(" ", ""), "hex"), Number.parseInt(at, 16));
  expect(lines.length).toBeGreaterThan(20);
  expect(bytes.toString("hex")).toBe(golden.get("BatchCommitted"));
});
