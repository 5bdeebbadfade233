// The command log: fixed-size records on a segment log, one frame per group commit, under one of three durability
// modes. It knows how large a record is, which kinds there are and where its time lies, and nothing of what it means.
//
//   mode      a position counts as safe when            survives the end of   process  machine
//   fsync     its frame is written and fdatasynced                            yes      yes
//   flush     its frame is written                                            yes      no (up to one segment)
//   buffered  it is taken into the frame being written                        no       no
//
// The first frame is the genesis entry (position 1), safe before anything else is written in any mode.

import { assert, type Checksums, SeriatimError, type Storage } from "../base/index.ts";
import { COMMAND_BYTES, COMMAND_WORDS } from "../protocol/index.ts";
import {
  CHAIN_BYTES,
  FIRST_EPOCH,
  FRAME_HEADER_BYTES,
  type FrameBreak,
  type LogFrame,
  type LogOrigin,
  type LogPlace,
  type LogScan,
  type LogWriter,
  openLog,
} from "../segment/index.ts";
import type { RecordRules } from "./record-rules.ts";
import { JOURNAL_LOG, recordTimestamp } from "./records.ts";

/** A log is refused with one of these when it lacks what was durable in it, or what a snapshot of it says was; nothing of it was changed. */
export const LOST_LOG_CODES: readonly string[] = [
  "LOG_CORRUPT",
  "JOURNAL_BEHIND_SNAPSHOT",
  "JOURNAL_INCOMPLETE",
];

/** When a position counts as safe: the table above. */
export const DURABILITY_MODES = ["buffered", "flush", "fsync"] as const;
export type DurabilityMode = (typeof DURABILITY_MODES)[number];

/** Some 800,000 commands, a second of full load; small enough that opening, which reads the zeros too, is quick. */
export const SEGMENT_BYTES_DEFAULT = 64 * 1024 * 1024;
/** 13,106 commands: at the speeds aimed for, more than ever waits for one fdatasync. */
export const FRAME_BYTES_MAX_DEFAULT = 1024 * 1024;

/** What a journal is told when it is opened. */
export interface JournalOptions {
  readonly storage: Storage;
  readonly checksums: Checksums;
  /** A directory of its own, made when it is missing. */
  readonly directory: string;
  /** What its application's records are. */
  readonly rules: RecordRules;
  readonly mode?: DurabilityMode;
  readonly segmentBytes?: number;
  readonly frameBytesMax?: number;
  /** The records of the first frame, for a journal that has not begun. */
  readonly genesis?: Int32Array<ArrayBuffer>;
  /**
   * The caller has the state at this point: only what follows is visited, and segments that end before it may be
   * missing. With `firstSegment` the journal may also begin behind it, for a replica: JOURNAL_BEGINNING, or a snapshot
   * that it was sent.
   */
  readonly from?: LogOrigin;
  /** Other nodes hold its log: a disk that is empty may have had it too (segment/may-lack.ts). */
  readonly isShared?: boolean;
}

/** Where the journal of a replica begins that is to get everything from its primary, genesis entry included. */
export const JOURNAL_BEGINNING: LogOrigin = {
  position: 0,
  epoch: FIRST_EPOCH,
  chain: new Uint8Array(CHAIN_BYTES),
  firstSegment: 1,
};

/** Where a journal is. */
export type JournalPlace = Pick<JournalOptions, "storage" | "checksums" | "directory">;

/** Takes `count` records from word offset `at` on, positions from `firstPosition` on; valid during the call only. */
export type RecordVisitor = (words: Int32Array, at: number, count: number, firstPosition: number) => void;

export interface OpenedJournal {
  readonly journal: JournalWriter;
  /** What was found on the disk: verdict, last position, timestamp, epoch, cut bytes (segment/scan.ts). */
  readonly scan: LogScan;
  /** Whether this opening wrote the genesis entry. */
  readonly created: boolean;
}

export function journalPlace({ storage, checksums, directory }: JournalPlace): LogPlace {
  return { storage, checksums, directory, log: JOURNAL_LOG };
}

/**
 * Opens a journal, or begins one when `genesis` is given, and hands every record to `visit` in order, the genesis
 * entry included. Everything visited is safe on return. Throws LOG_CORRUPT, FOREIGN_DIRECTORY, JOURNAL_FOREIGN (not
 * this application's records), JOURNAL_EMPTY (no journal and no genesis), JOURNAL_INCOMPLETE, SEGMENT_LIMITS, or what the disk says.
 */
