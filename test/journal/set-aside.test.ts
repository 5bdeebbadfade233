// The names of what a replica sets aside: a journal's snapshots are found by its name, whatever has such a name already.

import { describe, expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { isSetAside, putReceivedInPlace, setAsideDiverged, surroundingsOf } from "../../src/journal/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";

const filesOn = (storage: SimulatedDisk) => ({
  ...{ storage, parent: "/data", journal: "/data/journal", snapshots: "/data/snapshots" },
  incoming: "/data/incoming",
});

function write(disk: SimulatedDisk, directory: string, name: string): void {
  disk.makeDirectory(directory);
  disk.create(`${directory}/${name}`).close();
  disk.syncDirectory(directory);
}

function namesIn(disk: SimulatedDisk, directory: string): string[] {
  return disk.hasDirectory(directory) ? disk.list(directory) : [];
}

const SETTING_ASIDE = [
  {
    mark: "diverged-41-abababab",
    setAside: (disk: SimulatedDisk) =>
      setAsideDiverged(filesOn(disk), { position: 41, chain: new Uint8Array(32).fill(171) }),
  },
  {
    mark: "before-500",
    setAside: (disk: SimulatedDisk) => {
      write(disk, "/data/incoming", "snapshot-0000000000000500.snap");
      putReceivedInPlace(filesOn(disk));
    },
  },
];

// Each was counted by itself: the second journal's snapshots had the first one's name.
describe.each(SETTING_ASIDE)(
  "files have one mark, wherever setting them aside stops: $mark",
  ({ mark, setAside }) => {
    test.each(["journal", "snapshots"])("the %s of before have it already", (taken) => {
      const made = () => {
        const disk = new SimulatedDisk();
        write(disk, `/data/${taken}-${mark}`, "of before");
        write(disk, "/data/journal", "a segment");
        write(disk, "/data/snapshots", "a state");
        return disk;
      };
      const whole = made();
      const first = whole.calls + 1;
      setAside(whole);
      let moved = 0;
      for (let call = first; call <= whole.calls + 1; call++) {
        for (let seed = 0; seed < 20; seed++) {
          const disk = made();
          disk.failAt(call, "halt");
          if (call <= whole.calls) expect(() => setAside(disk)).toThrow();
          else setAside(disk);
          if (seed === 0) disk.restart();
          else disk.crash(new Prng(call * 100 + seed));
          putReceivedInPlace(filesOn(disk));
          expect(namesIn(disk, `/data/${taken}-${mark}`)).toEqual(["of before"]);
          const journal =
            namesIn(disk, "/data/journal").length > 0 ? "/data/journal" : `/data/journal-${mark}-2`;
          if (journal !== "/data/journal") moved++;
          expect([call, seed, namesIn(disk, journal)]).toEqual([call, seed, ["a segment"]]);
          expect([call, seed, namesIn(disk, surroundingsOf(journal).snapshots)]).toEqual([
            call,
            seed,
            ["a state"],
          ]);
          expect(namesIn(disk, "/data").filter((name) => name.startsWith("aside-"))).toEqual([]);
        }
      }
      expect(moved).toBeGreaterThan(100);
    });
  },
);

test.each([
  ["journal", false],
  ["journal-diverged-41-abababab", true],
  ["snapshots-before-500-2", true],
  ["aside-before-500", true],
  ["journal-of-mine", false],
  ["before-500", false],
])("%s is a name of what is set aside: %s", (name, is) => {
  expect(isSetAside(name)).toBe(is);
});

// The root as a data directory had every path in it, so a journal there could be exported to no file.
test.each([
  ["/data/journal", "/data", "/data/snapshots"],
  ["/data/journal-before-500-2", "/data", "/data/snapshots-before-500-2"],
  ["/data/elsewhere", undefined, "/data/snapshots"],
  ["/journal", undefined, "/snapshots"],
  ["/journal-before-500", undefined, "/snapshots-before-500"],
])("what belongs to %s: the data directory %s, and %s", (directory, dataDirectory, snapshots) => {
  expect(surroundingsOf(directory)).toEqual({ dataDirectory, snapshots });
});
