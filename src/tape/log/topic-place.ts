// Where a topic's log is and how large its pieces are. Its directory has the topic's number for a name, never its words: names
// of topics may differ in case only, or be longer than a file system allows.

import { type Checksums, SeriatimError, type Storage } from "../../base/index.ts";
import {
  checkpointBytes,
  TAPE_BATCH_BYTES_MAX,
  TAPE_SESSIONS_MAX,
  TapeSession,
} from "../../protocol/index.ts";
import {
  checkLimits,
  FRAME_HEADER_BYTES,
  frameBytes,
  type LogLimits,
  type LogPlace,
  SECTOR_BYTES,
} from "../../segment/index.ts";

/** The log's name, and so the first part of its files' names. */
const TAPE_LOG = "tape";
/** Of a data directory: the folder that holds one folder for each topic. */
export const TOPICS_DIRECTORY = "topics";
const TOPIC_DIGITS = 8;

/** Where a topic is: `directory` holds its segments and nothing else. */
export interface TopicPlace {
  readonly storage: Storage;
  readonly checksums: Checksums;
  readonly directory: string;
}

export interface TopicLimits {
  /** Of a new file. Retention removes whole ones; opening a topic reads one. */
  readonly segmentBytes: number;
  /** The most that one part holds: whole batches that are written as one frame. */
  readonly partBytesMax: number;
  /** Sessions remembered: the one idle longest is forgotten beyond that. */
  readonly sessionsMax: number;
}

/** What a topic keeps; 0 of either: no bound by it. */
export interface Retention {
  readonly bytes: number;
  readonly age_us: number;
}

/** What is left of a staging buffer when the longest batch has its place: a part may end with it. */
const STAGING_REST_BYTES = 64 * 1024;

export const TOPIC_LIMITS: TopicLimits = {
  segmentBytes: 64 * 1024 * 1024,
  partBytesMax: TAPE_BATCH_BYTES_MAX + STAGING_REST_BYTES - FRAME_HEADER_BYTES,
  sessionsMax: TAPE_SESSIONS_MAX,
};

/** The directory of topic `id` in the data directory. */
export function topicDirectory(dataDirectory: string, id: number): string {
  return `${dataDirectory}/${TOPICS_DIRECTORY}/${String(id).padStart(TOPIC_DIGITS, "0")}`;
}

export function topicLogPlace({ storage, checksums, directory }: TopicPlace): LogPlace {
  return { storage, checksums, directory, log: TAPE_LOG };
}

/** What the segment layer is told; refuses a segment that has no room for a checkpoint and a part: SEGMENT_LIMITS, usage. */
export function logLimitsOf({ segmentBytes, partBytesMax, sessionsMax }: TopicLimits): LogLimits {
  const checkpoint = checkpointBytes(sessionsMax);
  const payloadMax = Math.max(partBytesMax, checkpoint, TapeSession.bytes);
  const least = SECTOR_BYTES + frameBytes(checkpoint) + frameBytes(payloadMax);
  if (segmentBytes < least) {
    const why = `segment size ${segmentBytes} is too small for a topic: ${least} bytes at least`;
    throw new SeriatimError("SEGMENT_LIMITS", why, { exitCode: 2 });
  }
  const limits: LogLimits = { segmentBytes, frameBytesMax: frameBytes(payloadMax), preallocation: "sparse" };
  checkLimits(limits);
  return limits;
}
