// A segment that another one follows says so: a newest file that is taken away is missed. And it is never said too early, whatever
// call a crash comes at: files of one history are the same, also of a log that was stopped anywhere.

import { describe, expect, test } from "vitest";
import { Prng, SeriatimError, type Storage } from "../../src/base/index.ts";
import { type DiskFault, SimulatedDisk } from "../../src/lab/index.ts";
import {
  CLOSING_MARK_BYTES,
  FrameFollower,
  type LogLimits,
  type LogWriter,
  OWN_EPOCH_MIN,
  openLog,
  retireSegments,
  SECTOR_BYTES,
  scanLog,
} from "../../src/segment/index.ts";
import { appendFrame, Collector, logPlace, SMALL } from "./support.ts";

/** Little enough for looking at a segment byte by byte. */
const TINY: LogLimits = { segmentBytes: 2 * SECTOR_BYTES, frameBytesMax: 1024 };
const NAMES = [1, 2, 3].map((number) => `log-000000000${number}.seg`);
const [FIRST, SECOND] = NAMES.map((name) => `d/${name}`);
const MISSING =
  /^corrupt: d\/log-\d+\.seg at offset \d+, position \d+: the log goes on in log-\d+\.seg, which is missing \(/;

/** Two segments by command, five frames of ten each. */
function twoSegments(): { disk: SimulatedDisk; writer: LogWriter } {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), TINY);
  for (let i = 0; i < 10; i++) {
    if (i === 5) writer.beginSegment();
    appendFrame(writer, 10);
    writer.sync();
  }
  return { disk, writer };
}

const endOf = (disk: SimulatedDisk) => scanLog(logPlace(disk)).segments[0].endOffset;
const markOf = (disk: SimulatedDisk, end: number) =>
  Buffer.from(disk.contents(FIRST).subarray(end, end + CLOSING_MARK_BYTES));

function whatItSays(open: () => unknown): string {
  try {
    open();
    return "";
  } catch (error) {
    if (error instanceof SeriatimError && error.code === "LOG_CORRUPT") return error.message;
    throw error;
  }
}

test("without a mark the header of an empty segment still says that what came before it was safe", () => {
  const { disk, writer } = twoSegments();
  for (let i = 0; i < 5; i++) appendFrame(writer, 10);
  writer.beginSegment();
  const { endOffset } = scanLog(logPlace(disk)).segments[1];
  const unmarked = disk.contents(SECOND).slice();
  disk.overwrite(SECOND, unmarked.fill(0, endOffset, endOffset + CLOSING_MARK_BYTES));
  const { lastPosition, durablePosition, segments } = scanLog(logPlace(disk));
  const isContinued = segments.map((segment) => segment.isContinued);
  expect({ lastPosition, durablePosition, isContinued }).toEqual({
    ...{ lastPosition: 150, durablePosition: 150, isContinued: [true, false, false] },
  });
});

