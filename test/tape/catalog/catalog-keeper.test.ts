// The catalog over a disk without room: refused for a while, then written again, and nothing that was refused is there.

import { expect, test } from "vitest";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import { type CatalogChange, CatalogKeeper } from "../../../src/tape/index.ts";
import { KEPT, NOW_us } from "./support.ts";

function keeperOn(disk: SimulatedDisk) {
  const clock = {
    now_us: 0,
    wallMicros: () => NOW_us,
    monotonicMicros: () => clock.now_us,
  };
  const place = { storage: disk, checksums: new NativeChecksums(), directory: "d" };
  return { clock, open: () => new CatalogKeeper(place, clock) };
}

function topic(id: number): CatalogChange {
  return { kind: "topic", topic: { ...KEPT, id, name: `t${id}`, created_us: NOW_us } };
}

function namesIn(keeper: CatalogKeeper): string[] {
  return [...keeper.state.topics].map(({ name }) => name);
}

test.each([
  ["the write", 1],
  ["the sync, with all of it written", 2],
])(
  "what finds no room in %s is refused and not there later; a second on there may be room again",
  (_, call) => {
    const disk = new SimulatedDisk();
    const { clock, open } = keeperOn(disk);
    const keeper = open();
    expect(keeper.tryWrite([topic(1)])).toBeUndefined();
    disk.failAt(disk.calls + call, "ENOSPC");
    expect(keeper.tryWrite([topic(2), { kind: "topic gone", topic: 1 }])?.code).toBe("ENOSPC");
    clock.now_us += 999_999;
    const before = disk.calls;
    expect(keeper.tryWrite([topic(3)])?.code).toBe("ENOSPC");
    expect(disk.calls).toBe(before);
    clock.now_us += 1;
    expect(
      keeper.tryWrite([topic(2), { kind: "group", topic: 1, group: "risk", committed: 7 }]),
    ).toBeUndefined();
    expect(namesIn(keeper)).toEqual(["t1", "t2"]);
    disk.restart();
    const again = open();
    expect(namesIn(again)).toEqual(["t1", "t2"]);
    expect(again.state.groupsOf(1).get("risk")).toBe(7);
  },
);

// The topic was taken back, its groups not: behind the next start they began anew, from the end past all that they had not done.
test("a deletion that finds no room takes no group of its topic away", () => {
  const disk = new SimulatedDisk();
  const { clock, open } = keeperOn(disk);
  const keeper = open();
  keeper.tryWrite([topic(1), topic(2)]);
  for (const id of [1, 2]) keeper.tryWrite([{ kind: "group", topic: id, group: "risk", committed: 7 }]);
  disk.failAt(disk.calls + 2, "ENOSPC");
  expect(keeper.tryWrite([{ kind: "topic gone", topic: 1 }])?.code).toBe("ENOSPC");
  clock.now_us += 1_000_000;
  // What was written of a commit that found no room stands: it is so in memory.
  expect(keeper.tryWrite([{ kind: "group", topic: 2, group: "risk", committed: 9 }])).toBeUndefined();
  disk.restart();
  const { state } = open();
  expect([1, 2].map((id) => state.groupsOf(id).get("risk"))).toEqual([7, 9]);
});

test("a disk that is full for long is looked at once a second, and keeps what it had", () => {
  const disk = new SimulatedDisk();
  const { clock, open } = keeperOn(disk);
  const keeper = open();
  keeper.tryWrite([topic(1)]);
  for (let second = 0; second < 5; second++) {
    // The write first, then the opening.
    disk.failAt(disk.calls + 1, "ENOSPC");
    expect(keeper.tryWrite([topic(2)])?.code).toBe("ENOSPC");
    expect(keeper.tryWrite([topic(2)])?.code).toBe("ENOSPC");
    clock.now_us += 1_000_000;
  }
  expect(keeper.tryWrite([topic(2)])).toBeUndefined();
  expect(namesIn(keeper)).toEqual(["t1", "t2"]);
});

test("a disk that fails in another way ends it", () => {
  const disk = new SimulatedDisk();
  const keeper = keeperOn(disk).open();
  disk.failAt(disk.calls + 2, "EIO");
  expect(() => keeper.tryWrite([topic(1)])).toThrow(expect.objectContaining({ code: "EIO" }));
});
