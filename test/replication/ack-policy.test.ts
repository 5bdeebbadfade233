// What may be acknowledged, as the specification's table has it: primary's durable position, replicas, position.

import { expect, test } from "vitest";
import {
  ACK_POLICIES,
  type AckClause,
  type AckPolicyName,
  ackPolicy,
  ackPosition,
  defaultAckPolicy,
  isDegraded,
  NodeRows,
  namedAckPolicy,
} from "../../src/replication/index.ts";

/** [in memory, persisted], or undefined for one that is not connected. */
type Row = readonly [inMemory: number, persisted: number] | undefined;

const P = (count: number): AckClause => ({ level: "persisted", count });
const M = (count: number): AckClause => ({ level: "in_memory", count });
const AWAY = undefined;

function view(durable: number, replicas: readonly Row[]): NodeRows {
  const rows = new NodeRows();
  rows.begin(durable);
  for (const [replica, row] of replicas.entries()) if (row !== undefined) rows.add(replica, row[0], row[1]);
  return rows;
}

type Case = [name: string, clauses: AckClause[], durable: number, replicas: Row[], position: number];

test.each<Case>([
  ["persisted>=1, alone: what its own disk has", [P(1)], 500, [], 500],
  [
    "persisted>=2, its disk behind both: the slower replica",
    [P(2)],
    50,
    [
      [100, 100],
      [120, 120],
    ],
    100,
  ],
  [
    "persisted>=2, its disk ahead of both: the faster replica",
    [P(2)],
    500,
    [
      [100, 100],
      [120, 120],
    ],
    120,
  ],
  [
    "persisted>=2, its disk between the two: its disk",
    [P(2)],
    150,
    [
      [50, 50],
      [200, 200],
    ],
    150,
  ],
  ["persisted>=2, one replica away, its disk behind: its disk", [P(2)], 50, [[100, 100], AWAY], 50],
  ["persisted>=2, one replica away, its disk ahead: the replica", [P(2)], 200, [[100, 100], AWAY], 100],
  [
    "persisted>=1 && in_memory>=2, the replica's memory ahead: some disk",
    [P(1), M(2)],
    50,
    [[80, 20], AWAY],
    50,
  ],
  [
    "persisted>=1, nothing on its own disk: the most a replica's has",
    [P(1)],
    0,
    [
      [100, 100],
      [200, 200],
    ],
    200,
  ],
  [
    "persisted>=2, a cluster that has nothing yet: nothing, not degraded",
    [P(2)],
    0,
    [
      [0, 0],
      [0, 0],
    ],
    0,
  ],
  ["persisted>=2, a replica a little behind: the replica", [P(2)], 500, [[480, 480], AWAY], 480],
  [
    "persisted>=2, a replica that connected with nothing: nothing, not degraded",
    [P(2)],
    700,
    [[0, 0], AWAY],
    0,
  ],
  [
    "persisted>=1 && in_memory>=2, both behind its disk: what the faster has in memory",
    [P(1), M(2)],
    90,
    [
      [80, 20],
      [60, 60],
    ],
    80,
  ],
  [
    "in_memory>=2: what the faster replica has in memory, whatever is on disk",
    [M(2)],
    0,
    [
      [80, 0],
      [60, 60],
    ],
    80,
  ],
  [
    "in_memory>=3: what the slower replica has in memory",
    [M(3)],
    500,
    [
      [80, 0],
      [60, 60],
    ],
    60,
  ],
  ["in_memory counts what is on disk, though the replica says less", [M(2)], 500, [[10, 70], AWAY], 70],
  [
    "persisted>=3: the slowest disk of all",
    [P(3)],
    500,
    [
      [480, 470],
      [490, 460],
    ],
    460,
  ],
])("%s", (_, clauses, durable, replicas, position) => {
  const rows = view(durable, replicas);
  expect(ackPosition(ackPolicy(clauses), rows)).toBe(position);
  expect(isDegraded(ackPolicy(clauses), rows)).toBe(false);
});

test.each<[name: string, clauses: AckClause[], replicas: Row[]]>([
  ["persisted>=2, alone", [P(2)], []],
  ["persisted>=2, both replicas away", [P(2)], [AWAY, AWAY]],
  ["persisted>=3, one replica away", [P(3)], [[400, 400], AWAY]],
  ["persisted>=1 && in_memory>=2, alone: no clause is dropped", [P(1), M(2)], []],
  ["in_memory>=2, both replicas away", [M(2)], [AWAY, AWAY]],
])("%s: position 0, degraded", (_, clauses, replicas) => {
  const rows = view(500, replicas);
  expect(ackPosition(ackPolicy(clauses), rows)).toBe(0);
  expect(isDegraded(ackPolicy(clauses), rows)).toBe(true);
});

test.each<[name: string, clauses: AckClause[]]>([
  ["an empty list", []],
  ["a count of 0", [P(0)]],
  ["a count above 3", [P(1), M(4)]],
  ["a count that is no whole number", [P(1.5)]],
])("%s is refused", (_, clauses) => {
  expect(() => ackPolicy(clauses)).toThrow(expect.objectContaining({ code: "ACK_POLICY", exitCode: 2 }));
});

test("the named policies are what the specification says", () => {
  expect(ACK_POLICIES).toEqual({
    disk: { clauses: [P(1)] },
    "disk+ram": { clauses: [P(1), M(2)] },
    "two-disks": { clauses: [P(2)] },
    ram: { clauses: [M(2)] },
  });
});

test.each<[replicas: number, allowed: AckPolicyName[], byDefault: AckPolicyName]>([
  [0, ["disk"], "disk"],
  [1, ["disk", "disk+ram", "two-disks", "ram"], "disk+ram"],
  [2, ["disk", "disk+ram", "two-disks", "ram"], "disk+ram"],
])("with %i replicas %j are allowed and %s is the default", (replicas, allowed, byDefault) => {
  expect(defaultAckPolicy(replicas)).toBe(byDefault);
  for (const name of Object.keys(ACK_POLICIES) as AckPolicyName[]) {
    const choose = () => namedAckPolicy(name, replicas);
    if (allowed.includes(name)) expect(choose()).toBe(ACK_POLICIES[name]);
    else expect(choose).toThrow(`ack policy ${name} needs 2 nodes: this node has no replica`);
  }
});

test("every view of three nodes gives what counting by hand gives", () => {
  const values = [0, 1, 2, 3];
  for (const clauses of [[P(1)], [P(2)], [P(3)], [M(2)], [M(3)], [P(1), M(2)], [P(2), M(3)]]) {
    for (const durable of values)
      for (const a of values)
        for (const b of values)
          for (const c of values)
            for (const d of values) {
              const rows = view(durable, [
                [a, b],
                [c, d],
              ]);
              expect(ackPosition(ackPolicy(clauses), rows)).toBe(
                byHand(clauses, durable, [
                  [a, b],
                  [c, d],
                ]),
              );
            }
  }
});

/** The highest position that enough nodes have in every clause's level. */
function byHand(clauses: AckClause[], durable: number, replicas: [number, number][]): number {
  const has = (position: number, { level, count }: AckClause): boolean => {
    const persisted = [durable, ...replicas.map(([, onDisk]) => onDisk)];
    const inMemory = [
      Number.POSITIVE_INFINITY,
      ...replicas.map(([memory, onDisk]) => Math.max(memory, onDisk)),
    ];
    return (level === "persisted" ? persisted : inMemory).filter((last) => last >= position).length >= count;
  };
  for (let position = 3; position > 0; position--) {
    if (clauses.every((clause) => has(position, clause))) return position;
  }
  return 0;
}