describe("a log whose newest segment is missing", () => {
  test("is refused, however its end was reached, and nothing is changed", () => {
    for (const isClosed of [false, true]) {
      const { disk, writer } = twoSegments();
      if (isClosed) writer.close();
      const end = endOf(disk);
      disk.remove(SECOND);
      const before = disk.image("d");
      const says = whatItSays(() => openLog(logPlace(disk), TINY));
      expect(says).toMatch(MISSING);
      expect(says).toContain(`${FIRST} at offset ${end}, position 51: `);
      expect(disk.image("d")).toEqual(before);
      expect(scanLog(logPlace(disk))).toMatchObject({ verdict: "corrupt", lastPosition: 50 });
    }
  });

  test("is refused behind a snapshot of where it ends", () => {
    const { disk } = twoSegments();
    const { chain, epoch } = scanLog(logPlace(disk), () => {}, { framesMax: 5 });
    disk.remove(SECOND);
    const from = { position: 50, epoch, chain };
    expect(whatItSays(() => openLog(logPlace(disk), TINY, () => {}, { from }))).toMatch(MISSING);
  });

  test("is named to whoever asks for what lay in it, as a start does of a snapshot behind it", () => {
    const { disk } = twoSegments();
    const end = endOf(disk);
    disk.remove(SECOND);
    expect(whatItSays(() => new FrameFollower(logPlace(disk), 70).seek(70))).toBe(
      `corrupt: ${FIRST} at offset ${end}, position 51: the log goes on in log-0000000002.seg, which is missing`,
    );
    disk.overwrite(FIRST, disk.contents(FIRST).fill(0, end));
    expect(whatItSays(() => new FrameFollower(logPlace(disk), 70).seek(70))).toMatch(
      /no whole frame begins here$/,
    );
  });

  test("with any one byte of the last that is there changed is refused, or at least told", () => {
    const { disk } = twoSegments();
    const end = endOf(disk);
    disk.remove(SECOND);
    const sound = disk.contents(FIRST);
    for (let at = 0; at < sound.length; at++) {
      const damaged = sound.slice();
      damaged[at] ^= 1 << (at % 8);
      disk.overwrite(FIRST, damaged);
      // Without the mark nothing says that the log went on, and what is left of it is told.
      const isMark = at >= end && at < end + CLOSING_MARK_BYTES;
      const { verdict } = scanLog(logPlace(disk));
      expect({ at, verdict }).toEqual({ at, verdict: isMark ? "torn" : "corrupt" });
    }
  });

  test("is opened where the one before had no room for the mark: full to its last bytes", () => {
    const disk = new SimulatedDisk();
    const { writer } = openLog(logPlace(disk), SMALL);
    for (let i = 0; i < 3; i++) appendFrame(writer, 251); // two of 4,096 bytes fill it
    writer.close();
    const [full] = scanLog(logPlace(disk)).segments;
    expect(full).toMatchObject({ endOffset: SMALL.segmentBytes, isContinued: false });
    disk.remove(SECOND);
    expect(openLog(logPlace(disk), SMALL).writer.position).toBe(502);
  });
});

test("with any one byte of a continued segment changed everything is there, or the log is refused", () => {
  const { disk } = twoSegments();
  const sound = disk.contents(FIRST);
  const end = endOf(disk);
  for (let at = 0; at < sound.length; at++) {
    const damaged = sound.slice();
    damaged[at] ^= 1 << (at % 8);
    disk.overwrite(FIRST, damaged);
    const found = new Collector();
    const { verdict } = scanLog(logPlace(disk), found.visit);
    // Nothing depends on the mark while the next segment is there.
    const isMark = at >= end && at < end + CLOSING_MARK_BYTES;
    expect({ at, verdict }).toEqual({ at, verdict: isMark ? "clean" : "corrupt" });
    if (isMark) expect(found.verified()).toBe(100);
  }
});

