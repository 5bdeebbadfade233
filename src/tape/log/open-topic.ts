// Opens a topic's log from its last segment: the checkpoint in it says what came before. When that segment was begun and its
// checkpoint never written, or torn, the one before is read too: it was safe before the last one had a name.

import {
  describeScan,
  FIRST_EPOCH,
  headerOf,
  type LogLimits,
  type LogOrigin,
  type LogPlace,
  type LogWriter,
  listLogDirectory,
  openLog,
} from "../../segment/index.ts";
import { unusableSegment } from "./other-version.ts";
import { readSegmentHead, type SegmentHead } from "./segment-head.ts";
import { logLimitsOf, type TopicLimits, type TopicPlace, topicLogPlace } from "./topic-place.ts";
import { TopicState } from "./topic-state.ts";

export interface OpenedTopic {
  readonly log: LogPlace;
  readonly limits: LogLimits;
  readonly writer: LogWriter;
  readonly state: TopicState;
  /** Of the oldest segment; undefined when that one is to get its checkpoint yet. */
  readonly oldest: SegmentHead | undefined;
  /** The last segment has no checkpoint yet, or there is none. */
  readonly needsCheckpoint: boolean;
  /** What of its end was torn, and has been cut: one line with file, offset and bytes. */
  readonly cut: string | undefined;
}

/** Everything that was in the log is safe on return. Throws as TopicLog.open does. */
export function openTopic(place: TopicPlace, limits: TopicLimits): OpenedTopic {
  const log = topicLogPlace(place);
  const logLimits = logLimitsOf(limits);
  log.storage.makeDirectory(log.directory);
  const { segments } = listLogDirectory(log.storage, log.directory, log.log);
  const state = new TopicState(limits.sessionsMax);
  const oldest = segments.length === 0 ? undefined : readSegmentHead(log, segments[0]);
  if (oldest === undefined && segments.length > 1)
    throw unusableSegment(log, segments[0], "it has no checkpoint");
  const options = { from: originOf(log, segments), writesAhead: true };
  const { writer, scan } = openLog(log, logLimits, (frame) => state.take(frame), options);
  const last = scan.segments.at(-1);
  const needsCheckpoint = last === undefined || last.frames === 0;
  if (needsCheckpoint && scan.segments.length > 1) state.logBytes += scan.segments[0].endOffset;
  const cut = scan.verdict === "torn" ? describeScan(scan) : undefined;
  return { log, limits: logLimits, writer, state, oldest, needsCheckpoint, cut };
}

/** The segment that reading begins with: the last, when it has a checkpoint or is the only one. Undefined: there is none. */
export function firstToRead(log: LogPlace, segments: readonly number[]): number | undefined {
  const before = segments.at(-2);
  const last = segments.at(-1);
  if (last === undefined || before === undefined) return last;
  return readSegmentHead(log, last) === undefined ? before : last;
}

/** Behind which point the log is read; undefined: from its beginning. */
function originOf(log: LogPlace, segments: readonly number[]): LogOrigin | undefined {
  const first = firstToRead(log, segments);
  if (first === undefined) return undefined;
  const header = headerOf(log, first);
  if (typeof header === "string") throw unusableSegment(log, first, header);
  const { firstPosition, epoch, anchor } = header;
  return { position: firstPosition - 1, epoch: Math.max(epoch, FIRST_EPOCH), chain: anchor };
}
