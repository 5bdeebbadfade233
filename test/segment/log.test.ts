// Round trips, rotation, limits, directories: the log when nothing goes wrong with the disk.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Prng, type Storage } from "../../src/base/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { NodeStorage } from "../../src/platform/index.ts";
import { openLog, scanLog } from "../../src/segment/index.ts";
import { appendFrame, Collector, logPlace, SMALL } from "./support.ts";

const temporary: string[] = [];
afterEach(() => {
  for (const path of temporary.splice(0)) rmSync(path, { recursive: true });
});

function realDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "seriatim-log-"));
  temporary.push(path);
  return path;
}

const DISKS: [name: string, make: () => { storage: Storage; directory: string }][] = [
  ["the simulated disk", () => ({ storage: new SimulatedDisk(), directory: "d" })],
  ["a real disk", () => ({ storage: new NodeStorage(), directory: join(realDirectory(), "deep", "log") })],
];

test("an opening reads to the end, also for a visitor that has seen enough: nothing is written over", () => {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), SMALL);
  for (let i = 0; i < 5; i++) appendFrame(writer, 3);
  writer.close();
  expect(openLog(logPlace(disk), SMALL, () => false).writer.position).toBe(15);
});

describe.each(DISKS)("on %s", (_, make) => {
  test("what was appended over several openings and segments is read back, in order and bit for bit", () => {
    const { storage, directory } = make();
    const place = logPlace(storage, directory);
    const prng = new Prng(1);
    for (let round = 0; round < 5; round++) {
      const found = new Collector();
      const { writer, scan } = openLog(place, SMALL, found.visit);
      expect(scan.verdict).toBe("clean");
      expect(found.verified()).toBe(writer.position);
      for (let i = 0; i < 20; i++) {
        appendFrame(writer, prng.between(1, 200));
        if (prng.chance(0.5)) writer.sync();
        while (writer.prepareNext(false));
      }
      writer.close();
    }
    const found = new Collector();
    const scan = scanLog(place, found.visit);
    expect(scan).toMatchObject({ verdict: "clean", frames: 100, temporaries: [] });
    expect(found.verified()).toBe(scan.lastPosition);
    expect(scan.segments.length).toBeGreaterThan(5);
  });
});
