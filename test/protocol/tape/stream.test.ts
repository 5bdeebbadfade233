// Bytes cut into messages at every place, and every damaged bit of a header noticed.

import { expect, test } from "vitest";
import { crc32c, Prng } from "../../../src/base/index.ts";
import {
  batchHeaderProblem,
  decodeTapeHello,
  isCommittedBatch,
  TAPE_BATCH_BYTES_MAX,
  TapeBatch,
  TapeReason,
  TapeSender,
  TapeStream,
  TapeType,
  tapeHeadProblem,
  tapeMemoryOf,
  writeLogPart,
  writeTapeHead,
} from "../../../src/protocol/index.ts";
import { sampleBatch, samples, written } from "./samples.ts";

const fromClient = samples.filter(([, bytes]) => bytes[6] < 64);
const fromBroker = samples.filter(
  ([, bytes]) => (bytes[6] >= 64 && bytes[6] < 96) || bytes[6] === TapeType.Batch,
);

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** The messages that a stream cuts from `pieces`. */
function cut(sender: TapeSender, pieces: Iterable<Uint8Array>): { got: string[]; problem: TapeReason } {
  const stream = new TapeStream(sender, (bytes) => new Uint8Array(bytes));
  const got: string[] = [];
  let problem: TapeReason = TapeReason.None;
  for (const piece of pieces) {
    problem = stream.receive(piece, (type, memory, length) => {
      expect(type).toBe(memory.bytes[6]);
      got.push(Buffer.from(memory.bytes.subarray(0, length)).toString("hex"));
      return true;
    });
  }
  return { got, problem };
}

test.each([
  ["a client", TapeSender.Client, fromClient],
  ["a broker", TapeSender.Broker, fromBroker],
] as const)("the stream of %s is cut into the same messages wherever it is split", (_, sender, messages) => {
  const bytes = join(messages.map(([, message]) => message));
  const wanted = messages.map(([, message]) => Buffer.from(message).toString("hex"));
  for (let at = 0; at <= bytes.length; at++) {
    const { got, problem } = cut(sender, [bytes.subarray(0, at), bytes.subarray(at)]);
    expect(problem).toBe(TapeReason.None);
    expect(got, `split at byte ${at}`).toEqual(wanted);
  }
  const single = cut(
    sender,
    Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)),
  );
  expect(single.got).toEqual(wanted);
});

test("what only the other side may say is no message", () => {
  for (const [name, bytes] of samples) {
    const view = new DataView(bytes.buffer);
    const ofClient = fromClient.some(([other]) => other === name);
    const ofBroker = fromBroker.some(([other]) => other === name);
    expect(tapeHeadProblem(view, 0, TapeSender.Client) === TapeReason.None, name).toBe(ofClient);
    expect(tapeHeadProblem(view, 0, TapeSender.Broker) === TapeReason.None, name).toBe(ofBroker);
  }
});

test.each([
  ["subscriber", TapeSender.Subscriber, ["Credit", "CommitOffset", "Heartbeat", "Bye"]],
  ["administrator", TapeSender.Administrator, ["Request", "Heartbeat", "Bye"]],
] as const)(
  "the head alone of what a %s has no business with is no message, and no memory is taken for it",
  (_, sender, said) => {
    const types = said.map((name) => TapeType[name] as number);
    for (const [name, bytes] of fromClient) {
      const allocated: number[] = [];
      const stream = new TapeStream(sender, (length) => {
        allocated.push(length);
        return new Uint8Array(length);
      });
      const isSaid = types.includes(bytes[6]);
      const problem = stream.receive(bytes.subarray(0, 8), () => true);
      expect(problem, name).toBe(isSaid ? TapeReason.None : TapeReason.Malformed);
      expect(allocated, name).toEqual([]);
    }
  },
);

test("the first fault is final: nothing behind it is looked at", () => {
  const good = fromClient[0][1];
  const bad = good.slice();
  bad[4] ^= 1;
  const { got, problem } = cut(TapeSender.Client, [join([good, bad, good]), good]);
  expect(got.length).toBe(1);
  expect(problem).toBe(TapeReason.Malformed);
});

