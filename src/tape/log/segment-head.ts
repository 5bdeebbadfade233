// What the first entry of a segment says of everything before it: enough to order segments by record and time, and to count
// bytes, without reading them.

import { readCheckpoint, type TapeCheckpointFields, tapeMemoryOf } from "../../protocol/index.ts";
import { type LogPlace, readFirstFrameOf } from "../../segment/index.ts";

export interface SegmentHead {
  readonly number: number;
  /** Of its checkpoint. */
  readonly firstPosition: number;
  /** The number of its first record, or of the next one while it has none. */
  readonly firstRecord: number;
  /** When the last batch before it was committed; 0 when there was none. */
  readonly before_us: number;
  /** Bytes of all segments before it. */
  readonly logBytes: number;
}

/**
 * The head of segment `number`; undefined when it holds no whole checkpoint: it was begun a moment ago, or its beginning is
 * damaged. Throws ENOENT, or what the disk says.
 */
export function readSegmentHead(log: LogPlace, number: number): SegmentHead | undefined {
  let head: SegmentHead | undefined;
  readFirstFrameOf(log, number, ({ bytes, payloadAt, payloadBytes, firstPosition, timestamp_us }) => {
    const checkpoint: TapeCheckpointFields | undefined = readCheckpoint(
      tapeMemoryOf(bytes),
      payloadAt,
      payloadBytes,
    );
    if (checkpoint === undefined) return;
    const { nextRecord, logBytes } = checkpoint;
    head = { number, firstPosition, firstRecord: nextRecord, before_us: timestamp_us, logBytes };
  });
  return head;
}
