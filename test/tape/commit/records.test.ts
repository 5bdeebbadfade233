// The records between the event loop and a commit worker: what is written is what is read, in slots that held others.

import { expect, test } from "vitest";
import { createRing, type Ring, RingConsumer, RingProducer } from "../../../src/ring/index.ts";
import {
  COMMIT_RECORD_BYTES,
  type CommitCommand,
  CommitCommandKind,
  CommitCommandWriter,
  type CommitResult,
  CommitResultKind,
  CommitResultWriter,
  emptyCommand,
  emptyResult,
  readCommand,
  readResult,
} from "../../../src/tape/index.ts";

/** A ring of two slots that both held ones everywhere. */
function usedRing(): { ring: Ring; producer: RingProducer } {
  const ring = createRing({ recordBytes: COMMIT_RECORD_BYTES, capacity: 2 });
  ring.words.fill(-1);
  return { ring, producer: new RingProducer(ring) };
}

function viewOf({ bytes }: Ring): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const wide = 2 ** 53 - 1;

const commands: readonly [string, (writer: CommitCommandWriter) => boolean, Partial<CommitCommand>][] = [
  [
    "OpenTopic",
    (writer) => writer.openTopic(1_023, 2, { bytes: wide, age_us: 3_600_000_000 }),
    { kind: CommitCommandKind.OpenTopic, topic: 1_023, orderLevel: 2, retainBytes: wide, retain_us: 3.6e9 },
  ],
  [
    "OpenSession",
    (writer) => writer.openSession(0x7fffffff, 5, wide - 1, wide, 1),
    {
      ...{ kind: CommitCommandKind.OpenSession, topic: 5, connection: 0x7fffffff, ackLevel: 1, epoch: wide },
      publisher: wide - 1,
    },
  ],
  [
    "Part",
    (writer) => writer.part(65_537, 5, 31, 80, 2_097_152, 7),
    {
      kind: CommitCommandKind.Part,
      topic: 5,
      connection: 65_537,
      buffer: 31,
      at: 80,
      bytes: 2_097_152,
      batches: 7,
    },
  ],
  [
    "CloseConnection",
    (writer) => writer.closeConnection(65_537, 5),
    { kind: CommitCommandKind.CloseConnection, topic: 5, connection: 65_537 },
  ],
  [
    "Retain",
    (writer) => writer.retain(5, { bytes: 1, age_us: wide }),
    { kind: CommitCommandKind.Retain, topic: 5, retainBytes: 1, retain_us: wide },
  ],
  ["DeleteTopic", (writer) => writer.deleteTopic(5), { kind: CommitCommandKind.DeleteTopic, topic: 5 }],
];

test.each(commands)(
  "the command %s reads as it was written, and nothing of the slot before",
  (_, write, said) => {
    const { ring, producer } = usedRing();
    expect(write(new CommitCommandWriter(ring, producer))).toBe(true);
    const command = emptyCommand();
    readCommand(viewOf(ring), 0, command);
    expect(command).toEqual({ ...emptyCommand(), ...said });
  },
);

const extent = { nextRecord: wide, nextPosition: 12, oldestRecord: 3, bytes: 2 ** 40 };

const results: readonly [string, (writer: CommitResultWriter) => boolean, Partial<CommitResult>][] = [
  [
    "TopicOpened",
    (writer) => writer.topicOpened(9, 0, extent),
    { kind: CommitResultKind.TopicOpened, topic: 9, ...extent },
  ],
  [
    "TopicOpened that was refused",
    (writer) => writer.topicOpened(9, 200),
    { kind: CommitResultKind.TopicOpened, topic: 9, reason: 200 },
  ],
  [
    "SessionOpened",
    (writer) => writer.sessionOpened(70_000, 9, 0, 4, wide, extent),
    { kind: CommitResultKind.SessionOpened, topic: 9, connection: 70_000, epoch: 4, detail: wide, ...extent },
  ],
  ["Released", (writer) => writer.released(31), { kind: CommitResultKind.Released, buffer: 31 }],
  [
    "Ack",
    (writer) => writer.ack(70_000, 9, wide, 17),
    { kind: CommitResultKind.Ack, connection: 70_000, topic: 9, detail: wide, nextRecord: 17 },
  ],
  [
    "Fault",
    (writer) => writer.fault(70_000, 9, 20, 8),
    { kind: CommitResultKind.Fault, connection: 70_000, topic: 9, reason: 20, detail: 8 },
  ],
  ["Visible", (writer) => writer.visible(9, extent), { kind: CommitResultKind.Visible, topic: 9, ...extent }],
  [
    "TopicFailed",
    (writer) => writer.topicFailed(9, 24),
    { kind: CommitResultKind.TopicFailed, topic: 9, reason: 24 },
  ],
  ["TopicDeleted", (writer) => writer.topicDeleted(9), { kind: CommitResultKind.TopicDeleted, topic: 9 }],
];

test.each(results)(
  "the result %s reads as it was written, and nothing of the slot before",
  (_, write, said) => {
    const { ring, producer } = usedRing();
    expect(write(new CommitResultWriter(ring, producer))).toBe(true);
    const result = emptyResult();
    readResult(viewOf(ring), 0, result);
    expect(result).toEqual({ ...emptyResult(), ...said });
  },
);

test("a full ring answers every command and every result with false, and goes on when a slot is free", () => {
  const { ring, producer } = usedRing();
  const consumer = new RingConsumer(ring);
  for (const writes of [commands, results]) {
    const commandWriter = new CommitCommandWriter(ring, producer);
    const resultWriter = new CommitResultWriter(ring, producer);
    expect(commandWriter.deleteTopic(1) && resultWriter.released(2)).toBe(true);
    for (const [, write] of writes)
      expect(write((writes === commands ? commandWriter : resultWriter) as never)).toBe(false);
    producer.publish();
    consumer.release(consumer.available());
  }
});