test("a log that is read while it goes on into another segment is not said to lack that one", () => {
  const { disk } = twoSegments();
  let looks = 0;
  const growing: Storage = new Proxy<Storage>(disk, {
    get: (target, key) => {
      if (key === "list") return () => (looks++ === 0 ? NAMES.slice(0, 1) : disk.list("d"));
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  expect(scanLog(logPlace(growing))).toMatchObject({ verdict: "clean", lastPosition: 50 });
  expect(looks).toBe(2);
});

/** Positions that frames of changing size end with, and whether a segment is begun behind them by command. */
const PLAN = Array.from({ length: 18 }, (_, i) => ({ count: 43 + 19 * (i % 5), rotates: i % 7 === 6 }));

/** Writes what the plan says from where the log ends: what is in the files does not depend on how often that was. */
function carryOn(disk: SimulatedDisk): void {
  const { writer } = openLog(logPlace(disk), SMALL);
  let last = 0;
  for (const { count, rotates } of PLAN) {
    last += count;
    if (last > writer.position) {
      appendFrame(writer, count);
      writer.sync();
    }
    if (rotates && last === writer.position) writer.beginSegment();
  }
  writer.close();
}

function segmentsOf(disk: SimulatedDisk): [name: string, bytes: Uint8Array][] {
  return [...disk.image("d")].filter(([name]) => name.endsWith(".seg"));
}

describe("a log that is stopped at any call", () => {
  const whole = new SimulatedDisk();
  carryOn(whole);
  const { segments } = scanLog(logPlace(whole));

  test("is written so that marks cross from one of the disk's sectors into the next", () => {
    expect(segments.map(({ isContinued }) => isContinued)).toEqual(
      segments.map((_, i) => i < segments.length - 1),
    );
    expect(segments.some(({ endOffset }) => endOffset % 512 > 512 - CLOSING_MARK_BYTES)).toBe(true);
    expect(segments.length).toBeGreaterThan(4);
  });

  test.each<[DiskFault, string]>([
    ["halt", "killed"],
    ["halt", "without power"],
    ["EIO", "killed"],
    ["short", "killed"],
    ["short", "without power"],
  ])("by %s, %s, opens, and becomes the same files as one that never was", (fault, how) => {
    for (let call = 1; call <= whole.calls; call++) {
      for (let seed = 1; seed <= (how === "killed" ? 1 : 6); seed++) {
        const disk = new SimulatedDisk();
        disk.failAt(call, fault);
        // What a short write has left is there when the machine stops in the next call.
        if (fault === "short") disk.failAt(call + 1, "halt");
        let stopped: unknown;
        try {
          carryOn(disk);
        } catch (error) {
          stopped = error;
        }
        if (stopped !== undefined && !(stopped instanceof SeriatimError)) throw stopped;
        if (how === "killed") disk.restart();
        else disk.crash(new Prng(call * 100 + seed));
        carryOn(disk);
        const same = Buffer.compare(imageBytes(disk), imageBytes(whole)) === 0;
        expect({ fault, how, call, seed, same }).toEqual({ fault, how, call, seed, same: true });
      }
    }
  });

  function imageBytes(disk: SimulatedDisk): Buffer {
    return Buffer.concat(segmentsOf(disk).flatMap(([name, bytes]) => [Buffer.from(name), bytes]));
  }
});

const SPARSE: LogLimits = { ...SMALL, preallocation: "sparse" };

/** A log with an epoch of its own whose oldest file becomes its next segment, three at a time, until `last`; says what was safe. */
function reuseOn(disk: SimulatedDisk, last: number, seen: (safe: number) => void): void {
  const place = logPlace(disk);
  const { writer } = openLog(place, SPARSE, () => {}, { writesAhead: true });
  seen(writer.durablePosition);
  if (writer.epoch < OWN_EPOCH_MIN) writer.beginEpoch(OWN_EPOCH_MIN + 7);
  while (writer.position < last) {
    for (let i = 0; i < 3; i++) appendFrame(writer, 40 + (writer.position % 7));
    const numbers = disk.list("d").flatMap((name) => /-(\d+)\.seg$/.exec(name)?.[1] ?? []);
    const oldest = Number(numbers[0]);
    if (oldest === 1 && numbers.length > 3) retireSegments(place, writer.position - 1, 3);
    writer.beginSegment(oldest > 1 && numbers.length >= 3 ? oldest : 0);
    seen(writer.durablePosition);
  }
  writer.close();
}

test("a log that writes over its oldest files and is stopped at any call has what was safe, and lacks no segment", () => {
  const whole = new SimulatedDisk();
  reuseOn(whole, 1500, () => {});
  expect(whole.list("d")[0]).toMatch(/log-000000000[5-9]\.seg/);
  expect(
    scanLog(logPlace(whole))
      .segments.slice(0, -1)
      .every(({ isContinued }) => isContinued),
  ).toBe(true);
  for (let call = 1; call <= whole.calls; call++) {
    for (let seed = 0; seed <= 3; seed++) {
      const disk = new SimulatedDisk();
      let safe = 0;
      disk.failAt(call, "halt");
      expect(() => reuseOn(disk, 1500, (position) => (safe = position))).toThrow("HALT");
      if (seed === 0) disk.restart();
      else disk.crash(new Prng(call * 100 + seed));
      const { writer } = openLog(logPlace(disk), SPARSE, () => {}, { writesAhead: true });
      expect({ call, seed, isThere: writer.position >= safe }).toEqual({ call, seed, isThere: true });
      const found = scanLog(logPlace(disk), () => {}, { writesAhead: true, isSparse: true }).segments;
      const unmarked = found.slice(0, -1).filter(({ isContinued }) => !isContinued);
      expect({ call, seed, unmarked }).toEqual({ call, seed, unmarked: [] });
    }
  }
});

/** Stopped in the call that would have written the mark: the next segment has its name, and holds nothing. */
function unmarked(): { disk: SimulatedDisk; end: number } {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), TINY);
  for (let i = 0; i < 5; i++) {
    appendFrame(writer, 10);
    writer.sync();
  }
  while (writer.prepareNext(true));
  const end = writer.offset;
  disk.failAt(disk.calls + 5, "halt"); // the header, its sync, the name, the directory's sync, the mark
  expect(() => writer.rotate()).toThrow("HALT");
  disk.restart();
  expect(disk.list("d")).toEqual(NAMES.slice(0, 2));
  expect(markOf(disk, end).every((byte) => byte === 0)).toBe(true);
  return { disk, end };
}

describe("a log that was stopped before the mark", () => {
  const { disk: other } = twoSegments();
  const mark = markOf(other, endOf(other));

  test("gets it when it is opened, also behind a snapshot that needs the older segment no more", () => {
    for (const isBehind of [false, true]) {
      const { disk, end } = unmarked();
      const { chain, epoch } = scanLog(logPlace(disk));
      const from = isBehind ? { position: 50, epoch, chain } : undefined;
      openLog(logPlace(disk), TINY, () => {}, { from }).writer.close();
      expect([isBehind, markOf(disk, end).toString("hex")]).toEqual([isBehind, mark.toString("hex")]);
    }
    expect(mark.toString("latin1", 0, 4)).toBe("NEXT");
  });

  test("opens without its next segment as it did before", () => {
    const { disk } = unmarked();
    disk.remove(SECOND);
    expect(openLog(logPlace(disk), TINY).writer.position).toBe(50);
  });

  test("leaves the older segment alone where that is damaged, and needed by nobody", () => {
    const { disk } = unmarked();
    const { chain, epoch } = scanLog(logPlace(disk));
    disk.rot(FIRST, SECTOR_BYTES + 300, 1);
    const before = disk.contents(FIRST);
    openLog(logPlace(disk), TINY, () => {}, { from: { position: 50, epoch, chain } }).writer.close();
    expect(disk.contents(FIRST)).toEqual(before);
  });
});

/** Says which call writes the mark. */
class HeardDisk extends SimulatedDisk {
  readonly heard: string[] = [];

  override change(verb: string, path: string): ReturnType<SimulatedDisk["change"]> {
    this.heard.push(`${verb} ${path}`);
    return super.change(verb, path);
  }
}

test.each<[DiskFault, "write" | "sync", "sparse" | "zeros", boolean]>([
  ["ENOSPC", "write", "sparse", true],
  ["ENOSPC", "sync", "sparse", false],
  ["EIO", "write", "sparse", false],
  ["EIO", "sync", "sparse", false],
  ["ENOSPC", "write", "zeros", false],
  ["ENOSPC", "sync", "zeros", false],
])(
  "%s in the %s of the mark, preallocation %s: the log goes on without it: %s",
  (fault, verb, how, goesOn) => {
    const disk = new HeardDisk();
    const limits: LogLimits = { ...SMALL, preallocation: how };
    const { writer } = openLog(logPlace(disk), limits);
    appendFrame(writer, 10);
    writer.sync();
    // The next file's size or zeros, header, sync, name and directory come before the mark.
    const before = new HeardDisk();
    const other = openLog(logPlace(before), limits).writer;
    appendFrame(other, 10);
    other.sync();
    const from = before.calls;
    other.beginSegment();
    const call = before.heard.indexOf(`${verb} ${FIRST}`, from) + 1;
    expect(call).toBeGreaterThan(from);
    disk.failAt(call, fault);
    if (goesOn) writer.beginSegment();
    else expect(() => writer.beginSegment()).toThrow(fault);
    expect(disk.heard[call - 1]).toBe(`${verb} ${FIRST}`);
    expect(writer.failure === undefined).toBe(goesOn);
    if (goesOn) appendFrame(writer, 10);
    writer.close();
    const again = openLog(logPlace(disk), limits).writer;
    expect(again.position).toBe(goesOn ? 20 : 10);
    again.close();
    expect(disk.openFiles).toBe(0);
  },
);
