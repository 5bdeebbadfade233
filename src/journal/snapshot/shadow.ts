// The shadow: an application of its own that follows the journal's durable frames from the newest snapshot on and writes
// the next one, so that the application that serves is never stopped for it.
//
//   newest snapshot that holds and belongs to this journal, or nothing
//     -> frames after it, up to the durable position it is given -> its state, written, read back, older ones removed
//
// Where the frames can't be read any more, or no snapshot has what came before them, it says so (LOG_DAMAGED); keepState() then
// writes what the application that serves has in memory.

import { type Application, RecordBuffer, SeriatimError } from "../../base/index.ts";
import { COMMAND_WORDS, EVENT_WORDS } from "../../protocol/index.ts";
import {
  CHAIN_BYTES,
  FRAME_HEADER_BYTES,
  FrameFollower,
  FrameLayout,
  type LogFrame,
  type LogPoint,
} from "../../segment/index.ts";
import type { JournalSource } from "../inspect.ts";
import { checkFrame, journalPlace } from "../journal.ts";
import type { RecordRules } from "../record-rules.ts";
import { recordSession } from "../records.ts";
import { isOfHistory, newestUsable } from "./choice.ts";
import type { SnapshotPoint } from "./header.ts";
import type { SnapshotFile, SnapshotStore } from "./store.ts";

/** Events nobody waits for, thrown away by the thousand. */
const DISCARDED_EVENTS = 1_024;

export interface ShadowOutcome {
  /** The newest snapshot now: just written, or of before when no frame has followed it. */
  readonly newest: SnapshotFile;
  /** Commands applied on the way to it. */
  readonly applied: number;
  /** The snapshots there are, newest first, every byte of which was read back. */
  readonly kept: readonly SnapshotFile[];
  /** Snapshots that could not be used, a line each. */
  readonly refused: readonly string[];
  /** Why older ones could not be removed; the newest is whole and safe all the same. */
  readonly notRemoved: SeriatimError | undefined;
}

/** A state that somebody has in memory, of the end of a durable frame. */
export interface StateInMemory extends Pick<SnapshotPoint, "position" | "timestamp_us" | "session"> {
  readonly state: Uint8Array<ArrayBuffer>;
}

/**
 * Writes a snapshot of the state behind the last frame that ends at or before `durable`. `application` must have applied
 * nothing yet, and is used up. Throws SNAPSHOT_EMPTY (no such frame), LOG_DAMAGED (the frames can't be read), what the store
 * or the disk says, or what the application throws for a record it does not know; nothing is changed or removed then. Throws
 * SNAPSHOT_DAMAGED, or what the disk says, when what was written does not read back; it is removed then, unless no older one is known to hold.
 */
export function takeSnapshot(
  journal: JournalSource,
  store: SnapshotStore,
  application: Application,
  durable: number,
): ShadowOutcome {
  const { shadow, usable, refused } = reading(() => follow(journal, store, application, durable));
  if (shadow.position === 0) {
    const what = `${journal.directory} has no frame up to position ${durable}`;
    throw new SeriatimError("SNAPSHOT_EMPTY", `no snapshot can be taken: ${what}`);
  }
  const applied = shadow.position - (usable?.position ?? 0);
  const newest =
    usable !== undefined && applied === 0
      ? usable
      : store.write(shadow, (write) => application.snapshot(write));
  const { kept, damaged, notRemoved } = tidied(journal, store, newest);
  return { newest, applied, kept, refused: [...refused, ...damaged], notRemoved };
}

/**
 * Writes a snapshot of a state that need not be computed from the log. Throws LOG_DAMAGED when the log can't say what lies
 * there, or what the store or the disk says.
 */
export function keepState(journal: JournalSource, store: SnapshotStore, given: StateInMemory): ShadowOutcome {
  const { position, timestamp_us, session, state } = given;
  const point = reading(() => pointAt(journal, position));
  const newest = store.write({ ...point, timestamp_us, session }, (write) => write(state));
  const { kept, damaged, notRemoved } = tidied(journal, store, newest);
  return { newest, applied: 0, kept, refused: damaged, notRemoved };
}

