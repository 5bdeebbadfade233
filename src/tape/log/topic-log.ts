// A topic's log as its one writer sees it: parts of whole batches in, each one frame that is sealed where it lies in staging.
// Synchronous, on one thread; it knows no order levels and no acks. Layout: topic-state.ts.
//
//   Every segment begins with a checkpoint, so that opening reads the last one only and retention may remove any other.
//   A batch's half of the header that is the log's is filled in before its frame is written, in one write: nobody who
//   is told of a position only after `appendPart` has returned ever sees half a batch.
//   Fail-stop: after the first write or sync that fails every call throws that error; the log is closed and opened again.

import { assert, crc32c, crc32cCombine, getU64, type SeriatimError } from "../../base/index.ts";
import {
  checkpointBytes,
  TapeBatch,
  type TapeMemory,
  TapeSession,
  tapeLengthAt,
  tapeMemory,
  writeCheckpoint,
  writeLogPart,
  writeSessionEntry,
} from "../../protocol/index.ts";
import {
  FIRST_EPOCH,
  FRAME_HEADER_BYTES,
  isReusable,
  type LogLimits,
  type LogPlace,
  type LogWriter,
  OWN_EPOCH_MIN,
  retireOldest,
} from "../../segment/index.ts";
import { type OpenedTopic, openTopic } from "./open-topic.ts";
import { readSegmentHead, type SegmentHead } from "./segment-head.ts";
import type { TopicSession } from "./session-table.ts";
import { type Retention, TOPIC_LIMITS, type TopicLimits, type TopicPlace } from "./topic-place.ts";
import type { TopicState } from "./topic-state.ts";

/** Of one call: each is a removal and a sync of the directory, and parts wait meanwhile. Faster than any disk is filled. */
const REMOVALS_MAX = 32;

export class TopicLog {
  /** What was cut of its end when it was opened: file, offset and bytes in one line. Undefined: nothing. */
  readonly cut: string | undefined;
  readonly #log: LogPlace;
  readonly #limits: LogLimits;
  readonly #writer: LogWriter;
  readonly #state: TopicState;
  #oldest: SegmentHead;
  /** The one after it, once it was read: retention asks again and again. */
  #secondOldest: SegmentHead | undefined;
  #unsyncedBytes = 0;
  /** Of those, not in a sync that was begun either. */
  #unbegunBytes = 0;
  /** As `retain` was told last, and when. */
  #retention: Retention = { bytes: 0, age_us: 0 };
  #retained_us = 0;

  /**
   * Opens the log in `place`, and makes it when there is none. What is in it is safe on return, and what a power loss tore is cut.
   * Throws LOG_CORRUPT, naming file, offset, position and reason; LOG_VERSION, the same of what another version wrote; FOREIGN_DIRECTORY; SEGMENT_LIMITS; or what the disk says.
   * `ownEpoch`, from OWN_EPOCH_MIN on and random, becomes the epoch of a log that has none of its own: what publishers write, who
   * don't know it, is then never taken for the log's frames.
   */
  static open(place: TopicPlace, limits: TopicLimits = TOPIC_LIMITS, ownEpoch = FIRST_EPOCH): TopicLog {
    const opened = openTopic(place, limits);
    const { writer, state, oldest, needsCheckpoint } = opened;
    try {
      const number = Math.max(1, writer.segment);
      const first = { number, firstPosition: writer.position + 1, firstRecord: state.nextRecord };
      const begun = { ...first, before_us: state.last_us, logBytes: state.logBytes };
      const topic = new TopicLog(opened, oldest ?? begun);
      if (ownEpoch >= OWN_EPOCH_MIN && writer.epoch < OWN_EPOCH_MIN) writer.beginEpoch(ownEpoch);
      if (needsCheckpoint) topic.#beginSegment();
      // Also makes it safe. What was cut is not known to have been safe, and nobody else holds this log.
      writer.lacksNothing();
      topic.#unsyncedBytes = 0;
      topic.#unbegunBytes = 0;
      return topic;
    } catch (error) {
      writer.close();
      throw error;
    }
  }

  private constructor({ log, limits, writer, state, cut }: OpenedTopic, oldest: SegmentHead) {
    this.cut = cut;
    this.#log = log;
    this.#limits = limits;
    this.#writer = writer;
    this.#state = state;
    this.#oldest = oldest;
  }

