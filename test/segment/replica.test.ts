// A log that stores another one's frames: byte for byte, with segments that begin where the other's do; and what it refuses.

import { describe, expect, test } from "vitest";
import { Prng, SeriatimError } from "../../src/base/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import {
  FrameFollower,
  type LogFrame,
  type LogOrigin,
  type LogWriter,
  openLog,
  SECTOR_BYTES,
  scanLog,
  wholeFrame,
} from "../../src/segment/index.ts";
import { appendFrame, Collector, logPlace, SMALL } from "./support.ts";

interface SentFrame {
  readonly bytes: Uint8Array;
  readonly beginsSegment: boolean;
  readonly last: number;
}

/** A primary's log with rotations by command and by size, several tenures and a restart; and its frames. */
function primaryLog(): { disk: SimulatedDisk; frames: SentFrame[] } {
  const disk = new SimulatedDisk();
  const prng = new Prng(11);
  for (const epoch of [1, 2, 5]) {
    const { writer } = openLog(logPlace(disk), SMALL);
    if (epoch > 1) {
      while (writer.prepareNext(true));
      writer.beginEpoch(epoch);
      writer.rotate(); // its header still says the epoch of the frame before
    }
    for (let i = 0; i < 25; i++) {
      appendFrame(writer, prng.between(1, 120));
      writer.sync();
      while (writer.prepareNext(true));
      if (i % 10 === 9) expect(writer.rotate()).toBe(true);
    }
    writer.close();
  }
  const frames: SentFrame[] = [];
  scanLog(logPlace(disk), (frame) => {
    const last = frame.firstPosition + frame.count - 1;
    frames.push({ bytes: wholeFrame(frame).slice(), beginsSegment: frame.offset === SECTOR_BYTES, last });
  });
  expect([frames.length, disk.list("d").length > 8]).toEqual([75, true]);
  return { disk, frames };
}

const { disk: primary, frames } = primaryLog();
const BEGINNING: LogOrigin = { position: 0, epoch: 1, chain: new Uint8Array(32), firstSegment: 1 };

/** The point of the primary's history behind its frame number `index`. */
function pointAfter(index: number): LogOrigin {
  const last = frames[index].last;
  const point = new FrameFollower(logPlace(primary), last).seek(last);
  if (point === undefined) throw new Error("no frame ends there");
  return point;
}

test("frames of another log, stored as they come over several restarts, give the same files", () => {
  const disk = new SimulatedDisk();
  for (let from = 0; from < frames.length; from += 20) {
    const { writer } = openLog(logPlace(disk), SMALL, () => {}, { from: from === 0 ? BEGINNING : undefined });
    for (const { bytes, beginsSegment } of frames.slice(from, from + 20)) {
      expect(writer.appendFrame(bytes, beginsSegment)).toBeUndefined();
      if (from % 40 === 0) writer.sync();
    }
    writer.close();
  }
  expect(disk.image("d")).toEqual(primary.image("d"));
});

test("a log that begins behind a snapshot gets the same files from the next segment on", () => {
  const start = frames.findIndex(({ beginsSegment }, i) => i > 20 && beginsSegment) + 2;
  const origin = pointAfter(start - 1);
  const number = scanLog(logPlace(primary)).segments.findLast(
    (s) => s.firstPosition <= origin.position,
  )?.number;
  const disk = new SimulatedDisk();
  const from = { ...origin, firstSegment: number ?? 0 };
  const { writer } = openLog(logPlace(disk), SMALL, () => {}, { from });
  for (const { bytes, beginsSegment } of frames.slice(start)) {
    expect(writer.appendFrame(bytes, beginsSegment)).toBeUndefined();
  }
  writer.close();
  const [first, ...later] = disk.list("d");
  const image = primary.image("d");
  for (const name of later) expect([name, disk.contents(`d/${name}`)]).toEqual([name, image.get(name)]);
  expect([later.length > 3, image.has(first)]).toEqual([true, true]);
  expect(scanLog(logPlace(disk), () => {}, { from: origin }).lastPosition).toBe(writer.position);
});

