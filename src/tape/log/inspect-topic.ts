// What is in a topic's log: read from the first byte to the last, every frame, entry and number checked. Changes nothing.

import { SeriatimError } from "../../base/index.ts";
import {
  describeScan,
  type LogFrame,
  type SegmentSummary,
  scanLog,
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

/** Reads the whole log. Throws TOPIC_EMPTY, FOREIGN_DIRECTORY, or what the disk says; damage is in the report. */
export function inspectTopic(place: TopicPlace): TopicReport {
  const log = topicLogPlace(place);
  const state = new TopicState(TOPIC_LIMITS.sessionsMax);
  const begins: { firstRecord: number; batches: number; file: string }[] = [];
  let damage: SeriatimError | undefined;
  const visit = (frame: LogFrame): boolean => {
    const before = state.batches;
    damage = state.tryTake(frame);
    if (begins.at(-1)?.file !== frame.file)
      begins.push({ file: frame.file, firstRecord: state.nextRecord, batches: 0 });
    const segment = begins[begins.length - 1];
    segment.batches += state.batches - before;
    return damage === undefined;
  };
  const scan = scanLog(log, visit, { writesAhead: true, isSparse: true, isWritten: true });
  if (scan.segments.length === 0 && scan.fault === undefined)
    throw new SeriatimError("TOPIC_EMPTY", `${place.directory} holds no topic of a tape`);
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

function segmentReport(
  { file, number, endOffset }: SegmentSummary,
  begins: readonly { file: string; firstRecord: number; batches: number }[],
  nextRecord: number,
): TopicSegmentReport {
  const begun = begins.find((other) => other.file === file);
  const { firstRecord, batches } = begun ?? { firstRecord: nextRecord, batches: 0 };
  return { file, number, firstRecord, batches, usedBytes: endOffset };
}