  /** The number the next record gets, from 1. */
  get nextRecord(): number {
    return this.#state.nextRecord;
  }
  /** The number of the oldest record that is kept; `nextRecord` when there is none. */
  get oldestRecord(): number {
    return this.#oldest.firstRecord;
  }
  /** The last entry written: whoever reads may read up to it. */
  get position(): number {
    return this.#writer.position;
  }
  get nextPosition(): number {
    return this.#writer.position + 1;
  }
  /** The last entry that survives a crash. */
  get durablePosition(): number {
    return this.#writer.durablePosition;
  }
  /** Of all segments, up to where they are written. */
  get bytes(): number {
    return this.#state.logBytes + this.#writer.offset - this.#oldest.logBytes;
  }
  /** Written since the last sync. */
  get unsyncedBytes(): number {
    return this.#unsyncedBytes;
  }
  /** Written since the last sync, or since one was begun. */
  get unbegunBytes(): number {
    return this.#unbegunBytes;
  }
  /** What stopped it, for good. */
  get failure(): SeriatimError | undefined {
    return this.#writer.failure;
  }

  /** The newest session of `publisher`, as far as the log has it, safe or not; live: it changes with what is written. */
  session(publisher: number): Readonly<TopicSession> | undefined {
    return this.#state.sessions.get(publisher);
  }
  sessions(): Iterable<Readonly<TopicSession>> {
    return this.#state.sessions.values();
  }

