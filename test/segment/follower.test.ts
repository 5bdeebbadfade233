// Reading a log from any position on, also while it is written: every frame byte for byte, none behind the bound.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { Prng, SeriatimError } from "../../src/base/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { entryBeside, NodeStorage } from "../../src/platform/index.ts";
import {
  FRAME_HEADER_BYTES,
  FrameFollower,
  FrameLayout,
  type LogFrame,
  openLog,
  SECTOR_BYTES,
  scanLog,
  wholeFrame,
} from "../../src/segment/index.ts";
import { failingLooks } from "../support/failing-looks.ts";
import { appendFrame, Collector, checksums, logPlace, SMALL } from "./support.ts";

/** Frames of 1 to 100 positions in several segments, and where each one ends. */
function writtenLog(frames: number): { disk: SimulatedDisk; ends: number[] } {
  const disk = new SimulatedDisk();
  const prng = new Prng(3);
  const { writer } = openLog(logPlace(disk), SMALL);
  const ends: number[] = [];
  for (let i = 0; i < frames; i++) {
    appendFrame(writer, prng.between(1, 100));
    writer.sync();
    ends.push(writer.position);
  }
  writer.close();
  expect(disk.list("d").length).toBeGreaterThan(4);
  return { disk, ends };
}

function refusalOf(action: () => unknown): SeriatimError {
  try {
    action();
  } catch (error) {
    if (error instanceof SeriatimError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

/** Whether the disk gave all that it was asked for. */
function attempt(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof SeriatimError && error.code === "EIO") return false;
    throw error;
  }
}

describe("a log that stands still", () => {
  const { disk, ends } = writtenLog(60);
  const last = ends[ends.length - 1];

  test("is read from before, at and behind every frame's end on: the frame that holds the next one first, all of them, no other", () => {
    for (const after of [0, ...ends.flatMap((end) => [end - 1, end, end + 1])].filter((p) => p <= last)) {
      const follower = new FrameFollower(logPlace(disk), after);
      const found = new Collector();
      const frames = follower.read(last, found.visit);
      follower.close();
      const first = ends.findIndex((end) => end > after);
      expect({ after, frames }).toEqual({ after, frames: first < 0 ? 0 : ends.length - first });
      if (first >= 0) expect(found.firstPosition).toBe(1 + (ends[first - 1] ?? 0));
      expect(found.firstPosition + found.verified() - 1).toBe(first < 0 ? -1 : last);
      expect(follower.position).toBe(last);
    }
    expect(disk.openFiles).toBe(0);
  });

  test("is never read behind the bound, also when that lies inside a frame", () => {
    const follower = new FrameFollower(logPlace(disk));
    for (let bound = 0; bound <= last; bound++) {
      follower.read(bound, (frame) => expect(frame.firstPosition + frame.count - 1).toBe(bound));
      expect(follower.position).toBe(ends.findLast((end) => end <= bound) ?? 0);
    }
    follower.close();
  });

  test("is handed out byte for byte as it lies in its files", () => {
    const follower = new FrameFollower(logPlace(disk));
    const frames: Buffer[] = [];
    const visit = (frame: LogFrame) => {
      const file = disk.contents(frame.file).subarray(frame.offset, frame.offset + frame.frameBytes);
      expect(Buffer.compare(wholeFrame(frame), file)).toBe(0);
      frames.push(Buffer.from(wholeFrame(frame)));
    };
    while (follower.read(last, visit, 7) > 0);
    expect(frames.length).toBe(ends.length);
    follower.close();
  });

  test("says which chain value and epoch each frame's end has, and nothing of what lies inside a frame", () => {
    const chains = new Map<number, string>();
    scanLog(logPlace(disk), (frame) => {
      const chain = wholeFrame(frame).subarray(8, 40);
      chains.set(frame.firstPosition + frame.count - 1, Buffer.from(chain).toString("hex"));
    });
    for (let position = 0; position <= last + 1; position++) {
      const follower = new FrameFollower(logPlace(disk), position);
      const point = follower.seek(last);
      follower.close();
      const chain = position === 0 ? "00".repeat(32) : chains.get(position);
      const said = point && { ...point, chain: Buffer.from(point.chain).toString("hex") };
      expect(said).toEqual(chain === undefined ? undefined : { position, epoch: 1, chain });
    }
  });

  test("goes on where it was when its file was given back", () => {
    const follower = new FrameFollower(logPlace(disk));
    const found = new Collector();
    while (follower.read(last, found.visit, 1) > 0) follower.close();
    expect([found.verified(), disk.openFiles]).toEqual([last, 0]);
  });
});

test("a position older than the oldest segment is refused as retired, whether asked for or come too late", () => {
  const { disk, ends } = writtenLog(60);
  const last = ends[ends.length - 1];
  const slow = new FrameFollower(logPlace(disk));
  slow.read(last, () => {}, 1);
  const oldest = scanLog(logPlace(disk)).segments[2].firstPosition;
  for (const number of [1, 2]) disk.remove(`d/log-000000000${number}.seg`);
  const asked = refusalOf(() => new FrameFollower(logPlace(disk), oldest - 2).read(last, () => {}));
  expect([asked.code, asked.message]).toEqual([
    "LOG_RETIRED",
    `position ${oldest - 1} is no longer in the log in d: it begins with position ${oldest}`,
  ]);
  const oldestOn = new FrameFollower(logPlace(disk), oldest - 1);
  expect(oldestOn.read(last, () => {})).toBeGreaterThan(1);
  oldestOn.close();
  // It holds the first segment, reads it to its end, and finds the second one gone.
  const found: number[] = [];
  expect(refusalOf(() => slow.read(last, (frame) => found.push(frame.firstPosition))).code).toBe(
    "LOG_RETIRED",
  );
  expect(found.length).toBeGreaterThan(1);
  slow.close();
  expect(disk.openFiles).toBe(0);
});

// A replica was sent what lies before the hole again and again.
test("a segment missing between others is damage, and not retired: whoever comes to it, and whoever asks for what lay in it", () => {
  const { disk, ends } = writtenLog(60);
  const last = ends[ends.length - 1];
  const [, second, third, fourth] = scanLog(logPlace(disk)).segments;
  disk.remove(third.file);
  const why = `corrupt: ${third.file} at offset 0, position ${third.firstPosition}: segment 3 is missing`;
  for (const after of [0, second.lastPosition, third.firstPosition, third.lastPosition - 1]) {
    const follower = new FrameFollower(logPlace(disk), after);
    const refusal = refusalOf(() => follower.read(last, () => {}));
    expect([after, refusal.code, refusal.message]).toEqual([after, "LOG_CORRUPT", why]);
    follower.close();
  }
  const behind = new FrameFollower(logPlace(disk), fourth.firstPosition - 1);
  expect(behind.read(last, () => {})).toBeGreaterThan(1);
  behind.close();
  expect(disk.openFiles).toBe(0);
});

test("a directory without segments is refused when it is said to hold positions", () => {
  const disk = new SimulatedDisk();
  disk.makeDirectory("d");
  expect(new FrameFollower(logPlace(disk)).read(0, () => {})).toBe(0);
  expect(refusalOf(() => new FrameFollower(logPlace(disk)).read(1, () => {})).code).toBe("LOG_EMPTY");
});

test("with bytes of any segment changed it hands out sound frames and then refuses, by file and offset", () => {
  const { disk, ends } = writtenLog(45);
  const last = ends[ends.length - 1];
  let refused = 0;
  for (const { file, endOffset } of scanLog(logPlace(disk)).segments) {
    const sound = disk.contents(file);
    for (let at = 0; at < sound.length; at += 53) {
      const damaged = sound.slice();
      damaged[at] ^= 1 << (at % 8);
      disk.overwrite(file, damaged);
      const follower = new FrameFollower(logPlace(disk));
      const found = new Collector();
      try {
        follower.read(last, found.visit);
        expect({ at, whole: found.verified() }).toEqual({ at: Math.max(at, endOffset), whole: last });
      } catch (error) {
        if (!(error instanceof SeriatimError)) throw error;
        expect([error.code, error.message.includes(`${file} at offset`)]).toEqual(["LOG_CORRUPT", true]);
        expect(found.verified()).toBeLessThan(last);
        refused++;
      }
      follower.close();
    }
    disk.overwrite(file, sound);
  }
  expect(refused).toBeGreaterThan(300);
});

test("a frame that was changed and given its right CRC again is refused by its chain value", () => {
  const { disk, ends } = writtenLog(45);
  const [{ file }] = scanLog(logPlace(disk)).segments;
  const bytes = disk.contents(file);
  const frameBytes = bytes.subarray(SECTOR_BYTES, SECTOR_BYTES + frameBytesOf(bytes));
  frameBytes[FRAME_HEADER_BYTES] ^= 1;
  const sum = checksums.crc32c(frameBytes.subarray(FrameLayout.chain));
  new DataView(bytes.buffer).setUint32(SECTOR_BYTES + FrameLayout.crc, sum, true);
  disk.overwrite(file, bytes);
  const refusal = refusalOf(() => new FrameFollower(logPlace(disk)).read(ends[44], () => {}));
  expect(refusal.message).toBe(
    `corrupt: ${file} at offset 4096, position 1: its chain value does not follow the frame before it`,
  );
});

/** Of the first frame in a segment's bytes. */
function frameBytesOf(bytes: Uint8Array): number {
  const payload = new DataView(bytes.buffer).getUint32(SECTOR_BYTES + FrameLayout.payloadBytes, true);
  return FRAME_HEADER_BYTES + payload;
}

// Of a segment whose header the disk did not give it kept the file open: one more for every try, four times a second where a replica tries.
test("whichever look at the disk fails, no file stays open, and the next try goes on", () => {
  const { disk, ends } = writtenLog(60);
  const [after, last] = [ends[30], ends[59]];
  for (let failing = 1, hasFailed = true; hasFailed; failing++) {
    const { storage, counted } = failingLooks(disk, failing);
    const follower = new FrameFollower({ ...logPlace(disk), storage }, after);
    const read = () => follower.read(last, () => {});
    const isRead = attempt(read);
    hasFailed = counted.looks >= failing;
    expect([failing, isRead]).toEqual([failing, !hasFailed]);
    if (hasFailed) read();
    expect(follower.position).toBe(last);
    follower.close();
    expect({ failing, open: disk.openFiles }).toEqual({ failing, open: 0 });
  }
});

test("a log is followed frame by frame while it is written, over its rotations and a restart", () => {
  const disk = new SimulatedDisk();
  const prng = new Prng(8);
  const follower = new FrameFollower(logPlace(disk));
  const found = new Collector();
  for (let round = 0; round < 4; round++) {
    const { writer } = openLog(logPlace(disk), SMALL);
    for (let i = 0; i < 30; i++) {
      appendFrame(writer, prng.between(1, 200));
      if (prng.chance(0.7)) writer.sync();
      follower.read(writer.durablePosition, found.visit, prng.between(1, 3));
      expect(follower.position).toBeLessThanOrEqual(writer.durablePosition);
      while (writer.prepareNext(false));
    }
    writer.close();
    follower.read(writer.durablePosition, found.visit);
    expect(found.verified()).toBe(writer.position);
  }
  follower.close();
});

test("a log on a real disk is followed while another thread writes it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "seriatim-follow-"));
  const durable = new Int32Array(new SharedArrayBuffer(4));
  const last = 5000;
  const worker = new Worker(entryBeside(import.meta.url, "append-worker"), {
    workerData: { directory, last, durable },
  });
  const ended = new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject));
  try {
    const follower = new FrameFollower(logPlace(new NodeStorage(), directory));
    const found = new Collector();
    while (follower.position < last) {
      const bound = Atomics.load(durable, 0);
      if (follower.read(bound, found.visit) === 0) Atomics.wait(durable, 0, bound, 100);
    }
    await ended;
    follower.read(Atomics.load(durable, 0), found.visit);
    expect(found.verified()).toBe(follower.position);
    follower.close();
  } finally {
    await worker.terminate();
    rmSync(directory, { recursive: true });
  }
});
