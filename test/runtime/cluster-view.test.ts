// What a primary says of the nodes of its cluster, by what the gate has seen of them.

import { afterEach, expect, test } from "vitest";
import { NodeRows } from "../../src/replication/index.ts";
import { ClusterView } from "../../src/runtime/index.ts";

const clock = { now_us: 0, wallMicros: () => 1e15 + clock.now_us, monotonicMicros: () => clock.now_us };
let view: ClusterView | undefined;
afterEach(() => view?.stop());

test("every node has a row: who is there since when, how far, and how far behind", () => {
  clock.now_us = 0;
  const rows = new NodeRows();
  const primary = { role: "primary" as const, epoch: 4, position: 0 };
  const [name, replicas] = ["north", ["west", "south"]];
  view = new ClusterView({ name, replicas, rows: () => rows, clock, standing: () => primary });
  const nodes = () => view?.nodes.map((node) => ({ ...node, since_us: node.since_us - 1e15 }));
  const gone = { role: "replica", epoch: 0, connected: false, since_us: 0, inMemory: 0, persisted: 0 };
  const north = { name: "north", role: "primary", epoch: 4, connected: true, since_us: 0, lag: 0, lag_us: 0 };

  // Nobody has come yet.
  rows.begin(0);
  expect(nodes()).toEqual([
    { ...north, inMemory: 0, persisted: 0 },
    { ...gone, name: "south", lag: 0, lag_us: 0 },
    { ...gone, name: "west", lag: 0, lag_us: 0 },
  ]);

  // South comes, and has three quarters of what was sequenced in the second since.
  clock.now_us = 1_000_000;
  primary.position = 100;
  rows.begin(80);
  rows.add(1, 75, 60);
  expect(nodes()).toEqual([
    { ...north, inMemory: 100, persisted: 80 },
    {
      ...{ name: "south", role: "replica", epoch: 4, connected: true, since_us: 1_000_000 },
      ...{ inMemory: 75, persisted: 60, lag: 25, lag_us: 240_000 },
    },
    { ...gone, name: "west", lag: 100, lag_us: 990_000 },
  ]);

  // It goes: what was seen of it last stays, and it falls behind.
  clock.now_us = 2_000_000;
  rows.begin(100);
  expect(nodes()?.[1]).toEqual({
    ...{ name: "south", role: "replica", epoch: 4, connected: false, since_us: 2_000_000 },
    ...{ inMemory: 75, persisted: 60, lag: 25, lag_us: 1_240_000 },
  });
});