/**
 * What reading a log says that is not as it was written, or that lacks its beginning: segments were removed by the word of snapshots
 * which have gone, or rotted, since.
 */
const DAMAGED: readonly string[] = ["LOG_CORRUPT", "LOG_RETIRED", "JOURNAL_BEHIND_SNAPSHOT", "EIO"];

/** Told from what a disk says that can't be written. */
function reading<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SeriatimError) || !DAMAGED.includes(error.code)) throw error;
    const lost = error.code === "LOG_RETIRED" ? ", and no snapshot that holds has what came before" : "";
    throw new SeriatimError("LOG_DAMAGED", `${error.message}${lost}`, { cause: error });
  }
}

function follow(journal: JournalSource, store: SnapshotStore, application: Application, durable: number) {
  const { usable, refused } = newestUsable(journal, store, application, {
    ...{ bound: durable, mayBeginJournal: true },
  });
  const shadow = new Shadow(application, journal.rules, usable);
  const follower = new FrameFollower(journalPlace(journal), shadow.position);
  try {
    follower.read(durable, shadow.visit);
  } finally {
    follower.close();
  }
  return { shadow, usable, refused };
}

function pointAt(journal: JournalSource, position: number): LogPoint {
  const follower = new FrameFollower(journalPlace(journal), position);
  try {
    const point = follower.seek(position);
    if (point !== undefined) return point;
    throw new SeriatimError("LOG_CORRUPT", `${journal.directory}: no frame ends with position ${position}`);
  } finally {
    follower.close();
  }
}

/** Throws SNAPSHOT_DAMAGED, or what the disk says, when `newest` does not read back; what becomes of older ones then is no matter of its own. */
function tidied(journal: JournalSource, store: SnapshotStore, newest: SnapshotFile) {
  try {
    store.check(newest);
  } catch (error) {
    if (!(error instanceof SeriatimError)) throw error;
    tidyAround(undefined, journal, store);
    throw error;
  }
  return tidyAround(newest, journal, store);
}

function tidyAround(whole: SnapshotFile | undefined, journal: JournalSource, store: SnapshotStore) {
  try {
    return { ...store.tidy((file) => isOfHistory(journal, file), whole), notRemoved: undefined };
  } catch (error) {
    if (!(error instanceof SeriatimError)) throw error;
    return { kept: [], damaged: [], notRemoved: error };
  }
}

/** The application and the point of the log it has come to. */
class Shadow {
  position = 0;
  epoch = 0;
  timestamp_us = 0;
  session = 0;
  readonly chain = new Uint8Array(CHAIN_BYTES);
  readonly #application: Application;
  readonly #rules: RecordRules;
  readonly #discarded = new RecordBuffer(EVENT_WORDS, DISCARDED_EVENTS, () => {});

  constructor(application: Application, rules: RecordRules, from: SnapshotFile | undefined) {
    this.#application = application;
    this.#rules = rules;
    if (from === undefined) return;
    this.position = from.position;
    this.session = from.header.session;
  }

  readonly visit = (frame: LogFrame): void => {
    checkFrame(frame, this.#rules);
    const { words, bytes, payloadAt, count } = frame;
    const end = payloadAt / 4 + count * COMMAND_WORDS;
    for (let at = payloadAt / 4; at < end; at += COMMAND_WORDS) {
      this.#application.apply(words, at, this.#discarded);
      this.session = Math.max(this.session, recordSession(words, at));
    }
    this.position = frame.firstPosition + count - 1;
    this.epoch = frame.epoch;
    this.timestamp_us = frame.timestamp_us;
    const chainAt = payloadAt - FRAME_HEADER_BYTES + FrameLayout.chain;
    this.chain.set(bytes.subarray(chainAt, chainAt + CHAIN_BYTES));
  };
}