test.each<[what: string, length: number, problem: TapeReason]>([
  ["nothing behind its header", TapeBatch.bytes, TapeReason.BatchEmpty],
  ["the least", TapeBatch.bytes + 8, TapeReason.None],
  ["the most", TAPE_BATCH_BYTES_MAX, TapeReason.None],
  ["one word over", TAPE_BATCH_BYTES_MAX + 8, TapeReason.BatchTooLarge],
  ["less than a header", TapeBatch.bytes - 8, TapeReason.Malformed],
])("a batch of %s", (_, length, problem) => {
  const view = new DataView(new ArrayBuffer(8));
  writeTapeHead(view, 0, TapeType.Batch, length);
  expect(tapeHeadProblem(view, 0, TapeSender.Client)).toBe(problem);
});

test("every bit of a head, of a batch's header and of a Hello that is flipped is noticed", () => {
  const batch = written((memory) => {
    const length = sampleBatch(memory, 0);
    writeLogPart(memory, 0, 998, 17, 1_700_000_000_000_002);
    return length;
  });
  for (let bit = 0; bit < TapeBatch.bytes * 8; bit++) {
    const memory = tapeMemoryOf(batch.slice());
    memory.bytes[bit >> 3] ^= 1 << (bit & 7);
    const isIntact =
      tapeHeadProblem(memory.view, 0, TapeSender.Client) === TapeReason.None &&
      batchHeaderProblem(memory, 0) === TapeReason.None &&
      isCommittedBatch(memory, 0);
    expect(isIntact, `bit ${bit} of the header`).toBe(false);
  }
  const hello = fromClient[0][1];
  for (let bit = 0; bit < hello.length * 8; bit++) {
    const memory = tapeMemoryOf(hello.slice());
    memory.bytes[bit >> 3] ^= 1 << (bit & 7);
    const isIntact =
      tapeHeadProblem(memory.view, 0, TapeSender.Client) === TapeReason.None &&
      memory.view.getUint32(0, true) === hello.length &&
      typeof decodeTapeHello(memory, 0) !== "number";
    expect(isIntact, `bit ${bit} of the Hello`).toBe(false);
  }
});

test("several flipped bits of a batch's header are noticed too", () => {
  const batch = written((memory) => sampleBatch(memory, 0));
  for (let seed = 1; seed <= 2_000; seed++) {
    const prng = new Prng(seed);
    const memory = tapeMemoryOf(batch.slice());
    const bits = new Set(Array.from({ length: prng.between(2, 21) }, () => prng.between(0, 511)));
    for (const bit of bits) memory.bytes[bit >> 3] ^= 1 << (bit & 7);
    const isIntact =
      tapeHeadProblem(memory.view, 0, TapeSender.Client) === TapeReason.None &&
      batchHeaderProblem(memory, 0) === TapeReason.None;
    expect(isIntact, `seed ${seed}`).toBe(false);
  }
});

test.each<[what: string, field: number, value: number, problem: TapeReason]>([
  ["no record", TapeBatch.records, 0, TapeReason.BatchEmpty],
  ["a record too many", TapeBatch.records, 10_001, TapeReason.BatchTooLarge],
  ["more records than its bytes can hold", TapeBatch.records, 6, TapeReason.Records],
  ["a reserved flag", TapeBatch.flags, 2, TapeReason.Malformed],
  ["a reserved byte", TapeBatch.reserved + 4, 1, TapeReason.Malformed],
  ["a payload that is not its message's", TapeBatch.payloadBytes, 88, TapeReason.Malformed],
  ["a payload of 2 MiB and one byte", TapeBatch.payloadBytes, 2_097_153, TapeReason.BatchTooLarge],
  ["plain bytes above 2 MiB", TapeBatch.plainBytes, 2_097_160, TapeReason.BatchTooLarge],
  ["publisher 0", TapeBatch.publisher, 0, TapeReason.OtherSession],
  ["an epoch beyond 2^53", TapeBatch.epoch + 4, 0x200000, TapeReason.OtherSession],
  ["batch 0", TapeBatch.batch, 0, TapeReason.BatchNumber],
])("a header that says %s is refused although its checksum is right", (_, field, value, problem) => {
  const memory = tapeMemoryOf(written((space) => sampleBatch(space, 0)));
  memory.view.setUint32(field, value, true);
  const sum = crc32c(memory.bytes, 0, TapeBatch.headerCrc);
  memory.view.setUint32(TapeBatch.headerCrc, sum, true);
  expect(batchHeaderProblem(memory, 0)).toBe(problem);
});
