// A replica's journal: the primary's frames, byte for byte, from the beginning or from behind a snapshot that it was sent.
// It is what a following session stores into (replication/following-session.ts, ReplicaLog).
//
// Behind a snapshot its first segment is numbered as the primary numbers the one that the next frame lies in, which that
// frame says. So the files after the first are the primary's. One that leads before any frame came numbers its own from 1:
// so a segment begins where the primary's number grows, and the numbers themselves may differ by any amount.

import type { SeriatimError } from "../base/index.ts";
import { FRAME_HEADER_BYTES, type LogPoint, type LogScan } from "../segment/index.ts";
import {
  JOURNAL_BEGINNING,
  type JournalOptions,
  type JournalWriter,
  openJournal,
  type RecordVisitor,
} from "./journal.ts";

export interface ReplicaJournalOptions
  extends Omit<JournalOptions, "genesis" | "from" | "mode" | "isShared"> {
  /** The point whose state the caller has; undefined: it has nothing. */
  readonly from: LogPoint | undefined;
}

export class ReplicaJournal {
  /** What was found on the disk. */
  readonly scan: LogScan;
  readonly #options: ReplicaJournalOptions;
  readonly #visit: RecordVisitor;
  #journal: JournalWriter;
  #hasSegment: boolean;
  /** The primary's segment that the last frame lies in; before the first of this opening, its own. */
  #primarySegment: number;

  /** Hands every record behind `from` to `visit`, and later each that is stored. Throws what openJournal throws. */
  constructor(options: ReplicaJournalOptions, visit: RecordVisitor) {
    this.#options = options;
    this.#visit = visit;
    const { journal, scan } = this.#open(JOURNAL_BEGINNING.firstSegment);
    this.#journal = journal;
    this.scan = scan;
    this.#hasSegment = scan.segments.length > 0;
    this.#primarySegment = journal.segment;
  }

  #open(firstSegment: number | undefined) {
    const from = { ...(this.#options.from ?? JOURNAL_BEGINNING), ...(firstSegment && { firstSegment }) };
    return openJournal({ ...this.#options, mode: "fsync", isShared: true, from }, this.#visit);
  }

  /** Of its last frame, or of the snapshot it begins behind; 0 when there is neither. */
  get epoch(): number {
    return this.position === 0 ? 0 : this.#journal.epoch;
  }
  get position(): number {
    return this.#journal.position;
  }
  /** The last position that survives the end of the machine. */
  get persisted(): number {
    return this.#journal.durablePosition;
  }
  /** Of its last frame, or of the snapshot. */
  get chain(): Uint8Array {
    return this.#journal.chain;
  }

  /** Whether it may lack what was once safe in it, before `lacksNothing()`: it has all of a primary's. */
  get mayLack(): boolean {
    return this.#journal.mayLack;
  }
  lacksNothing(): void {
    this.#journal.lacksNothing();
  }

  /**
   * Stores a frame of the primary's that lies in its segment `segment`, and hands on its records. Returns why it does not
   * follow; nothing is stored then. Throws JOURNAL_FOREIGN, or what the disk says.
   */
  append(frame: Uint8Array, segment: number): string | undefined {
    if (!this.#hasSegment) this.#beginWith(segment);
    const first = this.position + 1;
    const broken = this.#journal.appendFrame(frame, segment > this.#primarySegment);
    if (broken !== undefined) return broken.reason;
    this.#hasSegment = true;
    this.#primarySegment = segment;
    const words = new Int32Array(frame.buffer, frame.byteOffset, frame.length / 4);
    const count = this.position - first + 1;
    this.#visit(words, FRAME_HEADER_BYTES / 4, count, first);
    return undefined;
  }

  /** The journal holds nothing yet, so it can begin with any segment. */
  #beginWith(segment: number): void {
    this.#journal.close();
    this.#journal = this.#open(segment).journal;
  }

  /** Makes all that was stored safe. */
  sync(): void {
    this.#journal.sync();
  }

  /** Why the next segment can't be prepared, when it can't (JournalWriter.preallocationFailure). */
  get preallocationFailure(): SeriatimError | undefined {
    return this.#journal.preallocationFailure;
  }

  /** Prepares a slice of the next segment (JournalWriter.prepareNext). */
  prepareNext(whenIdle: boolean): boolean {
    return this.#journal.prepareNext(whenIdle);
  }

  /** Makes all safe and closes. */
  close(): void {
    this.#journal.close();
  }
}
