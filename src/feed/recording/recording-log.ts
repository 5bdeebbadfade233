// The log that a recording is: where its files are, and how one is opened for another take. Record n is position n, a take is an
// epoch: so take and time of every frame stand in its header, and segments can be searched by them (recording.ts).
// Opening reads the last segment only, whatever lies before it.

import { type Checksums, SeriatimError, type Storage } from "../../base/index.ts";
import {
  FIRST_EPOCH,
  FRAME_HEADER_BYTES,
  headerOf,
  type LogLimits,
  type LogOrigin,
  type LogPlace,
  type LogWriter,
  listLogDirectory,
  openLog,
  segmentName,
} from "../../segment/index.ts";

/** The log's name, and of the folder in the recording's directory that holds its files and nothing else. */
export const RECORDING_LOG = "recording";

/** What a short recording takes of the disk, in zeros; frames of a mebibyte leave a thirtieth of it unused on average. */
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** One frame is one write and one sync: long enough that a busy disk is not asked often, and read in a millisecond. */
const FRAME_BYTES_MAX = 1024 * 1024;

export const RECORDING_LIMITS: LogLimits = { segmentBytes: SEGMENT_BYTES, frameBytesMax: FRAME_BYTES_MAX };

/** Where a recording is: `directory` is the one that a user names. */
export interface RecordingPlace {
  readonly storage: Storage;
  readonly checksums: Checksums;
  readonly directory: string;
}

export function recordingLog({ storage, checksums, directory }: RecordingPlace): LogPlace {
  return { storage, checksums, directory: `${directory}/${RECORDING_LOG}`, log: RECORDING_LOG };
}

/** The number of the take whose frames have this epoch; the first epoch of a log is nobody's. */
export function takeOf(epoch: number): number {
  return epoch - FIRST_EPOCH;
}

export function epochOf(take: number): number {
  return take + FIRST_EPOCH;
}

/**
 * Opens the recording for writing, and makes it when there is none. A torn end is cut, as of every log. Throws LOG_CORRUPT,
 * FOREIGN_DIRECTORY, or what the disk says.
 */
export function openRecordingLog(place: RecordingPlace, limits: LogLimits = RECORDING_LIMITS): LogWriter {
  const log = recordingLog(place);
  log.storage.makeDirectory(log.directory);
  const last = listLogDirectory(log.storage, log.directory, log.log).segments.at(-1);
  if (last === undefined) return openLog(log, limits).writer;
  return openLog(log, limits, () => {}, { from: beginningOf(log, last) }).writer;
}

function beginningOf(log: LogPlace, segment: number): LogOrigin {
  const header = headerOf(log, segment);
  if (typeof header === "string") {
    throw unreadableSegment(log, segment, header);
  }
  return { position: header.firstPosition - 1, epoch: header.epoch, chain: header.anchor };
}

/** A segment whose header is `header`: damaged, or of another version. */
export function unreadableSegment(log: LogPlace, segment: number, header: string): SeriatimError {
  const file = `${log.directory}/${segmentName(log.log, segment)}`;
  return new SeriatimError("LOG_CORRUPT", `corrupt: ${file} at offset 0: ${header}`);
}

/** The recording's end as its writing thread sees it: blocks of records in, each one a frame that is safe on return. */
export class RecordingWriter {
  readonly #log: LogWriter;

  constructor(log: LogWriter) {
    this.#log = log;
  }

  /**
   * Writes `bytes`, whole records, as one frame, and makes it safe. `beginsTake`: the first record is a Take. Throws what the
   * disk says, and then always the same: what was written before is whole.
   */
  write(bytes: Uint8Array, count: number, last_us: number, beginsTake: boolean): void {
    const log = this.#log;
    if (beginsTake) log.beginEpoch(log.epoch + 1);
    log.frame.bytes.set(bytes, FRAME_HEADER_BYTES);
    log.append(bytes.length, count, last_us);
    log.sync();
  }

  /**
   * To be called after each `write`, when that is told: a next segment that can't be made takes nothing of it back. Twice as fast as this
   * one fills, so it is ready when this one is half full, and is made for those only that need it.
   */
  prepare(): void {
    this.#log.prepareNext(false);
  }

  close(): void {
    this.#log.close();
  }
}
