// A commit worker on the test's thread, on a disk in memory and by a clock that stands until the test moves it; batches as
// publishers send them; and its results, and its log, in words.

import type { Clock, Storage, StorageFile } from "../../../src/base/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import {
  RecordCursor,
  RecordWriter,
  readBatchHeader,
  readLogPart,
  TapeBatch,
  type TapeMemory,
  TapeType,
  tapeLengthAt,
  tapeMemory,
  tapeReasonName,
  tapeTypeAt,
  writeBatchHeader,
} from "../../../src/protocol/index.ts";
import { FRAME_HEADER_BYTES, scanLog } from "../../../src/segment/index.ts";
import {
  type CommitResult,
  CommitResultKind,
  ORDERING_LIMITS,
  type OrderingLimits,
  type TopicLimits,
  TopicReader,
  topicDirectory,
} from "../../../src/tape/index.ts";
import { CommitInline } from "./commit-inline.ts";

const checksums = new NativeChecksums();
const DIRECTORY = "/tape";
export const BUFFER_BYTES = 64 * 1024;

export const SMALL_TOPICS: TopicLimits = {
  segmentBytes: 256 * 1024,
  partBytesMax: BUFFER_BYTES,
  sessionsMax: 64,
};

class TestClock implements Clock {
  now_us = 1_000_000_000_000;

  wallMicros(): number {
    return this.now_us;
  }
  monotonicMicros(): number {
    return this.now_us;
  }
}

/** A disk whose syncs can be watched: `beforeSync` runs while the worker is in one. */
export class WatchedStorage implements Storage {
  readonly #disk: Storage;
  beforeSync: () => void = () => {};

  constructor(disk: Storage) {
    this.#disk = disk;
  }

  open(path: string, access: "read" | "write"): StorageFile {
    return this.#watched(this.#disk.open(path, access));
  }
  create(path: string): StorageFile {
    return this.#watched(this.#disk.create(path));
  }
  list(directory: string): string[] {
    return this.#disk.list(directory);
  }
  rename(from: string, to: string): void {
    this.#disk.rename(from, to);
  }
  remove(path: string): void {
    this.#disk.remove(path);
  }
  makeDirectory(path: string): void {
    this.#disk.makeDirectory(path);
  }
  syncDirectory(directory: string): void {
    this.#disk.syncDirectory(directory);
  }

  #watched(file: StorageFile): StorageFile {
    return {
      path: file.path,
      read: (bytes, from, length, position) => file.read(bytes, from, length, position),
      write: (bytes, from, length, position) => file.write(bytes, from, length, position),
      syncData: () => {
        this.beforeSync();
        file.syncData();
      },
      size: () => file.size(),
      truncate: (size) => file.truncate(size),
      close: () => file.close(),
    };
  }
}

export interface BatchOptions {
  readonly publisher?: number;
  readonly epoch?: number;
  readonly values?: readonly string[];
  /** Changes what was sealed: a byte of the payload, or the count of records. */
  readonly spoil?: "payload" | "records";
}

/** A batch as it comes off a socket, header checked. */
export function batchBytes(
  number: number,
  { publisher = 7, epoch = 1, values = [`value ${publisher}.${epoch}.${number}`], spoil }: BatchOptions = {},
): Uint8Array {
  const memory = tapeMemory(new ArrayBuffer(BUFFER_BYTES));
  const writer = new RecordWriter();
  writer.reset(memory.bytes, TapeBatch.bytes, BUFFER_BYTES);
  for (const value of values) writer.add(new TextEncoder().encode(value));
  const { payloadBytes } = writer;
  const payload = memory.bytes.subarray(TapeBatch.bytes, TapeBatch.bytes + payloadBytes);
  const length = writeBatchHeader(memory, 0, {
    ...{ isCompressed: false, publisher, epoch, batch: number, payloadBytes, plainBytes: payloadBytes },
    records: writer.records + (spoil === "records" ? 1 : 0),
    payloadCrc: checksums.crc32c(payload),
  });
  if (spoil === "payload") memory.bytes[length - 1] ^= 1;
  return memory.bytes.slice(0, length);
}

/** The entries of a topic's log: batches as publisher.epoch.number, sessions and checkpoints by their names. */
export function logOf(storage: Storage, topic: number, directory = DIRECTORY): string[] {
  const place = { storage, checksums, directory: topicDirectory(directory, topic), log: "tape" };
  const entries: string[] = [];
  scanLog(place, ({ bytes, payloadAt, payloadBytes }) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let at = payloadAt; at < payloadAt + payloadBytes; at += tapeLengthAt(view, at)) {
      const type = tapeTypeAt(view, at);
      if (type === TapeType.Batch) {
        const { publisher, epoch, batch } = readBatchHeader(view, at);
        entries.push(`${publisher}.${epoch}.${batch}`);
      } else entries.push(type === TapeType.Session ? "session" : "checkpoint");
    }
  });
  return entries;
}

