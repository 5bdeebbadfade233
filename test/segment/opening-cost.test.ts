// What opening a damaged log costs, counted in bytes read and bytes summed: a small multiple of the file, whatever
// the damage and whatever the payload says. It once read the file again for every eight bytes.

import { expect, test } from "vitest";
import { Prng, SeriatimError, type Storage, type StorageFile } from "../../src/base/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import {
  FRAME_BYTES_LIMIT,
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  FrameLayout,
  type LogWriter,
  openLog,
  SECTOR_BYTES,
  scanLog,
} from "../../src/segment/index.ts";
import { logPlace } from "./support.ts";

const MIB = 1024 * 1024;
const LIMITS = { segmentBytes: 64 * MIB, frameBytesMax: MIB };
const PATH = "d/log-0000000001.seg";
const RECORD_BYTES = 80;
/** Of the file's size: it is scanned, its end is looked at, the damage is looked at, and windows overlap. */
const READ_FACTOR_MAX = 4;
/** One sum per frame, and in the damage at most four frames of the greatest length more. */
const SUMMED_FACTOR_MAX = 1;

class CountingChecksums extends NativeChecksums {
  summed_bytes = 0;

  override crc32c(bytes: Uint8Array, previous = 0): number {
    this.summed_bytes += bytes.length;
    return super.crc32c(bytes, previous);
  }
}

class CountedReads {
  read_bytes = 0;
  readonly storage: Storage;

  constructor(disk: SimulatedDisk) {
    const counted = (file: StorageFile): StorageFile =>
      new Proxy(file, {
        get: (target, key) => {
          const value = Reflect.get(target, key);
          if (key !== "read") return typeof value === "function" ? value.bind(target) : value;
          return (bytes: Uint8Array, from: number, length: number, position: number): number => {
            const got = target.read(bytes, from, length, position);
            this.read_bytes += got;
            return got;
          };
        },
      });
    this.storage = new Proxy(disk, {
      get: (target, key) => {
        if (key === "open")
          return (path: string, access: "read" | "write") => counted(target.open(path, access));
        const value = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }
}

function appendRecords(writer: LogWriter, count: number, fill: (view: DataView, at: number) => void): void {
  for (let i = 0; i < count; i++) fill(writer.frame.view, FRAME_HEADER_BYTES + i * RECORD_BYTES);
  writer.append(count * RECORD_BYTES, count, 1_700_000_000_000_000);
}

const prng = new Prng(11);

function anyRecord(view: DataView, at: number): void {
  for (let i = 0; i < RECORD_BYTES; i += 4) view.setUint32(at + i, prng.between(1, 0x7fffffff), true);
}

/** A record that looks like the header of this log's next frame, of the greatest length. */
function imitatedHeader(view: DataView, at: number): void {
  view.setUint32(at + FrameLayout.magic, FRAME_MAGIC, true);
  view.setUint32(at + FrameLayout.payloadBytes, FRAME_BYTES_LIMIT - FRAME_HEADER_BYTES, true);
  view.setUint32(at + FrameLayout.count, 1, true);
  view.setUint32(at + FrameLayout.firstPosition, 40_000, true);
  view.setUint32(at + FrameLayout.epoch, 1, true);
}

const CASES: [
  name: string,
  frames: number[],
  fill: typeof anyRecord,
  damagedAt: (length: number) => number,
  verdict: string,
][] = [
  ["a torn last frame of 1,000 records", [1000], anyRecord, (end) => end - 40_000, "torn"],
  ["a torn last frame of 13,000 records", [100, 13_000], anyRecord, (end) => end - 500_000, "torn"],
  [
    "one bad byte in the first of four frames",
    [9000, 9000, 9000, 9000],
    anyRecord,
    () => SECTOR_BYTES + 1000,
    "corrupt",
  ],
  [
    "a torn frame whose records imitate headers",
    [13_000, 13_000, 13_000, 13_000],
    imitatedHeader,
    (end) => end - 20,
    "corrupt",
  ],
];

test.each(CASES)(
  "%s in a segment of 64 MiB costs a small multiple of the file",
  (_, frames, fill, at, verdict) => {
    const disk = new SimulatedDisk();
    const { writer } = openLog(logPlace(disk), LIMITS);
    for (const count of frames) {
      appendRecords(writer, count, fill);
      writer.sync();
    }
    const bytes = disk.contents(PATH);
    const { endOffset } = scanLog(logPlace(disk)).segments[0];
    bytes[at(endOffset)] ^= 0xff;
    disk.overwrite(PATH, bytes);

    const counted = new CountedReads(disk);
    const checksums = new CountingChecksums();
    let found = "torn";
    try {
      found = openLog({ ...logPlace(counted.storage), checksums }, LIMITS).scan.verdict;
    } catch (error) {
      if (!(error instanceof SeriatimError) || error.code !== "LOG_CORRUPT") throw error;
      found = "corrupt";
    }
    expect(found).toBe(verdict);
    expect(counted.read_bytes).toBeLessThan(READ_FACTOR_MAX * LIMITS.segmentBytes);
    expect(checksums.summed_bytes).toBeLessThan(SUMMED_FACTOR_MAX * LIMITS.segmentBytes);
  },
);