export function openJournal(options: JournalOptions, visit: RecordVisitor): OpenedJournal {
  const limits = {
    segmentBytes: options.segmentBytes ?? SEGMENT_BYTES_DEFAULT,
    frameBytesMax: options.frameBytesMax ?? FRAME_BYTES_MAX_DEFAULT,
  };
  const { directory, rules, from } = options;
  let expected = (from?.position ?? 0) + 1;
  const visitor = (frame: LogFrame): void => {
    checkFrame(frame, rules);
    if (frame.firstPosition !== expected) throw incomplete(directory, frame.firstPosition);
    expected += frame.count;
    visit(frame.words, frame.payloadAt / 4, frame.count, frame.firstPosition);
  };
  const judge = (scan: LogScan): void => {
    if (from === undefined && scan.firstPosition !== 1) throw incomplete(directory, scan.firstPosition);
    if (from === undefined || from.firstSegment !== undefined || scan.segments.length > 0) return;
    const what = `position ${from.position} is known and nothing behind it`;
    throw new SeriatimError("JOURNAL_EMPTY", `${directory} holds no journal, and ${what}`);
  };
  const { isShared = false } = options;
  const { writer, scan } = openLog(journalPlace(options), limits, visitor, { from, isShared, judge });
  try {
    const journal = new JournalWriter(writer, options.mode ?? "fsync", rules);
    const created = writer.position === 0 && from === undefined;
    if (created) begin(journal, options, visit);
    return { journal, scan, created };
  } catch (error) {
    writer.close();
    throw error;
  }
}

function incomplete(directory: string, first: number): SeriatimError {
  const begins = `the journal in ${directory} begins with position ${first}: what came before is not there`;
  const message = `${begins}, nor a snapshot of it that this version of the program can use`;
  return new SeriatimError("JOURNAL_INCOMPLETE", message);
}

/**
 * Throws JOURNAL_FOREIGN for a frame that is not of this application's journal: whole records, a genesis entry first
 * and after it records that it knows. It may rely on that.
 */
export function checkFrame(frame: LogFrame, rules: RecordRules): void {
  const { payloadBytes, count, firstPosition, words } = frame;
  const at = frame.payloadAt / 4;
  if (payloadBytes !== count * COMMAND_BYTES) {
    throw foreign(frame, firstPosition, `${payloadBytes} bytes are not ${count} records of ${COMMAND_BYTES}`);
  }
  if (firstPosition === 1) {
    const fault = rules.genesisFault(words, at, count);
    if (fault !== undefined) throw foreign(frame, 1, fault);
    return;
  }
  const unknown = rules.firstUnknown(words, at, count);
  if (unknown < 0) return;
  const kind = words[at + unknown * COMMAND_WORDS] & 0xff;
  const what = `a record of kind ${kind} with something in it that this program does not know`;
  throw foreign(frame, firstPosition + unknown, what);
}

function foreign(frame: LogFrame, position: number, what: string): SeriatimError {
  const where = `${frame.file} at offset ${frame.offset}, position ${position}`;
  return new SeriatimError("JOURNAL_FOREIGN", `${where}: ${what}`);
}

function begin(journal: JournalWriter, { directory, genesis }: JournalOptions, visit: RecordVisitor): void {
  if (genesis === undefined) {
    throw new SeriatimError("JOURNAL_EMPTY", `${directory} holds no journal and no genesis entry was given`);
  }
  const count = (genesis.length * 4) / COMMAND_BYTES;
  if (count > journal.frameRecordsMax) {
    const most = `${journal.frameRecordsMax} records`;
    throw new SeriatimError("GENESIS_TOO_LARGE", `a genesis entry holds at most ${most}, not ${count}`);
  }
  journal.stage(new Uint8Array(genesis.buffer, genesis.byteOffset, genesis.byteLength), 0, count);
  journal.commit();
  journal.sync();
  visit(genesis, 0, count, 1);
}

/** Told of each frame when it is written, before it is made safe: whoever sends it to other nodes need not wait for this disk. */
export interface FrameTap {
  append(
    frame: Uint8Array,
    segment: number,
    firstPosition: number,
    lastPosition: number,
    epoch: number,
  ): void;
}

/** Appends records. Fail-stop, as the log under it: after a failure every call throws that same error. */
export class JournalWriter {
  readonly mode: DurabilityMode;
  /** The most records one frame holds. */
  readonly frameRecordsMax: number;
  readonly #log: LogWriter;
  readonly #rules: RecordRules;
  #staged = 0;
  #tap: FrameTap | undefined;

