// The log as the topics are made of it: an engine of its own follows the journal up to a released position, and each topic's source is
// told of what lies behind its topic's last record. Nothing behind the released position is read, so nothing leaves before it may;
// nobody waits for what is done here: it is only behind.

import { type Checksums, type Clock, RecordBuffer } from "../../base/index.ts";
import { ExchangeEngine } from "../../engine/index.ts";
import { checkFrame, journalPlace } from "../../journal/index.ts";
import {
  CHANNEL_KINDS,
  type ChannelName,
  COMMAND_WORDS,
  DropCopyFlag,
  DropCopyKind,
  EVENT_WORDS,
  readTimestamp,
} from "../../protocol/index.ts";
import { FrameFollower, type LogFrame } from "../../segment/index.ts";
import { EXCHANGE_RECORDS } from "../exchange-records.ts";
import { BATCH_LIMITS, Batcher, type BatchLimits, type CopyBatch, type Moment } from "./batcher.ts";
import { beginCourse, type CoursePlace } from "./course-start.ts";
import { PacketSource } from "./packet-source.ts";
import { ReportSource } from "./report-source.ts";
import { refuseOtherLog, refuseOtherTime } from "./same-log.ts";
import {
  dropCopyTopic,
  type LastRecord,
  type PublishedStream,
  RECORDS_GONE,
  type TopicSource,
} from "./topic-source.ts";

/** Events handed on at once; a command with more comes in pieces. */
const EVENTS_PER_PIECE = 512;
/** The log's first command: before it there is no exchange to tell of. */
const GENESIS = 1;

const NOTHING = new Uint8Array(0);

export interface CourseOptions {
  readonly place: CoursePlace;
  /** Of the wall. */
  readonly clock: Clock;
  readonly streams: readonly PublishedStream[];
  readonly onBatch: (batch: CopyBatch) => void;
  readonly limits?: BatchLimits;
}

/** Positions that a topic can't be given any more. */
export interface TopicGap {
  readonly topic: string;
  readonly first: number;
  readonly last: number;
}

export class JournalCourse {
  readonly #checksums: Checksums;
  readonly #engine: ExchangeEngine;
  readonly #moment: Moment = { position: 0, timestamp_us: 0 };
  readonly #reports: ReportSource | undefined;
  /** Those that are told of what happens. */
  readonly #sources: TopicSource[] = [];
  /** Those whose topics have more than was applied by now. */
  #waiting: TopicSource[] = [];
  readonly #events: RecordBuffer;
  readonly #follower: FrameFollower;
  /** Of those: topics without a record, which begin with what is released by now. */
  readonly #emptied = new Set<TopicSource>();
  /** What is told as missing. */
  readonly gaps: readonly TopicGap[];
  /** All topics have what lies up to here. */
  readonly #after: number;

