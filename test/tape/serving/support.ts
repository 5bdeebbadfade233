// What the tests of serving share: subscribers on a transport and a storage that do what the test says, over a log in memory, on a
// clock of the test's own.

import { type Clock, SeriatimError } from "../../../src/base/index.ts";
import {
  decodeEnd,
  readAccepted,
  readActive,
  readBatchHeader,
  readBrokerHeartbeat,
  readLogPart,
  TapeBatch,
  TapeFrom,
  type TapeMemory,
  TapeReason,
  TapeSender,
  TapeStream,
  TapeType,
  tapeMemory,
  tapeMemoryOf,
  tapeReasonName,
  writeBatchHeader,
  writeCommitOffset,
  writeCredit,
  writeLogPart,
  writePlain,
} from "../../../src/protocol/index.ts";
import {
  type CatalogChange,
  CatalogState,
  DELIVERY_BUFFER_BYTES,
  GroupOffsets,
  type ReadsListener,
  type StorageReads,
  SubscriberService,
  type SubscriberWish,
  type TopicProgress,
} from "../../../src/tape/index.ts";
import { KEPT, NOW_us } from "../catalog/support.ts";

export const TOPIC = { ...KEPT, id: 1, name: "md.trades", created_us: NOW_us };
const RECORDS = 4;

/** A topic's log: batches of four records each, as they lie in a delivery buffer. */
class MemoryLog {
  readonly batches: Uint8Array[] = [];
  oldestRecord = 1;

  get nextRecord(): number {
    return this.batches.length * RECORDS + 1;
  }

  get progress(): TopicProgress {
    const { nextRecord, oldestRecord } = this;
    return { nextPosition: this.batches.length + 1, nextRecord, oldestRecord, bytes: 0 };
  }

  append(payloadBytes = 64): void {
    const bytes = new Uint8Array(TapeBatch.bytes + payloadBytes);
    const memory = tapeMemoryOf(bytes);
    const session = { publisher: 1, epoch: 1, batch: this.batches.length + 1, payloadCrc: 0 };
    const sizes = { records: RECORDS, payloadBytes, plainBytes: payloadBytes, isCompressed: false };
    writeBatchHeader(memory, 0, { ...session, ...sizes });
    writeLogPart(memory, 0, this.nextRecord, this.batches.length + 1, NOW_us + this.batches.length);
    this.batches.push(bytes);
  }
}

class ManualClock implements Clock {
  now_us = 0;
  wallMicros(): number {
    return NOW_us + this.now_us;
  }
  monotonicMicros(): number {
    return this.now_us;
  }
}

/** Reads the log when the test lets it. */
class HeldStorage implements StorageReads {
  readonly buffers: readonly SharedArrayBuffer[];
  /** What was asked, in order, for as long as it is not answered. */
  readonly asked: (() => void)[] = [];
  reads = 0;
  /** How many requests may wait. */
  room = Number.POSITIVE_INFINITY;
  /** What every read finds, if not the log. */
  failure: { reason: TapeReason; detail: number } | undefined;
  readonly #log: MemoryLog;
  readonly #listener: () => ReadsListener;

  constructor(buffers: number, log: MemoryLog, listener: () => ReadsListener) {
    this.buffers = Array.from({ length: buffers }, () => new SharedArrayBuffer(DELIVERY_BUFFER_BYTES));
    this.#log = log;
    this.#listener = listener;
  }

