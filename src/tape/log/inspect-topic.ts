// What is in a topic's log: read from the first byte to the last, every frame, entry and number checked. Changes nothing.

import { SeriatimError } from "../../base/index.ts";
import {
  describeScan,
  type LogFrame,
  type SegmentSummary,
  scanPresent,
  type Verdict,
} from "../../segment/index.ts";
import type { TopicSession } from "./session-table.ts";
import { TOPIC_LIMITS, type TopicPlace, topicLogPlace } from "./topic-place.ts";
import { TopicState } from "./topic-state.ts";

export interface TopicSegmentReport {
  readonly file: string;
  readonly number: number;
  /** Of its first record; `nextRecord` of the log when it has none. */
  readonly firstRecord: number;
  readonly batches: number;
  readonly usedBytes: number;
}

export interface TopicReport {
  readonly directory: string;
  readonly segments: readonly TopicSegmentReport[];
  /** Batches and records that are kept. */
  readonly batches: number;
  readonly records: number;
  readonly oldestRecord: number;
  readonly nextRecord: number;
  /** Used of all segments. */
  readonly bytes: number;
  /** When the last batch was committed, in microseconds since 1970; 0 when there is none. */
  readonly last_us: number;
  readonly sessions: readonly Readonly<TopicSession>[];
  readonly verdict: Verdict;
  /** What the verdict rests on, in one line. */
  readonly words: string;
}

/**
 * Reads the whole log, also while it is written and its oldest files go. Throws TOPIC_EMPTY, FOREIGN_DIRECTORY, LOG_SHORTENED, or what the
 * disk says: ENOENT when the topic is gone; damage is in the report.
 */
export function inspectTopic(place: TopicPlace): TopicReport {
  const log = topicLogPlace(place);
  let contents = new TopicContents();
  const visitor = () => {
    contents = new TopicContents();
    return (frame: LogFrame) => contents.take(frame);
  };
  const scan = scanPresent(log, visitor, { writesAhead: true, isSparse: true });
  if (scan.segments.length === 0 && scan.fault === undefined)
    throw new SeriatimError("TOPIC_EMPTY", `${place.directory} holds no topic of a tape`);
  const { state, begins, damage } = contents;
  const segments = scan.segments.map((segment) => segmentReport(segment, begins, state.nextRecord));
  const oldestRecord = begins[0]?.firstRecord ?? 1;
  const { nextRecord, batches, last_us } = state;
  return {
    directory: place.directory,
    segments,
    batches,
    records: nextRecord - oldestRecord,
    oldestRecord,
    nextRecord,
    bytes: segments.reduce((sum, { usedBytes }) => sum + usedBytes, 0),
    last_us,
    sessions: [...state.sessions.values()],
    verdict: damage === undefined ? scan.verdict : "corrupt",
    words: damage?.message ?? describeScan(scan),
  };
}

/** What the frames of one look add up to. */
class TopicContents {
  readonly state = new TopicState(TOPIC_LIMITS.sessionsMax);
  readonly begins: { readonly firstRecord: number; batches: number; readonly file: string }[] = [];
  damage: SeriatimError | undefined;

  /** False: it is damage, and nothing is read behind it. */
  take(frame: LogFrame): boolean {
    const { state, begins } = this;
    const before = state.batches;
    this.damage = state.tryTake(frame);
    if (begins.at(-1)?.file !== frame.file)
      begins.push({ file: frame.file, firstRecord: state.nextRecord, batches: 0 });
    begins[begins.length - 1].batches += state.batches - before;
    return this.damage === undefined;
  }
}

function segmentReport(
  { file, number, endOffset }: SegmentSummary,
  begins: readonly { file: string; firstRecord: number; batches: number }[],
  nextRecord: number,
): TopicSegmentReport {
  const begun = begins.find((other) => other.file === file);
  const { firstRecord, batches } = begun ?? { firstRecord: nextRecord, batches: 0 };
  return { file, number, firstRecord, batches, usedBytes: endOffset };
}