  /**
   * Throws DROP_COPY_AHEAD when a topic holds more than `released`, DROP_COPY_FOREIGN when it holds another log, LOG_EMPTY while there is no log, LOG_RETIRED when its beginning
   * is gone and no snapshot serves, or what the disk says.
   */
  constructor({ place, clock, streams, onBatch, limits = BATCH_LIMITS }: CourseOptions, released: number) {
    this.#checksums = place.journal.checksums;
    this.#engine = new ExchangeEngine({
      listener: { onReport: (stream) => this.#reports?.onReport(stream) },
    });
    for (const { stream, last: end } of streams) {
      const last = end === RECORDS_GONE ? gapUpTo(released) : end;
      refuseOtherLog({ stream, last: end }, place.journal, released);
      const batcher = new Batcher(dropCopyTopic(stream), this.#moment, limits, onBatch);
      if (stream === "reports") this.#reports = new ReportSource(last, batcher);
      const source = stream === "reports" ? this.#reports : this.#packets(stream, last, batcher, clock);
      if (source === undefined) continue;
      this.#waiting.push(source);
      if (end === RECORDS_GONE) this.#emptied.add(source);
    }
    this.#events = new RecordBuffer(EVENT_WORDS, EVENTS_PER_PIECE, (events) => {
      for (const source of this.#sources) source.onEvents(events);
    });
    this.#after = Math.min(...this.#waiting.map((source) => source.after));
    beginCourse(place, this.#engine, this.#after, released);
    this.#setMoment(this.#engine.position, this.#engine.position === 0 ? 0 : this.#engine.timestamp_us);
    // Of positions that the journal has retired a snapshot alone can tell.
    for (const published of streams)
      refuseOtherTime(published, this.#moment.position, this.#moment.timestamp_us);
    this.#follower = new FrameFollower(journalPlace(place.journal), this.#engine.position);
    const emptied = [...this.#emptied].map(({ topic }) => ({ topic, first: 1, last: released }));
    this.gaps = [...this.#tellGaps(), ...emptied];
    this.#beginDue();
  }

  /** What lies up to here is in the topics, or was handed to them. Where the log is read anew for its state, the state is behind that. */
  get position(): number {
    return Math.max(this.#after, this.#engine.position);
  }

  /**
   * Applies the next frame that ends at or before `released`; false: there is none. Throws LOG_RETIRED, LOG_CORRUPT or what the disk says.
   */
  step(released: number): boolean {
    return this.#follower.read(released, this.#visit, 1) > 0;
  }

  /** Ends all batches at work: there is nothing more for now. */
  cut(): void {
    for (const source of this.#sources) source.cut();
  }

  /** Gives the file back. */
  close(): void {
    this.#follower.close();
  }

  #packets(stream: ChannelName, last: LastRecord | undefined, batcher: Batcher, clock: Clock): TopicSource {
    const parts = { engine: this.#engine, moment: this.#moment, checksums: this.#checksums, clock };
    return new PacketSource({ kind: CHANNEL_KINDS[stream], last, batcher, ...parts });
  }

  /** The state is behind what some topics have by more than the log can tell. */
  #tellGaps(): TopicGap[] {
    const { position } = this.#moment;
    const lacking = this.#waiting.filter(({ after }) => after < position);
    return lacking.map((source) => {
      const gap = { topic: source.topic, first: source.after + 1, last: position };
      source.tellGap(gap.first, gap.last);
      return gap;
    });
  }

  #beginDue(): void {
    const { position } = this.#moment;
    if (this.#waiting.length === 0 || position < GENESIS) return;
    const due = this.#waiting.filter(({ after }) => after <= position);
    this.#waiting = this.#waiting.filter(({ after }) => after > position);
    for (const source of due) {
      if (this.#emptied.delete(source)) source.tellGap(1, position);
      source.begin();
      this.#sources.push(source);
    }
  }

  readonly #visit = (frame: LogFrame): void => {
    checkFrame(frame, EXCHANGE_RECORDS);
    const { words, payloadAt, count, firstPosition } = frame;
    let at = payloadAt / 4;
    for (let position = firstPosition; position < firstPosition + count; position++, at += COMMAND_WORDS)
      if (position > this.#moment.position) this.#apply(words, at, position);
  };

  #apply(words: Int32Array, at: number, position: number): void {
    this.#setMoment(position, readTimestamp(words, at));
    this.#engine.apply(words, at, this.#events);
    this.#events.drain();
    const sources = this.#sources;
    for (let i = 0; i < sources.length; i++) sources[i].endCommand(words, at);
    this.#beginDue();
  }

  #setMoment(position: number, timestamp_us: number): void {
    this.#moment.position = position;
    this.#moment.timestamp_us = timestamp_us;
  }
}

/** As if a gap up to `position` were the topic's last record. */
function gapUpTo(position: number): LastRecord {
  const place = { position, index: 0, flags: DropCopyFlag.Last, kind: DropCopyKind.Gap };
  return { ...place, time_us: 0, value: NOTHING };
}
