// What a replica says of itself and of its primary, by what it has heard.

import { expect, test } from "vitest";
import { ReplicaView } from "../../src/runtime/index.ts";

const clock = { now_us: 0, wallMicros: () => 1e15 + clock.now_us, monotonicMicros: () => clock.now_us };

test("a replica has a row for itself, and one for its primary once it has followed one", () => {
  clock.now_us = 0;
  const view = new ReplicaView("south", clock);
  const nodes = () => view.nodes.map((node) => ({ ...node, since_us: node.since_us - 1e15 }));
  const nothing = { inMemory: 0, persisted: 0, lag: 0, lag_us: 0 };
  const own = { name: "south", role: "replica", connected: true, since_us: 0 };
  expect(nodes()).toEqual([{ ...own, epoch: 0, ...nothing }]);

  clock.now_us = 1_000;
  view.follows("north", 4);
  view.came({ inMemory: 0, persisted: 0, released: 0, primary: 0 });
  clock.now_us = 2_000;
  view.came({ inMemory: 75, persisted: 60, released: 70, primary: 100 });
  const north = { name: "north", role: "primary", epoch: 4, persisted: null, lag: 0, lag_us: 0 };
  expect(nodes()).toEqual([
    { ...north, connected: true, since_us: 1_000, inMemory: 100 },
    { ...own, epoch: 4, inMemory: 75, persisted: 60, lag: 25, lag_us: 240 },
  ]);

  // Lost, told again and again while it tries: gone since the first time.
  clock.now_us = 3_000;
  view.lost();
  clock.now_us = 4_000;
  view.lost();
  expect(nodes()[0]).toEqual({ ...north, connected: false, since_us: 3_000, inMemory: 100 });

  // It is sent a snapshot first, which may take a while.
  view.receives(90);
  expect([view.receiving, view.isFollowing]).toEqual([90, false]);
  view.lost();
  expect(view.receiving).toBe(undefined);
  view.receives(95);

  // Another node leads.
  view.follows("west", 6);
  expect([view.receiving, view.isFollowing]).toEqual([undefined, true]);
  expect(nodes().map(({ name, epoch, since_us }) => [name, epoch, since_us])).toEqual([
    ["south", 6, 0],
    ["west", 6, 4_000],
  ]);
  view.beginAnew();
  expect(nodes()[0]).toMatchObject({ inMemory: 0, persisted: 0 });
});

test("a lag after its history was set aside is one behind the new primary, however long the old history was", () => {
  clock.now_us = 0;
  const view = new ReplicaView("south", clock);
  view.follows("north", 4);
  for (const position of [1_000, 2_000, 3_000, 4_000]) {
    clock.now_us += 1_000_000;
    view.came({ inMemory: position, persisted: position, released: position, primary: position });
  }
  clock.now_us = 60_000_000;
  view.beginAnew();
  view.came({ inMemory: 0, persisted: 0, released: 0, primary: 50 });
  clock.now_us = 61_000_000;
  view.came({ inMemory: 50, persisted: 50, released: 50, primary: 100 });
  clock.now_us = 61_500_000;
  expect(view.nodes[1]).toMatchObject({ lag: 50, lag_us: 1_480_000 });
});
