// What publishers write may look like the log's own frames and marks: a torn part of it is cut all the same, and what was safe is never.

import { expect, test } from "vitest";
import { SeriatimError, WordBuffer } from "../../../src/base/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import { RecordWriter, TapeBatch, tapeMemory, writeBatchHeader } from "../../../src/protocol/index.ts";
import {
  CLOSING_MARK_BYTES,
  FRAME_HEADER_BYTES,
  OWN_EPOCH_MIN,
  sealFrame,
} from "../../../src/segment/index.ts";
import { TopicLog } from "../../../src/tape/index.ts";
import { append, SMALL, START_us, topicPlace } from "./support.ts";

const checksums = new NativeChecksums();
const OWN_EPOCH = OWN_EPOCH_MIN + 4711;
const FILE = "t/tape-0000000001.seg";

/** A frame of 88 bytes that would go on behind `position`, and says that it was durable. */
function frame(position: number, epoch: number): Uint8Array {
  const buffer = new WordBuffer(FRAME_HEADER_BYTES + 8);
  const fields = { payloadBytes: 8, count: 1, firstPosition: position + 1, epoch, timestamp_us: START_us };
  sealFrame(buffer, { ...fields, durablePosition: position }, new Uint8Array(32), checksums);
  return buffer.bytes;
}

/** A closing mark as another log's end has it. */
function mark(position: number): Uint8Array {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL);
  while (log.position < position) append(log, [{ batch: log.position }]);
  const at = log.bytes;
  log.close();
  const file = disk.open(FILE, "read");
  const bytes = new Uint8Array(CLOSING_MARK_BYTES);
  file.read(bytes, 0, bytes.length, at);
  file.close();
  return bytes;
}

function appendValue(log: TopicLog, value: Uint8Array): void {
  const memory = tapeMemory(new SharedArrayBuffer(4096));
  const payloadAt = FRAME_HEADER_BYTES + TapeBatch.bytes;
  const writer = new RecordWriter();
  writer.reset(memory.bytes, payloadAt, memory.bytes.length);
  writer.add(value);
  const { records, payloadBytes } = writer;
  const payloadCrc = checksums.crc32c(memory.bytes.subarray(payloadAt, payloadAt + payloadBytes));
  const sizes = { records, payloadBytes, plainBytes: payloadBytes, payloadCrc };
  const session = { publisher: 7, epoch: 1, batch: 2 };
  const length = writeBatchHeader(memory, FRAME_HEADER_BYTES, { isCompressed: false, ...session, ...sizes });
  log.appendPart(memory, FRAME_HEADER_BYTES, length, START_us);
}

// A topic was refused for good, with all that was acknowledged in it, because of what the torn batch held.
test.each([
  ["zeros", new Uint8Array(88)],
  ["a frame that names it as durable", frame(3, 1)],
  ["a frame of another log with an epoch of its own", frame(3, OWN_EPOCH + 1)],
  ["a closing mark", mark(3)],
])("a torn batch that holds %s is cut, and the topic goes on", (_, value) => {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL, OWN_EPOCH);
  append(log, [{ batch: 1, records: 2 }]);
  log.sync();
  const torn = log.bytes;
  appendValue(log, value);
  disk.rot(FILE, torn, 0xff);
  const again = TopicLog.open(topicPlace(disk), SMALL, OWN_EPOCH + 1);
  expect(again).toMatchObject({ nextRecord: 3, position: 2 });
  // Who runs it is told what was cut, and where.
  expect(again.cut).toContain(`torn: ${FILE} at offset ${torn}, position 3: no whole frame begins here`);
});

test.each([
  ["a later frame", (log: TopicLog) => append(log, [{ batch: 3 }])],
  ["the closing mark", (log: TopicLog) => log.close()],
])("a batch that %s says was safe is never cut", (_, goOn) => {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL, OWN_EPOCH);
  append(log, [{ batch: 1 }]);
  const damaged = log.bytes;
  append(log, [{ batch: 2 }]);
  log.sync();
  goOn(log);
  disk.rot(FILE, damaged + 100, 0xff);
  const open = () => TopicLog.open(topicPlace(disk), SMALL, OWN_EPOCH + 1);
  expect(open).toThrow(SeriatimError);
  expect(open).toThrow("the position was durable");
});