describe("a log that holds the first ten frames of another", () => {
  function holdingTen(): { disk: SimulatedDisk; writer: LogWriter } {
    const disk = new SimulatedDisk();
    const { writer } = openLog(logPlace(disk), SMALL);
    for (const { bytes, beginsSegment } of frames.slice(0, 10)) writer.appendFrame(bytes, beginsSegment);
    writer.sync();
    return { disk, writer };
  }

  const next = frames[10].bytes;
  const reseal = (change: (writer: LogWriter) => void): Uint8Array => {
    const { disk, writer } = holdingTen();
    change(writer);
    writer.sync();
    let bytes = new Uint8Array();
    scanLog(logPlace(disk), (frame) => {
      bytes = wholeFrame(frame).slice();
    });
    return bytes;
  };

  test.each<[name: string, bytes: () => Uint8Array, kind: string]>([
    ["one that comes again", () => frames[9].bytes, "gap"],
    ["one that comes too early", () => frames[11].bytes, "gap"],
    ["one whose last byte is missing", () => next.subarray(0, next.length - 1), "damaged"],
    ["one with a byte more", () => Uint8Array.of(...next, 0), "damaged"],
    ["nothing", () => new Uint8Array(), "damaged"],
    ["one longer than any that it can take", () => new Uint8Array(SMALL.frameBytesMax + 8), "damaged"],
    ["one with a changed chain value", () => next.map((byte, at) => (at === 8 ? byte ^ 1 : byte)), "damaged"],
  ])("refuses %s, and takes the right one after it", (_, bytes, kind) => {
    const { disk, writer } = holdingTen();
    const before = disk.image("d");
    expect(writer.appendFrame(bytes(), false)?.kind).toBe(kind);
    expect(disk.image("d")).toEqual(before);
    expect(writer.appendFrame(next, frames[10].beginsSegment)).toBeUndefined();
  });

  test("refuses a frame of an older tenure once it knows of a newer one", () => {
    const { writer } = holdingTen();
    const stale = reseal((other) => appendFrame(other, 7));
    writer.beginEpoch(4);
    expect(writer.appendFrame(stale, false)).toEqual({
      kind: "stale epoch",
      reason: "a frame's epoch 1 is below 4",
    });
  });

  test("refuses a frame that continues another history, at the same position", () => {
    const { writer } = holdingTen();
    const count = frames[10].last - frames[9].last;
    writer.append(count, count, 1);
    expect(writer.position).toBe(frames[10].last);
    expect(writer.appendFrame(frames[11].bytes, false)?.kind).toBe("other history");
  });

  test("writes nothing of a frame that its caller can't use, and goes on", () => {
    const { disk, writer } = holdingTen();
    const before = disk.image("d");
    const seen: LogFrame[] = [];
    const refuse = (frame: LogFrame) => {
      seen.push(frame);
      throw new SeriatimError("JOURNAL_FOREIGN", "unknown");
    };
    expect(() => writer.appendFrame(next, false, refuse)).toThrow("unknown");
    expect([seen[0].firstPosition, writer.failure]).toEqual([frames[9].last + 1, undefined]);
    expect(disk.image("d")).toEqual(before);
    expect(writer.appendFrame(next, frames[10].beginsSegment)).toBeUndefined();
  });
});

test("a replica that loses power opens again with all it called durable, whatever is lost of the rest", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const prng = new Prng(seed);
    const disk = new SimulatedDisk();
    let safe = 0;
    for (let lives = 0; lives < 3; lives++) {
      const found = new Collector();
      const { writer } = openLog(logPlace(disk), SMALL, found.visit);
      expect({ seed, kept: found.verified() >= safe }).toEqual({ seed, kept: true });
      const index = frames.findIndex(({ last }) => last > writer.position);
      for (const { bytes, beginsSegment } of frames.slice(index, index + prng.between(1, 25))) {
        expect(writer.appendFrame(bytes, beginsSegment)).toBeUndefined();
        if (prng.chance(0.2)) writer.sync();
      }
      safe = writer.durablePosition;
      disk.crash(prng);
    }
  }
});