  /** Writes that a session of `publisher` begins, its `epoch` higher than every one before; safe after `sync`. */
  openSession(publisher: number, epoch: number, now_us: number): void {
    const known = this.#state.sessions.get(publisher);
    assert(known === undefined || epoch > known.epoch, "each session of a publisher has a higher epoch");
    if (!this.#writer.fits(TapeSession.bytes)) this.#beginSegment();
    const entry = entryMemory(TapeSession.bytes);
    writeSessionEntry(entry.view, FRAME_HEADER_BYTES, publisher, epoch);
    this.#appendEntry(entry, now_us);
    this.#state.sessions.open(publisher, epoch, now_us);
  }

  /**
   * Writes the whole batches in [at, at + bytes) of `memory`, which lie back to back and were judged: the FRAME_HEADER_BYTES before `at` are
   * overwritten, and the log's half of each header. Readable on return, safe after `sync`. Throws what the disk says.
   */
  appendPart(memory: TapeMemory, at: number, bytes: number, now_us: number): void {
    if (!this.#writer.fits(bytes)) this.#beginSegment();
    const time_us = Math.max(now_us, this.#state.last_us);
    const { view } = memory;
    const position = this.nextPosition;
    let { nextRecord } = this.#state;
    let sum = 0;
    const end = at + bytes;
    for (let batch = at; batch < end; ) {
      const length = tapeLengthAt(view, batch);
      assert(length >= TapeBatch.bytes && length <= end - batch, "a part is whole batches");
      writeLogPart(memory, batch, nextRecord, position, time_us);
      sum = crc32c(memory.bytes, batch, batch + TapeBatch.bytes, sum);
      sum = crc32cCombine(sum, view.getUint32(batch + TapeBatch.payloadCrc, true), length - TapeBatch.bytes);
      nextRecord += view.getUint32(batch + TapeBatch.records, true);
      batch += length;
    }
    this.#writer.appendInPlace(memory, at - FRAME_HEADER_BYTES, bytes, 1, time_us, sum);
    this.#unsyncedBytes += bytes;
    this.#unbegunBytes += bytes;
    this.#state.nextRecord = nextRecord;
    this.#state.committed(time_us);
    this.#noteSessions(view, at, end, time_us);
  }

  #noteSessions(view: DataView, from: number, end: number, time_us: number): void {
    for (let batch = from; batch < end; batch += tapeLengthAt(view, batch)) {
      const publisher = getU64(view, batch + TapeBatch.publisher);
      const epoch = getU64(view, batch + TapeBatch.epoch);
      this.#state.sessions.wrote(publisher, epoch, getU64(view, batch + TapeBatch.batch), time_us);
    }
  }

  /** Makes everything written so far safe. Throws what the disk says. */
  sync(): void {
    this.#writer.sync();
    this.#unsyncedBytes = 0;
    this.#unbegunBytes = 0;
  }

  /** For what nobody waits for: a sync beside the writer, where the disk can, otherwise here. False: one is under way still. */
  syncBehind(): boolean {
    const begun = this.#writer.beginSync();
    if (begun === "none") this.sync();
    else if (begun === "begun") this.#unbegunBytes = 0;
    return begun !== "busy";
  }

  /**
   * What is kept from now on: the oldest segments go while all together are longer than `bytes`, and those whose every batch is
   * older than `age_us`; 0 is no bound. Those there are now are removed; later the file of one that is kept no more becomes the next segment's. The one that is written stays; when its first batch is too old, another is begun, so that what is old
   * can go once all of it is. Returns how many went: `oldestRecord` says what is left. Some dozens at most: the next call goes on. Durable
   * on return.
   */
  retain(retention: Retention, now_us: number): number {
    this.#retention = retention;
    this.#retained_us = now_us;
    const removed = this.#removeOldest();
    const { first_us } = this.#state;
    const isDue = retention.age_us > 0 && first_us > 0 && first_us < now_us - retention.age_us;
    // Without room for another segment the log is good for all that the current one takes.
    if (!isDue || !this.#hasRoomForNext()) return removed;
    this.#beginSegment();
    return removed + this.#removeOldest();
  }

  #hasRoomForNext(): boolean {
    while (this.#writer.prepareNext(true));
    return this.#writer.preallocationFailure === undefined;
  }

  #removeOldest(): number {
    let removed = 0;
    for (; removed < REMOVALS_MAX; removed++) {
      // Without the segment that is written: the file of one that goes when that ends becomes the next.
      const next = this.#nextOldest(this.bytes - this.#writer.offset);
      if (next === undefined) break;
      // The sessions of what goes are in the newest checkpoint: only a safe one may stand for them.
      if (removed === 0) this.sync();
      retireOldest(this.#log, this.#oldest.number);
      this.#becomesOldest(next);
    }
    return removed;
  }

  /** The one after the oldest, when that one is no longer kept in a log of `logBytes`. */
  #nextOldest(logBytes: number): SegmentHead | undefined {
    if (this.#oldest.number >= this.#writer.segment) return undefined;
    const { bytes, age_us } = this.#retention;
    const isTooMuch = bytes > 0 && logBytes > bytes;
    if (!isTooMuch && age_us === 0) return undefined;
    this.#secondOldest ??= readSegmentHead(this.#log, this.#oldest.number + 1);
    const next = this.#secondOldest;
    return next !== undefined && (isTooMuch || next.before_us < this.#retained_us - age_us)
      ? next
      : undefined;
  }

  #becomesOldest(next: SegmentHead): void {
    this.#oldest = next;
    this.#secondOldest = undefined;
  }

  /** Syncs, says that the end is safe, and closes; a failed one only gives its files back. */
  close(): void {
    this.#writer.close();
  }

  #beginSegment(): void {
    const left = this.#writer.offset;
    const before = this.#writer.segment;
    const next = this.#nextOldest(this.bytes);
    const former = next !== undefined && isReusable(this.#log, this.#oldest.number, this.#limits);
    if (this.#writer.beginSegment(former ? this.#oldest.number : 0) && next !== undefined)
      this.#becomesOldest(next);
    if (left > 0 && this.#writer.segment !== before) this.#state.logBytes += left;
    const { nextRecord, logBytes, sessions, last_us } = this.#state;
    const entry = entryMemory(checkpointBytes(sessions.size));
    writeCheckpoint(entry, FRAME_HEADER_BYTES, { nextRecord, logBytes, sessions: [...sessions.values()] });
    this.#state.first_us = 0;
    this.#unsyncedBytes = 0;
    this.#unbegunBytes = 0;
    this.#appendEntry(entry, last_us);
  }

  #appendEntry(entry: TapeMemory, time_us: number): void {
    const bytes = entry.bytes.length - FRAME_HEADER_BYTES;
    const sum = this.#log.checksums.crc32c(entry.bytes.subarray(FRAME_HEADER_BYTES));
    this.#writer.appendInPlace(entry, 0, bytes, 1, time_us, sum);
    this.#unsyncedBytes += bytes;
    this.#unbegunBytes += bytes;
  }
}

/** Memory of an entry of its own, with its frame's header before it. */
function entryMemory(bytes: number): TapeMemory {
  return tapeMemory(new ArrayBuffer(FRAME_HEADER_BYTES + bytes));
}
