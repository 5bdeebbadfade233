// A recording that is there to be read, also while it is being written and after its recorder was killed: up to its last whole
// frame. The segments are its index: take and time of a segment's first frame order them, so a moment is found by
// looking at log2(segments) of them and reading one.

import { SeriatimError } from "../../base/index.ts";
import {
  describeScan,
  FrameFollower,
  headerOf,
  type LogFrame,
  type LogPlace,
  listLogDirectory,
  scanLog,
  type Verdict,
} from "../../segment/index.ts";
import { epochOf, type RecordingPlace, recordingLog, takeOf, unreadableSegment } from "./recording-log.ts";

export class Recording {
  readonly log: LogPlace;
  readonly directory: string;
  /** The last whole record. */
  readonly lastPosition: number;
  /** How many takes there are: 1 to `takes` can be played. */
  readonly takes: number;
  /** "torn": its recorder was killed, or is writing. */
  readonly verdict: Verdict;
  readonly #segments: readonly number[];

  /** Throws RECORDING_EMPTY, LOG_CORRUPT when its last segment is, FOREIGN_DIRECTORY, or what the disk says. */
  constructor(place: RecordingPlace) {
    this.log = recordingLog(place);
    this.directory = place.directory;
    this.#segments = segmentsOf(place);
    const scan = scanLog(this.log, () => {}, { near: Number.MAX_SAFE_INTEGER, isWritten: true });
    if (scan.verdict === "corrupt") throw new SeriatimError("LOG_CORRUPT", describeScan(scan));
    if (scan.lastPosition === 0) throw nothingIn(place.directory);
    this.lastPosition = scan.lastPosition;
    this.takes = takeOf(scan.epoch);
    this.verdict = scan.verdict;
  }

  /** Reads on from the first frame of `take` whose last record came in at `from_us` or later. */
  followerAt(take: number, from_us: number): FrameFollower {
    const epoch = epochOf(take);
    const isBefore = (frame: LogFrame | undefined) =>
      frame !== undefined && (frame.epoch < epoch || (frame.epoch === epoch && frame.timestamp_us < from_us));
    let low = 0;
    for (let high = this.#segments.length; high - low > 1; ) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.#firstFrame(this.#segments[middle]))) low = middle;
      else high = middle;
    }
    const start = this.#positionBefore(this.#segments[low]);
    const after = lastWhile(new FrameFollower(this.log, start), this.lastPosition, isBefore, start);
    return new FrameFollower(this.log, after);
  }

  #firstFrame(segment: number): LogFrame | undefined {
    let first: LogFrame | undefined;
    const before = this.#positionBefore(segment);
    // The newest segment may hold nothing yet.
    if (before >= this.lastPosition) return undefined;
    const follower = new FrameFollower(this.log, before);
    try {
      const keep = (frame: LogFrame): void => {
        first = frame;
      };
      follower.read(this.lastPosition, keep, 1);
    } finally {
      follower.close();
    }
    return first;
  }

  #positionBefore(segment: number): number {
    const header = headerOf(this.log, segment);
    if (typeof header !== "string") return header.firstPosition - 1;
    throw unreadableSegment(this.log, segment, header);
  }
}

/** The numbers of its segments; throws RECORDING_EMPTY when it has none. */
export function segmentsOf(place: RecordingPlace): readonly number[] {
  const { storage, directory, log } = recordingLog(place);
  try {
    const { segments } = listLogDirectory(storage, directory, log);
    if (segments.length > 0) return segments;
  } catch (error) {
    if (!(error instanceof SeriatimError) || error.code !== "ENOENT") throw error;
  }
  throw nothingIn(place.directory);
}

function nothingIn(directory: string): SeriatimError {
  return new SeriatimError("RECORDING_EMPTY", `${directory} holds no recording`);
}

/** The last position of the frames for which `isBefore` holds, `start` when it holds for none; the follower is used up. */
function lastWhile(
  follower: FrameFollower,
  bound: number,
  isBefore: (frame: LogFrame) => boolean,
  start: number,
): number {
  let after = start;
  try {
    follower.read(bound, (frame) => {
      if (!isBefore(frame)) return false;
      after = frame.firstPosition + frame.count - 1;
      return true;
    });
  } finally {
    follower.close();
  }
  return after;
}