/** What a subscriber that begins with record `from` reads: every record with its number. */
export function recordsOf(
  storage: Storage,
  topic: number,
  from: number,
): { record: number; value: string }[] {
  const place = { storage, checksums, directory: topicDirectory(DIRECTORY, topic) };
  const { lastPosition } = scanLog({ ...place, log: "tape" });
  const end = { nextPosition: lastPosition + 1, nextRecord: Number.MAX_SAFE_INTEGER };
  const reader = new TopicReader(place);
  const memory = tapeMemory(new ArrayBuffer(2 * BUFFER_BYTES));
  const records: { record: number; value: string }[] = [];
  let cursor = reader.locate({ kind: "record", value: from }, end);
  for (;;) {
    if ("oldestRecord" in cursor) throw new Error("the record is gone");
    const read = reader.read(cursor, end.nextPosition, memory, BUFFER_BYTES);
    if ("oldestRecord" in read) throw new Error("a record went while it was read");
    if (read.batches === 0) break;
    for (let at = 0; at < read.bytes; at += tapeLengthAt(memory.view, at)) readRecords(memory, at, records);
    cursor = read.cursor;
  }
  reader.close();
  return records.filter(({ record }) => record >= from);
}

function readRecords(memory: TapeMemory, at: number, into: { record: number; value: string }[]): void {
  const cursor = new RecordCursor();
  const payload = at + TapeBatch.bytes;
  cursor.reset(memory.bytes, payload, payload + readBatchHeader(memory.view, at).payloadBytes);
  let { firstRecord } = readLogPart(memory.view, at);
  while (cursor.next()) into.push({ record: firstRecord++, value: new TextDecoder().decode(cursor.value()) });
}

/** The batches alone. */
export function batchesOf(storage: Storage, topic: number, directory = DIRECTORY): string[] {
  return logOf(storage, topic, directory).filter((entry) => /^[0-9]/.test(entry));
}

const KIND_NAMES = Object.entries(CommitResultKind);

/** A result in words. */
export function resultText(result: CommitResult): string {
  const { kind, reason, connection, detail, epoch, nextRecord, buffer } = result;
  const name = KIND_NAMES.find(([, value]) => value === kind)?.[0] ?? `${kind}`;
  const why = reason === 0 ? "" : ` ${tapeReasonName(reason)}`;
  switch (kind) {
    case CommitResultKind.SessionOpened:
      return reason === 0
        ? `SessionOpened ${connection} epoch ${epoch} last ${detail}`
        : `SessionOpened ${connection}${why} ${detail}`;
    case CommitResultKind.Released:
      return `Released ${buffer}`;
    case CommitResultKind.Ack:
      return `Ack ${connection} batch ${detail} next ${nextRecord}`;
    case CommitResultKind.Fault:
      return `Fault ${connection}${why} ${detail}`;
    case CommitResultKind.Visible:
      return `Visible ${nextRecord}`;
    default:
      return `${name}${why}`;
  }
}

export interface WorkbenchOptions {
  readonly buffers?: number;
  readonly commandsMax?: number;
  readonly orderingLimits?: OrderingLimits;
  readonly connectionsMax?: number;
  readonly disk?: SimulatedDisk;
}

export class Workbench {
  readonly clock = new TestClock();
  readonly disk: SimulatedDisk;
  readonly storage: WatchedStorage;
  readonly stage: CommitInline;
  readonly notices: string[] = [];
  readonly #buffers: SharedArrayBuffer[];
  readonly #told: string[] = [];
  #next = 0;

  constructor({
    buffers = 4,
    commandsMax = 64,
    orderingLimits = ORDERING_LIMITS,
    connectionsMax = 64,
    disk = new SimulatedDisk(),
  }: WorkbenchOptions = {}) {
    this.disk = disk;
    this.storage = new WatchedStorage(disk);
    this.#buffers = Array.from({ length: buffers }, () => new SharedArrayBuffer(BUFFER_BYTES));
    const options = { directory: DIRECTORY, connectionsMax, topicsMax: 16, topicLimits: SMALL_TOPICS };
    this.stage = new CommitInline(
      { ...options, buffers: this.#buffers, orderingLimits, commandsMax },
      {
        result: (result) => this.#told.push(resultText(result)),
        drained: () => {},
        notice: (topic, error) => this.notices.push(`${topic} ${error.code}`),
      },
      this.storage,
      this.clock,
    );
  }

  /** Opens topic 1 at an order level, and forgets that it was told so. */
  topic(orderLevel: number, topic = 1): this {
    this.stage.commands.openTopic(topic, orderLevel, { bytes: 0, age_us: 0 });
    this.turn();
    return this;
  }

  open(connection: number, publisher = 7, epoch = 1, ack = 1, topic = 1): void {
    this.stage.commands.openSession(connection, topic, publisher, epoch, ack);
  }

  /** A part of whole batches, in the next buffer: no more than there are between two turns. False when the ring of commands is full. */
  part(connection: number, batches: readonly Uint8Array[], topic = 1): boolean {
    const buffer = this.#next % this.#buffers.length;
    const length = batches.reduce((sum, batch) => sum + batch.length, 0);
    const { commands } = this.stage;
    if (!commands.part(connection, topic, buffer, FRAME_HEADER_BYTES, length, batches.length)) return false;
    this.#next++;
    // Nobody sees the command before it is published.
    const bytes = new Uint8Array(this.#buffers[buffer]);
    let at = FRAME_HEADER_BYTES;
    for (const batch of batches) {
      bytes.set(batch, at);
      at += batch.length;
    }
    return true;
  }

  /** What has been told since the last time, without Released and Visible unless they are asked for. */
  told(all = false): string[] {
    this.stage.drain();
    const told = this.#told.splice(0);
    return all ? told : told.filter((line) => !line.startsWith("Released") && !line.startsWith("Visible"));
  }

  /** The worker does all that is there; what was told. */
  turn(): string[] {
    this.stage.turn();
    return this.told();
  }

  pass(microseconds: number): string[] {
    this.clock.now_us += microseconds;
    return this.turn();
  }
}
