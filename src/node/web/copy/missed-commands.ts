// What a reader of the ring has missed, from the node's journal: frame by frame, behind what it has and up to where its new ring
// begins. Where the journal has retired that, from the newest snapshot on.
//
// All that is asked for is released, but need not be in the file yet: in mode `buffered`, and where replicas alone make it safe,
// the journal's thread is behind. A frame that is not whole is then no damage, for a while.

import { assert, SeriatimError } from "../../../base/index.ts";
import { EXCHANGE_APPLICATION, type ExchangeEngine } from "../../../engine/index.ts";
import { checkFrame, journalPlace, newestUsable, SnapshotStore } from "../../../journal/index.ts";
import { NativeChecksums, NodeStorage } from "../../../platform/index.ts";
import { COMMAND_WORDS } from "../../../protocol/index.ts";
import type { DataDirectory } from "../../../runtime/index.ts";
import { FrameFollower, type LogFrame } from "../../../segment/index.ts";
import { EXCHANGE_RECORDS } from "../../exchange-records.ts";

/** For what is released to be in the file; a disk that takes longer hangs. */
const WRITTEN_MS = 10_000;

export type JournalPlaces = Pick<DataDirectory, "journal" | "snapshots">;

/** Told of each command, the record at `words[at]`. */
export type CommandVisitor = (words: Int32Array, at: number) => void;

export class MissedCommands {
  readonly #journal;
  readonly #snapshots: SnapshotStore;
  #follower: FrameFollower | undefined;
  /** When the last frame was read, or the first was asked for. */
  #progress_ms = 0;

  constructor({ journal, snapshots }: JournalPlaces) {
    const parts = { storage: new NodeStorage(), checksums: new NativeChecksums() };
    this.#journal = { ...parts, directory: journal };
    this.#snapshots = new SnapshotStore({ ...parts, directory: snapshots }, EXCHANGE_APPLICATION);
  }

  /**
   * Hands the next frame's commands behind `position` and up to `end` to `visit`; returns how many, 0 when they can't be read yet.
   * Throws LOG_RETIRED (restore() helps), LOG_CORRUPT, or what the disk says.
   */
  read(position: number, end: number, visit: CommandVisitor): number {
    this.#progress_ms ||= performance.now();
    this.#follower ??= new FrameFollower(journalPlace(this.#journal), position);
    let count = 0;
    const take = (frame: LogFrame): void => {
      checkFrame(frame, EXCHANGE_RECORDS);
      const { words, payloadAt, firstPosition } = frame;
      const from = Math.max(position + 1, firstPosition);
      const to = Math.min(end, firstPosition + frame.count - 1);
      assert(from === position + 1, "the journal goes on where the reader stands");
      count = to - from + 1;
      for (let i = from - firstPosition; i <= to - firstPosition; i++)
        visit(words, payloadAt / 4 + i * COMMAND_WORDS);
    };
    try {
      this.#follower.read(Number.MAX_SAFE_INTEGER, take, 1);
    } catch (error) {
      this.#orNotYet(error);
    }
    if (count > 0) this.#progress_ms = performance.now();
    return count;
  }

  #orNotYet(error: unknown): void {
    const mayCome = error instanceof SeriatimError && error.code === "LOG_CORRUPT";
    if (!mayCome || performance.now() - this.#progress_ms > WRITTEN_MS) throw error;
  }

  /** Gives `engine` the newest state that serves, at or before `end`; throws LOG_RETIRED when there is none. */
  restore(engine: ExchangeEngine, end: number): void {
    this.close();
    const wish = { bound: end, mayBeginJournal: true };
    if (newestUsable(this.#journal, this.#snapshots, engine, wish).usable !== undefined) return;
    throw new SeriatimError("LOG_RETIRED", `${this.#journal.directory}: no snapshot covers what is gone`);
  }

  /** Gives the file back. */
  close(): void {
    this.#follower?.close();
    this.#follower = undefined;
    this.#progress_ms = 0;
  }
}
