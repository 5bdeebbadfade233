// A replica's application, fed by its thread: the records that the journal stored, a ring's worth at a time, so that the
// event loop has its turn in between.

import type { Application } from "../../base/index.ts";
import { highestSession, type SnapshotHeader } from "../../journal/index.ts";
import { COMMAND_BYTES, COMMAND_WORDS, readTimestamp } from "../../protocol/index.ts";
import { createRing, type Ring, RingConsumer } from "../../ring/index.ts";
import type { CommandTap } from "../command-path.ts";
import { applyRecords } from "../recover.ts";

/** Records on their way to the application: 5 MiB. Beyond it the thread, and so the primary's line, waits. */
const RECORDS_MAX = 65_536;
/** Applied between two looks at the event loop. */
const RECORDS_PER_TURN = 4_096;

export class Applying {
  /** The last position applied. */
  position: number;
  /** Its time. */
  timestamp_us: number;
  /** The highest high lane (u32) of the sessions up to it. */
  lastSession: number;
  readonly application: Application;
  readonly #applied: () => void;
  readonly #ring: Ring = createRing({ recordBytes: COMMAND_BYTES, capacity: RECORDS_MAX });
  readonly #records = new RingConsumer(this.#ring);
  #isOver = false;
  #tap: CommandTap | undefined;
  #mayBeSeen = 0;
  /** Those who wait until a position is applied. */
  #waiting: { readonly position: number; readonly resolve: (isApplied: boolean) => void }[] = [];

  /** `application` has the state of `snapshot`; without one it has applied nothing. `applied` is told when it has more. */
  constructor(application: Application, snapshot: SnapshotHeader | undefined, applied = () => {}) {
    this.application = application;
    this.#applied = applied;
    this.position = snapshot?.position ?? 0;
    this.timestamp_us = snapshot?.timestamp_us ?? 0;
    this.lastSession = snapshot?.session ?? 0;
  }

  /** Where the records are put. */
  get shared(): SharedArrayBuffer {
    return this.#ring.shared;
  }

  /** The last position that may be seen, of those applied. */
  get releasedPosition(): number {
    return Math.min(this.#mayBeSeen, this.position);
  }

  /** Commands up to `position` may be seen, those not applied yet included. */
  release(position: number): void {
    this.#mayBeSeen = position;
    this.#tap?.released(this.releasedPosition);
  }

  /** Tells `tap` of every command from now on. */
  tap(tap: CommandTap): void {
    this.#tap = tap;
  }

  /** Resolves when `position` is applied: true; or when it never will be: false. */
  whenApplied(position: number): Promise<boolean> {
    if (this.position >= position || this.#isOver) return Promise.resolve(this.position >= position);
    return new Promise((resolve) => this.#waiting.push({ position, resolve }));
  }

  /** Takes no more: whoever sends, or waits, is told. */
  end(): void {
    this.#isOver = true;
    this.#records.fail();
    for (const { resolve } of this.#waiting.splice(0)) resolve(false);
  }

  /**
   * Applies until the records end or `end()`. Rejects with LOG_UNKNOWN for one that the application can't apply, or with what
   * `applied` throws.
   */
  async run(): Promise<void> {
    const records = this.#records;
    while (!this.#isOver && !records.ended()) {
      const count = records.available(RECORDS_PER_TURN);
      if (count === 0) await records.whenRecords();
      else this.#apply(count);
      if (count > 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #apply(count: number): void {
    const { application } = this;
    const { words } = this.#ring;
    const at = this.#records.offset();
    applyRecords(application, words, at, count, this.position + 1);
    this.#note(words, at, count);
    this.position += count;
    this.#tell(words, at, count);
    this.#records.release(count);
    this.#applied();
    for (const { position, resolve } of this.#waiting) if (position <= this.position) resolve(true);
    this.#waiting = this.#waiting.filter(({ position }) => position > this.position);
  }

  #tell(words: Int32Array, at: number, count: number): void {
    const tap = this.#tap;
    if (tap === undefined) return;
    for (let i = 0; i < count; i++) tap.committed(words, at + i * COMMAND_WORDS);
    tap.released(this.releasedPosition);
  }

  #note(words: Int32Array, at: number, count: number): void {
    this.timestamp_us = readTimestamp(words, at + (count - 1) * COMMAND_WORDS);
    this.lastSession = Math.max(this.lastSession, highestSession(words, at, count));
  }
}
