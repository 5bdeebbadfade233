// What a commit worker says to the event loop, written into slots of its ring and read where it lies. The writer
// allocates nothing; the reader fills one object that its owner keeps.

import { getU64, setU64 } from "../../base/index.ts";
import type { Ring, RingProducer } from "../../ring/index.ts";
import { CommitResultLayout as At, CommitResultKind } from "./record-layout.ts";

/** One result; the fields that its kind does not use are 0. */
export interface CommitResult {
  kind: number;
  reason: number;
  topic: number;
  connection: number;
  buffer: number;
  epoch: number;
  detail: number;
  nextRecord: number;
  nextPosition: number;
  oldestRecord: number;
  bytes: number;
}

/** How far a topic's log is. */
export interface TopicExtent {
  /** The number that the next record gets. */
  readonly nextRecord: number;
  readonly nextPosition: number;
  /** The first record that is still kept; nextRecord when there is none. */
  readonly oldestRecord: number;
  readonly bytes: number;
}

/** A result without anything, to be filled by `readResult`. */
export function emptyResult(): CommitResult {
  const numbers = { kind: 0, reason: 0, topic: 0, connection: 0, buffer: 0, epoch: 0, detail: 0 };
  return { ...numbers, nextRecord: 0, nextPosition: 0, oldestRecord: 0, bytes: 0 };
}

/** Fills `result` from the record at byte offset `at` of a ring's record area. */
export function readResult(view: DataView, at: number, result: CommitResult): void {
  result.kind = view.getUint8(at + At.kind);
  result.reason = view.getUint8(at + At.reason);
  result.topic = view.getUint32(at + At.topic, true);
  result.connection = view.getUint32(at + At.connection, true);
  result.buffer = view.getUint32(at + At.buffer, true);
  result.epoch = getU64(view, at + At.epoch);
  result.detail = getU64(view, at + At.detail);
  result.nextRecord = getU64(view, at + At.nextRecord);
  result.nextPosition = getU64(view, at + At.nextPosition);
  result.oldestRecord = getU64(view, at + At.oldestRecord);
  result.bytes = getU64(view, at + At.bytes);
}

const NOTHING: TopicExtent = { nextRecord: 0, nextPosition: 0, oldestRecord: 0, bytes: 0 };

/**
 * Writes results into the slots of a ring. Each method answers false when the ring is full, and then nothing was
 * written; what was written the loop sees at the producer's next publish().
 */
export class CommitResultWriter {
  readonly #ring: Ring;
  readonly #producer: RingProducer;
  readonly #view: DataView;

  constructor(ring: Ring, producer: RingProducer) {
    this.#ring = ring;
    this.#producer = producer;
    this.#view = new DataView(ring.bytes.buffer, ring.bytes.byteOffset, ring.bytes.byteLength);
  }

  /** `reason` 0: it is open, and this far. */
  topicOpened(topic: number, reason: number, extent: TopicExtent = NOTHING): boolean {
    const at = this.#claim(CommitResultKind.TopicOpened, reason, topic, 0);
    return at >= 0 && this.#commitExtent(at, extent);
  }

  /**
   * `reason` 0: the session's epoch and its last committed batch, which is as safe as the connection's acks. Else `detail`
   * is what belongs to the reason.
   */
  sessionOpened(
    connection: number,
    topic: number,
    reason: number,
    epoch: number,
    detail: number,
    extent: TopicExtent = NOTHING,
  ): boolean {
    const at = this.#claim(CommitResultKind.SessionOpened, reason, topic, connection);
    if (at < 0) return false;
    setU64(this.#view, at + At.epoch, epoch);
    setU64(this.#view, at + At.detail, detail);
    return this.#commitExtent(at, extent);
  }

  /** One part of staging buffer `buffer` is needed no more. Once for each Part. */
  released(buffer: number): boolean {
    const at = this.#claim(CommitResultKind.Released, 0, 0, 0);
    if (at < 0) return false;
    this.#view.setUint32(at + At.buffer, buffer, true);
    return this.#commit();
  }

  /** Every batch up to `batch` is committed at the connection's level; `nextRecord` follows it, 0: it was there already. */
  ack(connection: number, topic: number, batch: number, nextRecord: number): boolean {
    const at = this.#claim(CommitResultKind.Ack, 0, topic, connection);
    if (at < 0) return false;
    setU64(this.#view, at + At.detail, batch);
    setU64(this.#view, at + At.nextRecord, nextRecord);
    return this.#commit();
  }

  /** The last word to a connection: it is to be told and closed. */
  fault(connection: number, topic: number, reason: number, detail: number): boolean {
    const at = this.#claim(CommitResultKind.Fault, reason, topic, connection);
    if (at < 0) return false;
    setU64(this.#view, at + At.detail, detail);
    return this.#commit();
  }

  /** Subscribers may read so far. */
  visible(topic: number, extent: TopicExtent): boolean {
    const at = this.#claim(CommitResultKind.Visible, 0, topic, 0);
    return at >= 0 && this.#commitExtent(at, extent);
  }

  /** The topic's log takes nothing until it has been opened again. */
  topicFailed(topic: number, reason: number): boolean {
    return this.#claim(CommitResultKind.TopicFailed, reason, topic, 0) >= 0 && this.#commit();
  }

  topicDeleted(topic: number): boolean {
    return this.#claim(CommitResultKind.TopicDeleted, 0, topic, 0) >= 0 && this.#commit();
  }

  #claim(kind: number, reason: number, topic: number, connection: number): number {
    const slot = this.#producer.claim();
    if (slot < 0) return -1;
    this.#ring.words.fill(0, slot, slot + this.#ring.recordWords);
    const at = slot * 4;
    this.#view.setUint8(at + At.kind, kind);
    this.#view.setUint8(at + At.reason, reason);
    this.#view.setUint32(at + At.topic, topic, true);
    this.#view.setUint32(at + At.connection, connection, true);
    return at;
  }

  #commitExtent(at: number, { nextRecord, nextPosition, oldestRecord, bytes }: TopicExtent): boolean {
    setU64(this.#view, at + At.nextRecord, nextRecord);
    setU64(this.#view, at + At.nextPosition, nextPosition);
    setU64(this.#view, at + At.oldestRecord, oldestRecord);
    setU64(this.#view, at + At.bytes, bytes);
    return this.#commit();
  }

  #commit(): boolean {
    this.#producer.commit();
    return true;
  }
}
