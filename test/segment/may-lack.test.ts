// That a log may lack what was once safe in it outlives the start that found it out: without it the second start of a node that
// waits for the others would find a clean log, and lead without what they hold acknowledged.

import { describe, expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { openLog, SECTOR_BYTES, scanLog } from "../../src/segment/index.ts";
import { appendFrame, logPlace, SMALL } from "./support.ts";

const FILE = "d/log-0000000001.seg";
const NAME = "log.may-lack";

/** Five frames of ten, each safe, and the end of a killed process; what happened to the end then. */
function written(end: "whole" | "rotten" | "half written"): SimulatedDisk {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), SMALL);
  for (let i = 0; i < 5; i++) {
    appendFrame(writer, 10);
    writer.sync();
  }
  const [{ endOffset }] = scanLog(logPlace(disk)).segments;
  const bytes = disk.contents(FILE);
  const lastFrame = (endOffset - SECTOR_BYTES) / 5;
  if (end === "rotten") bytes[endOffset - 9] ^= 1;
  if (end === "half written") bytes.fill(0, endOffset - lastFrame / 2);
  disk.overwrite(FILE, bytes);
  return disk;
}

const opened = (disk: SimulatedDisk) => openLog(logPlace(disk), SMALL).writer;

describe("a log whose end was", () => {
  test.each([
    ["whole", false, 50],
    ["rotten", true, 40],
    ["half written", true, 40],
  ] as const)("%s: may lack something: %s", (end, mayLack, position) => {
    const disk = written(end);
    for (const start of [1, 2, 3]) {
      const writer = opened(disk);
      expect([start, writer.mayLack, writer.position]).toEqual([start, mayLack, position]);
      if (start > 1) writer.close();
    }
    expect(disk.list("d").includes(NAME)).toBe(mayLack);
  });
});

test("frames of the old epoch change nothing, the first one of a tenure that is safe does", () => {
  const disk = written("rotten");
  const writer = opened(disk);
  appendFrame(writer, 1);
  writer.sync();
  expect(writer.mayLack).toBe(true);
  writer.beginEpoch(2);
  appendFrame(writer, 1);
  expect(writer.mayLack).toBe(true);
  writer.sync();
  expect([writer.mayLack, disk.list("d")]).toEqual([false, ["log-0000000001.seg"]]);
});

test("a log that begins in an empty directory may lack what others hold, one that is alone lacks nothing", () => {
  for (const isShared of [false, true]) {
    const disk = new SimulatedDisk();
    const { writer } = openLog(logPlace(disk), SMALL, () => {}, { isShared });
    appendFrame(writer, 1);
    writer.sync();
    expect(writer.mayLack).toBe(isShared);
    expect(opened(disk).mayLack).toBe(isShared);
    writer.lacksNothing();
    expect(opened(disk).mayLack).toBe(false);
  }
});

test("wherever the opening that cuts is stopped, the next one knows", () => {
  const sound = written("rotten");
  const first = sound.calls + 1;
  openLog(logPlace(sound), SMALL);
  for (let call = first; call <= sound.calls; call++) {
    for (const seed of [0, 1, 2]) {
      const disk = written("rotten");
      disk.failAt(call, "halt");
      expect(() => opened(disk)).toThrow();
      if (seed === 0) disk.restart();
      else disk.crash(new Prng(call * 10 + seed));
      expect([call, seed, opened(disk).mayLack, opened(disk).mayLack]).toEqual([call, seed, true, true]);
    }
  }
});

test("what judges the log before it is opened may refuse it, and nothing has changed", () => {
  const disk = written("rotten");
  const before = disk.image("d");
  const judge = () => {
    throw new Error("not this one");
  };
  expect(() => openLog(logPlace(disk), SMALL, () => {}, { judge })).toThrow("not this one");
  expect(disk.image("d")).toEqual(before);
});
