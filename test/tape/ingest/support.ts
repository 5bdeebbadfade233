// What tests of ingest share: streams of batches, a commit queue that a test empties by hand, and a service on both.

import { connectionNumber } from "../../../src/base/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import {
  decodeEnd,
  padded,
  RecordWriter,
  readTapeAck,
  TapeBatch,
  TapeReason,
  TapeSender,
  TapeStream,
  TapeType,
  tapeMemory,
  tapeReasonName,
  writeBatchHeader,
  writePlain,
} from "../../../src/protocol/index.ts";
import {
  type CommitQueue,
  PublisherService,
  type PublisherTerms,
  StagingPool,
} from "../../../src/tape/index.ts";
import { ManualTransport } from "../../gateway/support.ts";

const checksums = new NativeChecksums();

export const PUBLISHER = 7;
export const EPOCH = 3;

/** A batch of one record that fills `payloadBytes`, a multiple of 8 from 16 on. */
export function batch(number: number, payloadBytes: number, publisher = PUBLISHER): Uint8Array {
  const memory = tapeMemory(new ArrayBuffer(TapeBatch.bytes + padded(payloadBytes)));
  const { bytes } = memory;
  const writer = new RecordWriter();
  writer.reset(bytes, TapeBatch.bytes, bytes.length);
  writer.add(new Uint8Array(payloadBytes - 16).fill(number));
  const payloadCrc = checksums.crc32c(bytes.subarray(TapeBatch.bytes));
  const { records, payloadBytes: written } = writer;
  const sizes = { records, payloadBytes: written, plainBytes: written, payloadCrc };
  writeBatchHeader(memory, 0, { isCompressed: false, publisher, epoch: EPOCH, batch: number, ...sizes });
  return bytes;
}

export function bye(): Uint8Array {
  const { bytes, view } = tapeMemory(new ArrayBuffer(8));
  writePlain(view, 0, TapeType.Bye);
  return bytes;
}

export function heartbeat(): Uint8Array {
  const { bytes, view } = tapeMemory(new ArrayBuffer(8));
  writePlain(view, 0, TapeType.Heartbeat);
  return bytes;
}

/** Any message: what a publisher is told first is the broker's affair. */
function standby(): Uint8Array {
  const { bytes, view } = tapeMemory(new ArrayBuffer(8));
  writePlain(view, 0, TapeType.Standby);
  return bytes;
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export interface Part {
  readonly connection: number;
  readonly buffer: number;
  readonly at: number;
  readonly bytes: number;
  readonly batches: number;
}

/** Keeps what it is given, at most `capacity` of it, until a test takes it: what was published, as a worker sees it. */
class ManualQueue implements CommitQueue {
  readonly workers = 1;
  readonly parts: Part[] = [];
  readonly ends: number[] = [];
  capacity = 1_000;
  /** How often the queue was full. */
  refused = 0;
  #published = 0;

  workerOf(): number {
    return 0;
  }
  part(
    connection: number,
    _topic: number,
    buffer: number,
    at: number,
    bytes: number,
    batches: number,
  ): boolean {
    if (this.parts.length >= this.capacity) {
      this.refused++;
      return false;
    }
    this.parts.push({ connection, buffer, at, bytes, batches });
    return true;
  }
  closeConnection(connection: number): void {
    this.ends.push(connection);
  }
  hasRoom(): boolean {
    return this.parts.length < this.capacity;
  }
  publish(): void {
    this.#published = this.parts.length;
  }

  /** The oldest that was published. */
  take(): Part | undefined {
    if (this.#published === 0) return undefined;
    this.#published--;
    return this.parts.shift();
  }
}

/** A service, its pool and its queue; what is committed is kept by publisher's connection. */
export class Bench {
  readonly transport = new ManualTransport();
  readonly queue = new ManualQueue();
  readonly pool: StagingPool;
  readonly service: PublisherService;
  readonly committed = new Map<number, Uint8Array[]>();
  now_us = 1_000_000;

  constructor(buffers: number, connectionsMax = 128) {
    this.pool = new StagingPool({ buffers, connectionsMax, workers: 1 });
    const clock = { wallMicros: () => this.now_us as never, monotonicMicros: () => this.now_us };
    const { transport, pool, queue: commits } = this;
    this.service = new PublisherService({ transport, pool, commits, clock, connectionsMax });
  }

  open(slot: number, terms: Partial<PublisherTerms> = {}, publisher = PUBLISHER, generation = 1): number {
    const connection = connectionNumber(slot, generation);
    const topic = { id: 1, nextRecord: 1, topic: { name: "md.trades" } };
    const greeting = standby();
    const all = { topic, ackLevel: 1, lastBatch: 0, rate: undefined, greeting, isHeld: false, ...terms };
    this.service.open({ connection, publisher, epoch: EPOCH }, all);
    return connection;
  }

  /** Bytes of a connection come in; they are lent for the call, and something else afterwards. */
  receive(connection: number, bytes: Uint8Array): void {
    const lent = bytes.slice();
    this.service.received(connection, lent);
    lent.fill(0xee);
  }

  /** Commits the oldest part that was published: its batches are acknowledged and its buffer comes back. False: there is none. */
  commitOne(): boolean {
    const part = this.queue.take();
    if (part === undefined) return false;
    const { connection, buffer, at, bytes } = part;
    const copy = this.pool.memory[buffer].slice(at, at + bytes);
    const last = batchesIn(copy).at(-1);
    const known = this.committed.get(connection) ?? [];
    this.committed.set(connection, [...known, copy]);
    this.service.released(buffer);
    this.service.acked(connection, last?.number ?? 0, 0);
    this.service.settle();
    return true;
  }

  commitAll(): void {
    for (;;) {
      this.transport.turn();
      if (!this.commitOne()) return;
    }
  }

  /** All that was committed of a connection, headers and payloads, in order. */
  stream(connection: number): Uint8Array {
    return concat(...(this.committed.get(connection) ?? []));
  }

  /** What a connection was told: `ack 3`, `TooSlow`, `heartbeat`. */
  told(connection: number): string[] {
    const told: string[] = [];
    const stream = new TapeStream(TapeSender.Broker, (bytes) => new Uint8Array(bytes));
    const problem = stream.receive(this.transport.stream(connection), (type, memory, length) => {
      if (type === TapeType.Ack) told.push(`ack ${readTapeAck(memory.view, 0).batch}`);
      else if (type === TapeType.Fault) told.push(endName(decodeEnd(memory, 0, length)?.reason));
      else if (type !== TapeType.Standby)
        told.push(type === TapeType.BrokerHeartbeat ? "heartbeat" : `type ${type}`);
      return true;
    });
    return problem === TapeReason.None ? told : [...told, "damaged"];
  }
}

function endName(reason: number | undefined): string {
  return reason === undefined ? "damaged" : tapeReasonName(reason);
}

/** The batches that lie back to back in `bytes`. */
export function batchesIn(bytes: Uint8Array): { number: number; at: number; length: number }[] {
  const { view } = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
  const found: { number: number; at: number; length: number }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at, true);
    if (length < TapeBatch.bytes) throw new Error(`no batch begins at ${at}`);
    found.push({ number: Number(view.getBigUint64(at + TapeBatch.batch, true)), at, length });
    at += length;
  }
  return found;
}
