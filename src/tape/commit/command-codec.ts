// Commands to a commit worker, written into slots of their ring and read where they lie. The writer takes numbers and
// allocates nothing; the reader fills one object that its owner keeps.

import { getU64, setU64 } from "../../base/index.ts";
import type { Ring, RingProducer } from "../../ring/index.ts";
import type { Retention } from "../log/topic-place.ts";
import { CommitCommandLayout as At, CommitCommandKind } from "./record-layout.ts";

/** One command; which fields it uses stands in record-layout.ts, the others are 0. */
export interface CommitCommand {
  kind: number;
  orderLevel: number;
  ackLevel: number;
  topic: number;
  connection: number;
  buffer: number;
  at: number;
  bytes: number;
  batches: number;
  publisher: number;
  epoch: number;
  retainBytes: number;
  retain_us: number;
}

/** A command without anything, to be filled by `readCommand`. */
export function emptyCommand(): CommitCommand {
  const numbers = { topic: 0, connection: 0, buffer: 0, at: 0, bytes: 0, batches: 0, publisher: 0 };
  const kinds = { kind: 0, orderLevel: 0, ackLevel: 0 };
  return { ...kinds, ...numbers, epoch: 0, retainBytes: 0, retain_us: 0 };
}

/** Fills `command` from the record at byte offset `at` of a ring's record area. */
export function readCommand(view: DataView, at: number, command: CommitCommand): void {
  command.kind = view.getUint8(at + At.kind);
  command.orderLevel = view.getUint8(at + At.orderLevel);
  command.ackLevel = view.getUint8(at + At.ackLevel);
  command.topic = view.getUint32(at + At.topic, true);
  command.connection = view.getUint32(at + At.connection, true);
  command.buffer = view.getUint32(at + At.buffer, true);
  command.at = view.getUint32(at + At.at, true);
  command.bytes = view.getUint32(at + At.bytes, true);
  command.batches = view.getUint32(at + At.batches, true);
  command.publisher = getU64(view, at + At.publisher);
  command.epoch = getU64(view, at + At.epoch);
  command.retainBytes = getU64(view, at + At.retainBytes);
  command.retain_us = getU64(view, at + At.retain_us);
}

/**
 * Writes commands into the slots of a ring. Each method answers false when the ring is full, and then nothing was
 * written; what was written the worker sees at the producer's next publish().
 */
export class CommitCommandWriter {
  readonly #ring: Ring;
  readonly #producer: RingProducer;
  readonly #view: DataView;

  constructor(ring: Ring, producer: RingProducer) {
    this.#ring = ring;
    this.#producer = producer;
    this.#view = new DataView(ring.bytes.buffer, ring.bytes.byteOffset, ring.bytes.byteLength);
  }

  /** The worker opens the topic's log, or makes it; `orderLevel` is what was fixed when the topic was made. */
  openTopic(topic: number, orderLevel: number, retention: Retention): boolean {
    const at = this.#claim(CommitCommandKind.OpenTopic, topic, 0);
    if (at < 0) return false;
    this.#view.setUint8(at + At.orderLevel, orderLevel);
    return this.#commitRetention(at, retention);
  }

  /** A publisher's connection is bound to its session; `epoch` 0: one higher than any of this publisher before. */
  openSession(
    connection: number,
    topic: number,
    publisher: number,
    epoch: number,
    ackLevel: number,
  ): boolean {
    const at = this.#claim(CommitCommandKind.OpenSession, topic, connection);
    if (at < 0) return false;
    this.#view.setUint8(at + At.ackLevel, ackLevel);
    setU64(this.#view, at + At.publisher, publisher);
    setU64(this.#view, at + At.epoch, epoch);
    return this.#commit();
  }

  /**
   * `batches` whole batches, back to back in bytes [at, at + bytes) of staging buffer `buffer`, all of one connection,
   * whose headers were checked. The PART_HEADROOM_BYTES before them are the worker's too, until Released.
   */
  part(
    connection: number,
    topic: number,
    buffer: number,
    from: number,
    bytes: number,
    batches: number,
  ): boolean {
    const at = this.#claim(CommitCommandKind.Part, topic, connection);
    if (at < 0) return false;
    this.#view.setUint32(at + At.buffer, buffer, true);
    this.#view.setUint32(at + At.at, from, true);
    this.#view.setUint32(at + At.bytes, bytes, true);
    this.#view.setUint32(at + At.batches, batches, true);
    return this.#commit();
  }

  /** No more parts of this connection. */
  closeConnection(connection: number, topic: number): boolean {
    return this.#claim(CommitCommandKind.CloseConnection, topic, connection) >= 0 && this.#commit();
  }

  /** From now on the topic keeps so much. */
  retain(topic: number, retention: Retention): boolean {
    const at = this.#claim(CommitCommandKind.Retain, topic, 0);
    return at >= 0 && this.#commitRetention(at, retention);
  }

  /** Closes the topic's log and removes its files; who reads them must have let go. */
  deleteTopic(topic: number): boolean {
    return this.#claim(CommitCommandKind.DeleteTopic, topic, 0) >= 0 && this.#commit();
  }

  #claim(kind: number, topic: number, connection: number): number {
    const slot = this.#producer.claim();
    if (slot < 0) return -1;
    this.#ring.words.fill(0, slot, slot + this.#ring.recordWords);
    const at = slot * 4;
    this.#view.setUint8(at + At.kind, kind);
    this.#view.setUint32(at + At.topic, topic, true);
    this.#view.setUint32(at + At.connection, connection, true);
    return at;
  }

  #commitRetention(at: number, { bytes, age_us }: Retention): boolean {
    setU64(this.#view, at + At.retainBytes, bytes);
    setU64(this.#view, at + At.retain_us, age_us);
    return this.#commit();
  }

  #commit(): boolean {
    this.#producer.commit();
    return true;
  }
}
