// One message of each type of the tape's wire, as version 1 has them.

import { NativeChecksums } from "../../../src/platform/index.ts";
import {
  encodeEnd,
  encodeRecordHeaders,
  encodeTapeChallenge,
  encodeTapeHello,
  encodeTapeProof,
  encodeText,
  RecordWriter,
  TapeBatch,
  TapeFrom,
  type TapeHelloFields,
  type TapeMemory,
  TapeReason,
  TapeRole,
  TapeType,
  tapeMemory,
  writeAccepted,
  writeActive,
  writeBatchHeader,
  writeBrokerHeartbeat,
  writeCheckpoint,
  writeCommitOffset,
  writeCredit,
  writeLogPart,
  writePlain,
  writeSessionEntry,
  writeTapeAck,
} from "../../../src/protocol/index.ts";

const checksums = new NativeChecksums();
export const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);
export const run = (length: number, first: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, i) => (first + i) & 0xff);

export const publisherHello: TapeHelloFields = {
  role: TapeRole.Publisher,
  topic: "md.trades",
  group: "",
  key: "feed-1",
  order: 2,
  ack: 2,
  replicas: 1,
  publisher: 7,
  epoch: 3,
  fromKind: TapeFrom.None,
  from: 0,
  credit: 0,
};
export const subscriberHello: TapeHelloFields = {
  role: TapeRole.Subscriber,
  topic: "md.trades",
  group: "risk",
  key: "",
  order: 255,
  ack: 0,
  replicas: 0,
  publisher: 0,
  epoch: 0,
  fromKind: TapeFrom.Record,
  from: 2 ** 40 + 5,
  credit: 4_194_304,
};
export const accepted = {
  topic: 12,
  order: 2,
  ack: 2,
  epoch: 4,
  lastBatch: 77,
  nextRecord: 2 ** 33,
  oldestRecord: 5,
  lease_ms: 30_000,
};
export const checkpoint = {
  nextRecord: 1_001,
  logBytes: 2 ** 34,
  sessions: [
    { publisher: 7, epoch: 3, lastBatch: 41, last_us: 1_700_000_000_000_000 },
    { publisher: 8, epoch: 1, lastBatch: 0, last_us: 1_699_999_999_000_000 },
  ],
};
export const lastGood = { reason: TapeReason.LeaseOver, detail: 41, text: "batch 42 did not come" } as const;

/** What `write` puts into a memory. */
export function written(write: (memory: TapeMemory) => number): Uint8Array<ArrayBuffer> {
  const memory = tapeMemory(new ArrayBuffer(4096));
  return Uint8Array.from(memory.bytes.subarray(0, write(memory)));
}

/** A batch of three records: with everything, with a value alone, with nothing at all. */
export function sampleBatch(memory: TapeMemory, at: number, batch = 42): number {
  const records = new RecordWriter();
  records.reset(memory.bytes, at + TapeBatch.bytes, memory.bytes.length);
  const headers = encodeRecordHeaders([{ name: "src", value: text("A") }]);
  records.add(text("10@99"), text("ACME"), headers, 1_700_000_000_000_001);
  records.add(text("hello"));
  records.add(new Uint8Array(0));
  const from = at + TapeBatch.bytes;
  const payloadBytes = records.payloadBytes;
  const payloadCrc = checksums.crc32c(memory.bytes.subarray(from, from + payloadBytes));
  return writeBatchHeader(memory, at, {
    isCompressed: false,
    records: records.records,
    publisher: 7,
    epoch: 3,
    batch,
    payloadBytes,
    plainBytes: payloadBytes,
    payloadCrc,
  });
}

/** `name`, bytes. */
export const samples: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ["Hello", encodeTapeHello(publisherHello)],
  ["HelloSubscriber", encodeTapeHello(subscriberHello)],
  ["Proof", encodeTapeProof(run(64, 1))],
  ["Batch", written((memory) => sampleBatch(memory, 0))],
  [
    "BatchCommitted",
    written((memory) => {
      const length = sampleBatch(memory, 0);
      writeLogPart(memory, 0, 998, 17, 1_700_000_000_000_002);
      return length;
    }),
  ],
  ["Credit", written(({ view }) => writeCredit(view, 0, 2_097_152))],
  ["CommitOffset", written(({ view }) => writeCommitOffset(view, 0, 1_001))],
  ["Heartbeat", written(({ view }) => writePlain(view, 0, TapeType.Heartbeat))],
  ["Request", encodeText(TapeType.Request, '{"do":"topics"}')],
  ["Bye", written(({ view }) => writePlain(view, 0, TapeType.Bye))],
  ["Challenge", encodeTapeChallenge(run(32, 9))],
  ["Accepted", written((memory) => writeAccepted(memory, 0, accepted))],
  ["Refused", encodeEnd(TapeType.Refused, { reason: TapeReason.TopicUnknown, detail: 0, text: "" })],
  ["Ack", written(({ view }) => writeTapeAck(view, 0, 42, 1_001))],
  ["Fault", encodeEnd(TapeType.Fault, lastGood)],
  ["Active", written(({ view }) => writeActive(view, 0, 1_001))],
  ["Standby", written(({ view }) => writePlain(view, 0, TapeType.Standby))],
  ["BrokerHeartbeat", written(({ view }) => writeBrokerHeartbeat(view, 0, 1_001))],
  ["Reply", encodeText(TapeType.Reply, '{"topics":[]}')],
  ["Checkpoint", written((memory) => writeCheckpoint(memory, 0, checkpoint))],
  ["Session", written(({ view }) => writeSessionEntry(view, 0, 7, 3))],
];