test("a disk call that fails, whichever it is, stops a replica's log for good, and costs nothing that was safe", () => {
  const store = (disk: SimulatedDisk): { writer: LogWriter | undefined; stopped: unknown } => {
    let writer: LogWriter | undefined;
    try {
      writer = openLog(logPlace(disk), SMALL, () => {}, { from: BEGINNING }).writer;
      const from = frames.findIndex(({ last }) => last > (writer?.position ?? 0));
      for (const { bytes, beginsSegment } of frames.slice(from)) {
        expect(writer.appendFrame(bytes, beginsSegment)).toBeUndefined();
        writer.prepareNext(false);
      }
      writer.sync();
      return { writer, stopped: undefined };
    } catch (stopped) {
      return { writer, stopped };
    }
  };
  const sound = new SimulatedDisk();
  store(sound).writer?.close();
  for (let call = 1; call < sound.calls; call += 3) {
    const disk = new SimulatedDisk();
    disk.failAt(call, call % 2 === 0 ? "EIO" : "stuck");
    const { writer, stopped } = store(disk);
    const safe = writer?.durablePosition ?? 0;
    if (writer !== undefined && stopped !== undefined) {
      const calls = disk.calls;
      expect(writer.failure).toBe(stopped);
      expect(() => writer.appendFrame(frames[0].bytes, false)).toThrow(writer.failure);
      expect(() => writer.rotate()).toThrow(writer.failure);
      writer.close();
      expect({ call, calls: disk.calls }).toEqual({ call, calls });
    }
    disk.crash(new Prng(call));
    expect({ call, lost: openLog(logPlace(disk), SMALL).writer.position < safe }).toEqual({
      call,
      lost: false,
    });
    // One that was cut at its end has all of it again.
    const again = store(disk).writer;
    again?.lacksNothing();
    again?.close();
    expect(disk.image("d")).toEqual(sound.image("d"));
  }
});

describe("opened with a snapshot's position", () => {
  const index = 40;
  const point = pointAfter(index);
  const all = frames.length;

  test.each([
    ["the oldest", 0],
    ["the one right before it, which leaves a gap,", -1],
  ])(
    "it hands out what lies behind that, from the segment on that holds it, also when %s goes, and then the next",
    (_, at) => {
      const disk = primaryLog().disk;
      const { segments } = scanLog(logPlace(disk));
      const older = segments.filter((segment) => segment.lastPosition < point.position);
      const behind = segments.length - older.length;
      expect(older.length).toBeGreaterThan(2);
      while (older.length > 0) {
        const found = new Collector();
        const { writer, scan } = openLog(logPlace(disk), SMALL, found.visit, { from: point });
        writer.close();
        expect([found.firstPosition, found.verified()]).toEqual([
          point.position + 1,
          frames[all - 1].last - point.position,
        ]);
        expect(scan.segments.length).toBe(behind);
        for (const { file } of older.splice(at, 1)) disk.remove(file);
      }
      expect(openLog(logPlace(disk), SMALL, () => {}, { from: point }).scan.verdict).toBe("clean");
    },
  );

  test.each<[name: string, from: LogOrigin, says: RegExp]>([
    [
      "whose chain value is another history's",
      { ...point, chain: point.chain.map((byte) => byte ^ 1) },
      /the history up to position \d+ is another one/,
    ],
    ["inside a frame", { ...point, position: point.position - 1 }, /position \d+ lies inside a frame/],
    [
      "behind the end",
      { ...point, position: frames[all - 1].last + 1 },
      /the log ends with position \d+, and \d+ was durable/,
    ],
  ])("%s it is refused unchanged", (_, from, says) => {
    const { disk } = primaryLog();
    const before = disk.image("d");
    expect(() => openLog(logPlace(disk), SMALL, () => {}, { from })).toThrow(says);
    expect(disk.image("d")).toEqual(before);
  });

  test("it is refused when a segment behind that is missing, where the one before it ends", () => {
    const { disk } = primaryLog();
    const { segments } = scanLog(logPlace(disk));
    const { file, firstPosition } = segments[segments.length - 2];
    disk.remove(file);
    expect(() => openLog(logPlace(disk), SMALL, () => {}, { from: point })).toThrow(
      new RegExp(`position ${firstPosition}: segment ${segments.length - 1} is missing`),
    );
  });

  test("damage to what the snapshot covers is corrupt, whatever the log says of its durability", () => {
    const disk = new SimulatedDisk();
    const { writer } = openLog(logPlace(disk), SMALL);
    for (let i = 0; i < 3; i++) appendFrame(writer, 10);
    const from = { position: writer.position, epoch: 1, chain: writer.chain };
    const [{ file, endOffset }] = scanLog(logPlace(disk)).segments;
    const bytes = disk.contents(file);
    bytes[endOffset - 1] ^= 1;
    disk.overwrite(file, bytes);
    expect(scanLog(logPlace(disk)).verdict).toBe("torn");
    expect(scanLog(logPlace(disk), () => {}, { from }).verdict).toBe("corrupt");
  });

  test("it is refused when the oldest segment begins behind that", () => {
    const { disk } = primaryLog();
    for (const { file, firstPosition } of scanLog(logPlace(disk)).segments) {
      if (firstPosition <= point.position + 1) disk.remove(file);
    }
    expect(() => openLog(logPlace(disk), SMALL, () => {}, { from: point })).toThrow(
      /what came before is not there/,
    );
  });
});
