// The log whose files are kept under test/golden: three segments of format version 1, by size and by command, two
// tenures, an orderly end. In log-1 as it was written before there were continuation marks, in log-1-continued as it is
// written now. Whatever is changed, these files stay, and are read like this.

import { fileURLToPath } from "node:url";
import { encodeUtf8 } from "../../src/base/index.ts";
import {
  FRAME_HEADER_BYTES,
  type LogLimits,
  type LogPlace,
  openLog,
  SECTOR_BYTES,
} from "../../src/segment/index.ts";

export const GOLDEN_LOG = fileURLToPath(new URL("../golden/log-1", import.meta.url));
export const GOLDEN_LOG_CONTINUED = fileURLToPath(new URL("../golden/log-1-continued", import.meta.url));

const LIMITS: LogLimits = { segmentBytes: 2 * SECTOR_BYTES, frameBytesMax: SECTOR_BYTES };

export interface GoldenFrame {
  readonly text: string;
  readonly count: number;
  readonly epoch: number;
}

/** In the order they were written; the one of 4,000 bytes begins a segment by its size. */
export const GOLDEN_FRAMES: readonly GoldenFrame[] = [
  { text: "one after another", count: 2, epoch: 1 },
  { text: "and then", count: 1, epoch: 1 },
  { text: "x".repeat(4000), count: 50, epoch: 1 },
  { text: "a new tenure", count: 3, epoch: 2 },
];

export function writeGoldenLog(place: LogPlace): void {
  const { writer } = openLog(place, LIMITS);
  GOLDEN_FRAMES.forEach(({ text, count, epoch }, i) => {
    if (epoch > writer.epoch) {
      while (writer.prepareNext(true));
      writer.rotate();
      writer.beginEpoch(epoch);
    }
    const payload = encodeUtf8(text);
    writer.frame.bytes.set(payload, FRAME_HEADER_BYTES);
    writer.append(payload.length, count, 1_700_000_000_000_001 + i);
    writer.sync();
  });
  writer.close();
}