  constructor(log: LogWriter, mode: DurabilityMode, rules: RecordRules) {
    this.mode = mode;
    this.#rules = rules;
    this.#log = log;
    this.frameRecordsMax = Math.floor(log.payloadBytesMax / COMMAND_BYTES);
  }

  /** The last position written. */
  get position(): number {
    return this.#log.position;
  }
  /** The last position known to survive the end of the machine, whatever the mode. */
  get durablePosition(): number {
    return this.#log.durablePosition;
  }
  get epoch(): number {
    return this.#log.epoch;
  }
  get chain(): Uint8Array {
    return this.#log.chain;
  }
  /** The number of the segment that the last frame lies in. */
  get segment(): number {
    return this.#log.segment;
  }
  /** Whether it may lack what was once safe in it (LogWriter.mayLack). */
  get mayLack(): boolean {
    return this.#log.mayLack;
  }
  get failure(): SeriatimError | undefined {
    return this.#log.failure;
  }
  /** A full disk, found before it hurts: refuse new commands; what is under way still fits. */
  get preallocationFailure(): SeriatimError | undefined {
    return this.#log.preallocationFailure;
  }
  /** Records the frame being formed can still take. */
  get room(): number {
    return this.frameRecordsMax - this.#staged;
  }

  /** Tells `tap` of every frame of its own from now on. */
  tap(tap: FrameTap): void {
    this.#tap = tap;
  }

  /** Copies `count` records (at most `room`) from byte offset `at` into the frame being formed. */
  stage(bytes: Uint8Array, at: number, count: number): void {
    assert(count <= this.room, "staged records fit the frame");
    const to = FRAME_HEADER_BYTES + this.#staged * COMMAND_BYTES;
    this.#log.frame.bytes.set(bytes.subarray(at, at + count * COMMAND_BYTES), to);
    this.#staged += count;
  }

  /** Writes the staged records as one frame; in mode `fsync` they are safe on return. */
  commit(): void {
    const count = this.#staged;
    if (count === 0) return;
    this.#staged = 0;
    const payloadBytes = count * COMMAND_BYTES;
    const last = FRAME_HEADER_BYTES + payloadBytes - COMMAND_BYTES;
    const log = this.#log;
    log.append(payloadBytes, count, recordTimestamp(log.frame.view, last));
    this.#tap?.append(log.lastFrame, log.segment, log.position - count + 1, log.position, log.epoch);
    if (this.mode === "fsync") this.#log.sync();
  }

  /** Stages and commits `count` records from byte offset `at`, in as many frames as they need. */
  append(bytes: Uint8Array, at: number, count: number): void {
    for (let done = 0; done < count; ) {
      const take = Math.min(this.room, count - done);
      this.stage(bytes, at + done * COMMAND_BYTES, take);
      this.commit();
      done += take;
    }
  }

  /**
   * Stores a frame of the primary's journal byte for byte (LogWriter.appendFrame): nothing more, `sync` makes it safe.
   * In mode `fsync` the frame before it is made safe first, so that never more than one is at risk.
   * Returns what keeps it from coming next; throws JOURNAL_FOREIGN for records this application does not know. Nothing
   * was written in either case.
   */
  appendFrame(bytes: Uint8Array, beginsSegment: boolean): FrameBreak | undefined {
    assert(this.#staged === 0, "a replica's journal forms no frames of its own");
    if (this.mode === "fsync") this.#log.sync();
    return this.#log.appendFrame(bytes, beginsSegment, (frame) => checkFrame(frame, this.#rules));
  }

  /** Opens a tenure: frames from now on carry `epoch`, higher than every one before. */
  beginEpoch(epoch: number): void {
    this.#log.beginEpoch(epoch);
  }

  /** It is known that nothing is missing, or somebody answers for it (LogWriter.lacksNothing). */
  lacksNothing(): void {
    this.#log.lacksNothing();
  }

  /** Begins the next segment early, when it is prepared (LogWriter.rotate). */
  rotate(): boolean {
    return this.#log.rotate();
  }

  /** Makes everything written so far safe, whatever the mode. */
  sync(): void {
    this.#log.sync();
  }

  /** Prepares a slice of the next segment; true when there is more to do (LogWriter.prepareNext). */
  prepareNext(whenIdle: boolean): boolean {
    return this.#log.prepareNext(whenIdle);
  }

  /** Syncs and closes. */
  close(): void {
    this.#log.close();
  }
}
