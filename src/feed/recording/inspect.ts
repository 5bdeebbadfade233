// What is in a recording: read from the first byte to the last, every frame checked.

import { SeriatimError } from "../../base/index.ts";
import { describeScan, type LogFrame, scanLog, type Verdict } from "../../segment/index.ts";
import { RecordKind, type TakeEndName } from "./layout.ts";
import { RecordCursor } from "./record-cursor.ts";
import { segmentsOf } from "./recording.ts";
import { type RecordingPlace, recordingLog, takeOf } from "./recording-log.ts";
import { decodeTake, decodeTakeEnd, type TakeSource } from "./take-words.ts";

/** One connection to a feed, as recorded. Times are wall time in microseconds. */
export interface TakeReport extends TakeSource {
  readonly take: number;
  readonly begun_us: number;
  /** Arrival of its last record. */
  readonly last_us: number;
  /** Bytes of the feed, and in how many reads they came. */
  readonly bytes: number;
  readonly chunks: number;
  /** Undefined: it was cut, or is being recorded. */
  readonly end: TakeEndName | undefined;
}

export interface RecordingReport {
  readonly directory: string;
  readonly takes: readonly TakeReport[];
  readonly segments: number;
  readonly frames: number;
  readonly verdict: Verdict;
  /** What the verdict rests on, in one line. */
  readonly words: string;
}

/** Reads the whole recording. Throws RECORDING_EMPTY, FOREIGN_DIRECTORY, RECORDING_VERSION or what the disk says; damage is in the report. */
export function inspectRecording(place: RecordingPlace): RecordingReport {
  const takes: { -readonly [Key in keyof TakeReport]: TakeReport[Key] }[] = [];
  const cursor = new RecordCursor();
  const visit = (frame: LogFrame): void => {
    cursor.bind(frame.bytes, frame.payloadAt, frame.payloadAt + frame.payloadBytes);
    const where = `${frame.file} at offset ${frame.offset}`;
    if (!cursor.holds(frame.count)) {
      throw new SeriatimError("RECORDING_INVALID", `${where}: the frame holds no records`);
    }
    while (cursor.next()) {
      const body = () => cursor.bytes.subarray(cursor.from, cursor.to);
      if (cursor.kind === RecordKind.Take) {
        const begun_us = cursor.arrival_us;
        const take = takeOf(frame.epoch);
        takes.push({
          ...decodeTake(body(), where),
          take,
          begun_us,
          last_us: begun_us,
          bytes: 0,
          chunks: 0,
          end: undefined,
        });
        continue;
      }
      const current = takes.at(-1);
      if (current === undefined) continue;
      current.last_us = cursor.arrival_us;
      if (cursor.kind === RecordKind.End) current.end = decodeTakeEnd(body());
      else {
        current.bytes += cursor.to - cursor.from;
        current.chunks++;
      }
    }
  };
  segmentsOf(place);
  const scan = scanLog(recordingLog(place), visit, { isWritten: true });
  const { verdict, segments, frames } = scan;
  const { directory } = place;
  return { directory, takes, segments: segments.length, frames, verdict, words: describeScan(scan) };
}