  read(buffer: number, _topic: number, record: number, end: TopicProgress): boolean {
    if (this.asked.length >= this.room) return false;
    this.reads++;
    this.asked.push(() => this.#listener().read(buffer, this.failure ?? this.#fill(buffer, record, end)));
    return true;
  }

  locate(connection: number, _topic: number, time_us: number, end: TopicProgress): boolean {
    if (this.asked.length >= this.room) return false;
    const { batches, nextRecord } = this.#log;
    const found = batches.slice(0, end.nextPosition - 1).findIndex((bytes) => {
      return readLogPart(tapeMemoryOf(bytes).view, 0).committed_us >= time_us;
    });
    const record = found < 0 ? nextRecord : found * RECORDS + 1;
    this.asked.push(() => this.#listener().located(connection, this.failure ?? record));
    return true;
  }

  #fill(buffer: number, record: number, end: TopicProgress) {
    const into = new Uint8Array(this.buffers[buffer]);
    const first = Math.floor((record - 1) / RECORDS);
    let [bytes, next] = [0, first];
    while (next < end.nextPosition - 1 && bytes + this.#log.batches[next].length <= into.length) {
      into.set(this.#log.batches[next], bytes);
      bytes += this.#log.batches[next++].length;
    }
    return { bytes, firstRecord: first * RECORDS + 1, nextRecord: next * RECORDS + 1 };
  }
}

/** What one peer was sent, as it reads it: small messages in words, a batch as the records in it. */
class Peer {
  readonly said: string[] = [];
  batchBytes = 0;
  readonly batches: Uint8Array[] = [];
  /** Takes nothing: what is sent is held. */
  isStuck = false;
  held: Uint8Array | undefined;
  unacknowledged = 0;
  isClosing = false;
  readonly #stream = new TapeStream(TapeSender.Broker, (bytes) => new Uint8Array(bytes));

  take(bytes: Uint8Array): void {
    const problem = this.#stream.receive(bytes, (type, memory, length) => this.#hear(type, memory, length));
    if (problem !== TapeReason.None) throw new Error(tapeReasonName(problem));
  }

  #hear(type: TapeType, memory: TapeMemory, length: number): boolean {
    if (type === TapeType.Batch) {
      const { firstRecord } = readLogPart(memory.view, 0);
      this.batchBytes += length;
      this.batches.push(memory.bytes);
      this.said.push(`${firstRecord}-${firstRecord + readBatchHeader(memory.view, 0).records - 1}`);
    } else this.said.push(wordsOf(type, memory, length));
    return true;
  }
}

function wordsOf(type: TapeType, memory: TapeMemory, length: number): string {
  if (type === TapeType.Accepted) {
    const { oldestRecord, nextRecord } = readAccepted(memory, 0);
    return `accepted ${oldestRecord}..${nextRecord}`;
  }
  if (type === TapeType.Active) return `active ${readActive(memory.view, 0)}`;
  if (type === TapeType.Standby) return "standby";
  if (type === TapeType.BrokerHeartbeat) return `heartbeat ${readBrokerHeartbeat(memory.view, 0)}`;
  const end = decodeEnd(memory, 0, length);
  if (end === undefined) throw new SeriatimError("NOT_EXPECTED", `type ${type}`);
  const word = type === TapeType.Refused ? "refused" : "fault";
  const words = `${word} ${tapeReasonName(end.reason)} ${end.detail}`;
  return end.reason === TapeReason.LogCorrupt ? `${words}: ${end.text}` : words;
}

export interface WorldOptions {
  readonly buffers?: number;
  readonly batches?: number;
}

/** A service with everything around it in the test's hands. */
export class World {
  readonly log = new MemoryLog();
  readonly clock = new ManualClock();
  readonly storage: HeldStorage;
  readonly service: SubscriberService;
  readonly offsets: GroupOffsets;
  readonly commits: CatalogChange[] = [];
  /** The catalog's disk has no room. */
  isFull = false;
  readonly peers = new Map<number, Peer>();
  #turns: (() => void)[] = [];

