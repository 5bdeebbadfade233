// A segment file as a later program would begin it: its header names another format version, and is whole by its sum.

import type { SimulatedDisk } from "../../src/lab/index.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import { SegmentLayout } from "../../src/segment/index.ts";

export function writeInVersion(disk: SimulatedDisk, path: string, version: number): void {
  const bytes = disk.contents(path);
  const view = new DataView(bytes.buffer);
  view.setUint32(SegmentLayout.version, version, true);
  const sum = new NativeChecksums().crc32c(bytes.subarray(0, SegmentLayout.crc));
  view.setUint32(SegmentLayout.crc, sum, true);
  disk.overwrite(path, bytes);
}
