// With which state the follower of the log begins, of the first position that some topic lacks:
//
//   a snapshot before it that serves, or a journal from its beginning    there: nothing is missing
//   neither, because what is older was retired                           the oldest later snapshot that serves: what lies before
//                                                                        it is told as a gap

import { SeriatimError } from "../../base/index.ts";
import { EXCHANGE_APPLICATION, type ExchangeEngine } from "../../engine/index.ts";
import { type JournalPlace, journalPlace, newestUsable, SnapshotStore } from "../../journal/index.ts";
import { FrameFollower } from "../../segment/index.ts";

export interface CoursePlace {
  readonly journal: JournalPlace;
  /** The directory of snapshots. */
  readonly snapshots: string;
}

/**
 * Gives `engine` the newest state at or before position `after`, else the oldest behind it that is not behind `released`; without
 * any it has none, and the log is there from its beginning. Throws LOG_RETIRED when neither serves, LOG_EMPTY, or what the disk says.
 */
export function beginCourse(
  { journal, snapshots }: CoursePlace,
  engine: ExchangeEngine,
  after: number,
  released: number,
): void {
  const { storage, checksums } = journal;
  const store = new SnapshotStore({ storage, checksums, directory: snapshots }, EXCHANGE_APPLICATION);
  const usable = (bound: number) =>
    newestUsable(journal, store, engine, { bound, mayBeginJournal: true }).usable !== undefined;
  if (usable(after)) return;
  const retired = whyNotFromItsBeginning(journal);
  if (retired === undefined) return;
  const later = store
    .list()
    .map(({ position }) => position)
    .filter((position) => position > after && position <= released)
    .reverse();
  if (!later.some(usable)) throw retired;
}

/** LOG_RETIRED when the log's first position is not there any more. */
function whyNotFromItsBeginning(journal: JournalPlace): SeriatimError | undefined {
  const follower = new FrameFollower(journalPlace(journal));
  try {
    follower.seek(0);
    return undefined;
  } catch (error) {
    if (error instanceof SeriatimError && error.code === "LOG_RETIRED") return error;
    throw error;
  } finally {
    follower.close();
  }
}
