// A file that was another segment, where less than a fence is left of it, and where what it held before is not at the log's end.

import { expect, test } from "vitest";
import { SimulatedDisk } from "../../src/lab/index.ts";
import {
  CHAIN_BYTES,
  CLOSING_MARK_BYTES,
  type LogLimits,
  type LogWriter,
  OWN_EPOCH_MIN,
  openLog,
  SECTOR_BYTES,
  scanLog,
} from "../../src/segment/index.ts";
import { appendFrame, logPlace } from "./support.ts";

const LIMITS: LogLimits = {
  segmentBytes: 2 * SECTOR_BYTES,
  frameBytesMax: SECTOR_BYTES,
  preallocation: "sparse",
};
const THIRD = "d/log-0000000003.seg";
/** Positions of a frame that fills a segment, and of one that leaves 32 bytes. */
const FULL = 251;
const NEARLY_FULL = 249;

/** Three segments, the last of which has the file of the first, full of what that held. */
function reused(): { disk: SimulatedDisk; writer: LogWriter } {
  const disk = new SimulatedDisk();
  const from = { position: 0, epoch: OWN_EPOCH_MIN + 7, chain: new Uint8Array(CHAIN_BYTES) };
  const { writer } = openLog(logPlace(disk), LIMITS, () => {}, { from });
  appendFrame(writer, FULL);
  writer.beginSegment();
  appendFrame(writer, 1);
  expect(writer.beginSegment(1)).toBe(true);
  return { disk, writer };
}

test("where less than a fence is left behind a frame, zeros take the place of what was there", () => {
  const { disk, writer } = reused();
  appendFrame(writer, NEARLY_FULL);
  const left = LIMITS.segmentBytes - writer.offset;
  expect(left > 0 && left < CLOSING_MARK_BYTES).toBe(true);
  disk.restart();
  expect(disk.contents(THIRD).subarray(-left)).toEqual(new Uint8Array(left));
  const lastPosition = FULL + 1 + NEARLY_FULL;
  expect(scanLog(logPlace(disk))).toMatchObject({ verdict: "clean", hasRemains: false, lastPosition });
});

test("what a file held before is cut before another segment is begun: there it is damage, behind a fence too", () => {
  const { disk, writer } = reused();
  appendFrame(writer, 1);
  const uncut = disk.contents(THIRD).slice();
  disk.restart();
  expect(scanLog(logPlace(disk))).toMatchObject({ verdict: "clean", hasRemains: true });
  openLog(logPlace(disk), LIMITS).writer.beginSegment();
  expect(scanLog(logPlace(disk))).toMatchObject({ verdict: "clean", hasRemains: false });
  disk.overwrite(THIRD, uncut);
  const because = "a later segment follows, so it was durable";
  expect(scanLog(logPlace(disk))).toMatchObject({ verdict: "corrupt", because });
});