  constructor({ buffers = 4, batches = 3 }: WorldOptions = {}) {
    for (let i = 0; i < batches; i++) this.log.append();
    this.storage = new HeldStorage(buffers, this.log, () => this.service);
    const catalog = new CatalogState();
    catalog.apply({ kind: "topic", topic: TOPIC });
    const write = async (changes: readonly CatalogChange[]) => {
      if (this.isFull) throw new SeriatimError("ENOSPC", "no space left");
      this.commits.push(...changes);
    };
    this.offsets = new GroupOffsets(catalog, { write });
    this.service = new SubscriberService({
      transport: {
        send: (connection, bytes, from, to) => this.#sent(connection, bytes.subarray(from, to)),
        close: (connection) => {
          this.peer(connection).isClosing = true;
          if (this.peer(connection).held === undefined) this.#turns.push(() => this.#close(connection));
        },
        destroy: (connection) => {
          this.#turns.push(() => this.#close(connection));
        },
        unacknowledgedBytes: (connection) => this.peer(connection).unacknowledged,
        nextTurn: (turned) => this.#turns.push(turned),
      },
      storage: this.storage,
      deliveryBuffers: this.storage.buffers,
      offsets: this.offsets,
      clock: this.clock,
    });
  }

  peer(connection: number): Peer {
    return this.peers.get(connection) as Peer;
  }

  /** What a peer has been told, and no more: read once. */
  said(connection: number): string[] {
    return this.peer(connection).said.splice(0);
  }

  open(connection: number, wish: Partial<SubscriberWish> = {}): void {
    this.peers.set(connection, new Peer());
    const whole = { topic: TOPIC, group: "", fromKind: TapeFrom.Start, from: 0, credit: 1e9, ...wish };
    this.service.open(connection, whole, this.log.progress);
  }

  append(payloadBytes?: number): void {
    this.log.append(payloadBytes);
    this.service.onVisible(TOPIC.id, this.log.progress);
  }

  retainFrom(record: number): void {
    this.log.oldestRecord = record;
    this.service.onVisible(TOPIC.id, this.log.progress);
  }

  credit(connection: number, bytes: number): void {
    this.#say(connection, (view) => writeCredit(view, 0, bytes));
  }
  commit(connection: number, record: number): void {
    this.#say(connection, (view) => writeCommitOffset(view, 0, record));
  }
  heartbeat(connection: number): void {
    this.#say(connection, (view) => writePlain(view, 0, TapeType.Heartbeat));
  }
  bye(connection: number): void {
    this.#say(connection, (view) => writePlain(view, 0, TapeType.Bye));
  }

  /** Turns of the loop and answers of the storage until nothing happens any more. */
  run(): void {
    while (this.#turns.length + this.storage.asked.length > 0) {
      this.turns();
      this.storage.asked.shift()?.();
    }
  }

  /** The same, with what waits until something of groups is safe. */
  async safe(): Promise<void> {
    this.run();
    await new Promise(setImmediate);
    this.run();
  }

  /** Turns of the loop alone. */
  turns(): void {
    while (this.#turns.length > 0) for (const turned of this.#turns.splice(0)) turned();
  }

  /** Ticks for so long, with everything that follows. */
  pass(seconds: number): void {
    for (let i = 0; i < seconds * 10; i++) {
      this.clock.now_us += 100_000;
      this.service.tick();
      this.run();
    }
  }

  /** The peer takes what was held. */
  drain(connection: number): void {
    const peer = this.peer(connection);
    const { held } = peer;
    if (held === undefined) return;
    peer.held = undefined;
    peer.take(held);
    if (peer.isClosing) this.#close(connection);
    else this.service.drained(connection);
  }

  /** The connection breaks. */
  break(connection: number): void {
    this.#close(connection);
  }

  #sent(connection: number, bytes: Uint8Array): boolean {
    const peer = this.peer(connection);
    if (peer.held !== undefined) throw new Error("sent while something is held");
    if (peer.isStuck) peer.held = bytes;
    else peer.take(bytes);
    return !peer.isStuck;
  }

  #close(connection: number): void {
    const peer = this.peer(connection);
    if (peer.said.at(-1) === "closed") return;
    peer.said.push("closed");
    this.service.closed(connection);
  }

  #say(connection: number, write: (view: DataView) => number): void {
    const { bytes, view } = tapeMemory(new ArrayBuffer(64));
    this.service.received(connection, bytes.subarray(0, write(view)));
  }
}
