// Who may lead, by what was heard: tables of nodes. R is the number of replicas of the cluster.

import { expect, test } from "vitest";
import { SAFE_MAX } from "../../src/base/index.ts";
import { NodeRole, RefusalCode } from "../../src/protocol/index.ts";
import {
  ACK_POLICIES,
  type AckPolicyName,
  Comparison,
  decidePromotion,
  decideStart,
  type Heard,
  isCertain,
  isPromised,
  judgeLogon,
  nextEpoch,
  type PeerStanding,
} from "../../src/replication/index.ts";

function peer(name: string, epoch: number, position: number, more: Partial<PeerStanding> = {}): PeerStanding {
  const nothing = { role: NodeRole.Replica, isWarm: true, persisted: position, primaryHeard_us: SAFE_MAX };
  return { name, epoch, position, ...nothing, ...more };
}

const COLD = { isWarm: false };

test.each<[policy: AckPolicyName, replicas: number, peers: PeerStanding[], kind: string, why: string]>([
  ["disk", 0, [], "lead", "alone, its disk is all there is"],
  ["disk", 1, [], "wait", "a replica's disk alone may have made it acknowledged"],
  ["disk", 1, [peer("south", 1, 90)], "lead", "every disk was heard, none has more"],
  ["disk", 2, [peer("south", 1, 90)], "wait", "the third disk may have it"],
  ["disk+ram", 1, [], "wait", "the replica's disk may be the one that counted"],
  ["disk+ram", 1, [peer("south", 1, 100)], "lead", "the replica has had it in any case"],
  ["disk+ram", 1, [peer("south", 1, 100, COLD)], "lead", "every node was heard"],
  ["disk+ram", 2, [peer("south", 1, 100)], "wait", "the other replica may be the one that had it"],
  ["disk+ram", 2, [peer("south", 1, 100), peer("west", 1, 80, COLD)], "lead", "every node was heard"],
  ["two-disks", 1, [], "lead", "its own disk was one of the two"],
  ["two-disks", 2, [], "wait", "the two disks may be the replicas'"],
  ["two-disks", 2, [peer("south", 1, 40, COLD)], "lead", "of any two disks one was heard"],
  ["ram", 1, [], "wait", "the replica's memory is where it is"],
  ["ram", 1, [peer("south", 1, 100)], "lead", "the replica has had it in any case"],
  ["ram", 2, [peer("south", 1, 100)], "wait", "the other replica may be the one that had it"],
  ["disk+ram", 1, [peer("south", 1, 101)], "refuse", "the replica has more"],
  ["disk+ram", 1, [peer("south", 2, 60)], "refuse", "a newer tenure began without it"],
  ["two-disks", 2, [peer("south", 1, 50, { role: NodeRole.Primary })], "refuse", "another one is primary"],
])(
  "a primary of policy %s with %i replicas that comes back at position 100, and hears %j: %s, because %s",
  (policy, replicas, peers, kind) => {
    const cluster = { policy: ACK_POLICIES[policy], replicas };
    expect(decideStart({ epoch: 1, position: 100 }, 0, cluster, peers).kind).toBe(kind);
  },
);

test.each<[policy: AckPolicyName, replicas: number, peers: PeerStanding[], kind: string, why: string]>([
  ["two-disks", 1, [], "wait", "what was cut may be on the other disk alone"],
  ["two-disks", 1, [peer("south", 1, 100)], "lead", "every node was heard"],
  ["two-disks", 2, [peer("south", 1, 100)], "wait", "what was cut may be on the third disk alone"],
  ["two-disks", 2, [peer("south", 1, 100), peer("west", 1, 90)], "lead", "every node was heard"],
  ["two-disks", 2, [peer("south", 1, 101)], "refuse", "the replica has what was cut"],
])(
  "a primary of policy %s with %i replicas whose torn end was cut at position 100, and hears %j: %s, because %s",
  (policy, replicas, peers, kind) => {
    const cluster = { policy: ACK_POLICIES[policy], replicas };
    expect(decideStart({ epoch: 1, position: 100, mayLack: true }, 0, cluster, peers).kind).toBe(kind);
  },
);

test.each<
  [policy: AckPolicyName, replicas: number, promised: PeerStanding[], isEnough: boolean, why: string]
>([
  ["disk+ram", 1, [], false, "the replica may follow an older tenure"],
  ["disk+ram", 1, [peer("south", 1, 100)], true, "there is no other node"],
  ["two-disks", 2, [], false, "the two others are enough for an older tenure"],
  ["two-disks", 2, [peer("south", 1, 90, COLD)], true, "the third one alone can acknowledge nothing"],
  ["disk", 2, [peer("south", 1, 90)], false, "the third one alone is enough to acknowledge"],
])(
  "a tenure of policy %s with %i replicas that %j have promised to follow: begins %s, because %s",
  (policy, replicas, promised, isEnough) => {
    const cluster = { policy: ACK_POLICIES[policy], replicas };
    expect(isPromised({ epoch: 1, position: 100 }, cluster, promised)).toBe(isEnough);
  },
);

test("a replica that leads now has its own memory, and nobody's disk but those that have promised", () => {
  const cluster = { policy: ACK_POLICIES["disk+ram"], replicas: 2 };
  const own = peer("south", 1, 100);
  expect(isPromised(own, cluster, [])).toBe(false);
  expect(isPromised(own, cluster, [peer("west", 1, 100, COLD)])).toBe(false);
  expect(isPromised(own, cluster, [peer("west", 1, 100)])).toBe(true);
});

test.each<[name: string, peers: PeerStanding[], kind: string]>([
  ["nobody", [], "wait"],
  ["a replica with a history", [peer("south", 1, 40)], "refuse"],
  ["one replica that has nothing either", [peer("south", 0, 0, COLD)], "wait"],
  ["all replicas, which have nothing either", [peer("south", 0, 0, COLD), peer("west", 0, 0, COLD)], "lead"],
])("a primary that comes back with an empty disk and hears %s: %s", (_, peers, kind) => {
  const cluster = { policy: ACK_POLICIES["two-disks"], replicas: 2 };
  expect(decideStart({ epoch: 0, position: 0 }, 0, cluster, peers).kind).toBe(kind);
});

test.each<[policy: AckPolicyName, replicas: number, peers: PeerStanding[], whole: string, cut: string]>([
  ["two-disks", 1, [], "lead", "wait"],
  ["two-disks", 2, [peer("south", 1, 40, COLD)], "lead", "wait"],
  ["two-disks", 2, [peer("south", 1, 40), peer("west", 1, 90)], "lead", "lead"],
])(
  "a primary of policy %s with %i replicas that hears %j: %s with its disk whole, %s when a torn end was cut",
  (policy, replicas, peers, whole, cut) => {
    const cluster = { policy: ACK_POLICIES[policy], replicas };
    const decided = (mayLack: boolean) =>
      decideStart({ epoch: 1, position: 100, mayLack }, 0, cluster, peers).kind;
    expect([decided(false), decided(true)]).toEqual([whole, cut]);
  },
);

type Promotion = [
  policy: AckPolicyName,
  replicas: number,
  own: Partial<PeerStanding>,
  peers: PeerStanding[],
  kind: string,
  why: string,
];

test.each<Promotion>([
  ["disk+ram", 1, {}, [], "lead", "the only replica had what was acknowledged"],
  ["disk+ram", 1, COLD, [], "refuse", "it was restarted: what it had in memory alone is gone"],
  ["ram", 1, {}, [], "lead", "the only replica had what was acknowledged"],
  ["two-disks", 1, COLD, [], "lead", "its disk was one of the two"],
  ["disk", 1, {}, [], "refuse", "the primary's disk alone may have it"],
  ["disk+ram", 2, {}, [], "refuse", "the other replica may be the one that had it"],
  ["disk+ram", 2, {}, [peer("west", 1, 100)], "lead", "both replicas were heard, this one has most"],
  ["two-disks", 2, {}, [peer("west", 1, 100, COLD)], "lead", "of any two disks one was heard"],
  ["two-disks", 2, {}, [], "refuse", "the other two disks may have it"],
  [
    "ram",
    1,
    COLD,
    [peer("north", 1, 100, COLD)],
    "lead",
    "every node was heard, the old primary as a replica",
  ],
  [
    "two-disks",
    1,
    { mayLack: true },
    [],
    "refuse",
    "its torn end was cut, and may have been the second disk's copy",
  ],
  ["two-disks", 1, { position: 0 }, [], "refuse", "it has nothing"],
  ["two-disks", 2, {}, [peer("west", 1, 101)], "refuse", "a reachable peer has more"],
  ["two-disks", 2, {}, [peer("west", 2, 50)], "refuse", "a reachable peer is of a newer tenure"],
  ["two-disks", 2, {}, [peer("north", 1, 90, { role: NodeRole.Primary })], "refuse", "a primary is alive"],
  [
    "two-disks",
    2,
    { primaryHeard_us: 1_000_000 },
    [peer("west", 1, 90)],
    "wait",
    "it heard a primary a second ago",
  ],
  [
    "two-disks",
    2,
    {},
    [peer("west", 1, 90, { primaryHeard_us: 0 })],
    "wait",
    "the other one hears a primary",
  ],
])(
  "a replica of policy %s with %i replicas at position 100 (%j) told to take over, and hears %j: %s, because %s",
  (policy, replicas, own, peers, kind) => {
    const cluster = { policy: ACK_POLICIES[policy], replicas };
    expect(decidePromotion(peer("south", 1, 100, own), 1, cluster, peers, false).kind).toBe(kind);
  },
);

test.each<[name: string, peers: PeerStanding[], kind: string]>([
  ["what nobody could say", [], "lead"],
  ["a peer that has more", [peer("west", 1, 101)], "refuse"],
  ["a primary that is alive", [peer("north", 1, 90, { role: NodeRole.Primary })], "refuse"],
])("an administrator's force goes over %s: %s", (_, peers, kind) => {
  const cluster = { policy: ACK_POLICIES["disk+ram"], replicas: 2 };
  expect(decidePromotion(peer("south", 1, 100), 1, cluster, peers, true).kind).toBe(kind);
});

test("a refusal says who stands in the way", () => {
  const cluster = { policy: ACK_POLICIES["disk+ram"], replicas: 2 };
  const own = peer("south", 1, 100);
  const because = (peers: PeerStanding[]) => decidePromotion(own, 1, cluster, peers, false);
  expect(because([peer("west", 1, 101)])).toEqual({
    kind: "refuse",
    because: "west has more: position 101 of epoch 1, this node has 100 of 1",
  });
  expect(because([])).toEqual({
    kind: "refuse",
    because: "heard from no other node of a cluster of 3: a node not heard may hold what was acknowledged",
  });
});

test("what was acknowledged is among those heard whenever the rule says so: every cluster, by brute force", () => {
  for (const policy of Object.values(ACK_POLICIES)) {
    for (const replicas of [1, 2]) {
      const nodes = replicas + 1;
      // Which nodes have the position on disk, and which replicas in memory only; the primary (node 0) has it in memory.
      for (let disks = 0; disks < 1 << nodes; disks++) {
        for (let memory = 0; memory < 1 << nodes; memory++) {
          if (!isAcknowledged(policy.clauses, disks, memory | disks | 1)) continue;
          for (let heard = 1; heard < 1 << nodes; heard++) {
            for (let warm = 0; warm < 1 << nodes; warm++) {
              if (!isCertain(policy, heardBits(heard, warm, replicas))) continue;
              // A cold node keeps its disk only, and the primary, which is gone, its disk at most.
              const kept = disks | (memory & warm & ~1);
              const isLost = (kept & ((1 << nodes) - 1)) === 0 && heard === (1 << nodes) - 1;
              expect({
                policy,
                disks,
                memory,
                heard,
                warm,
                found: isLost || (kept & heard) !== 0,
              }).toMatchObject({
                found: true,
              });
            }
          }
        }
      }
    }
  }
});

const ones = (bits: number): number => bits.toString(2).replaceAll("0", "").length;

function isAcknowledged(
  clauses: (typeof ACK_POLICIES)[AckPolicyName]["clauses"],
  disks: number,
  memory: number,
): boolean {
  return clauses.every(({ level, count }) => ones(level === "persisted" ? disks : memory) >= count);
}

function heardBits(heard: number, warm: number, replicas: number): Heard {
  return {
    replicas,
    primaryDisk: (heard & 1) !== 0 ? "heard" : "unheard",
    replicasHeard: ones(heard >> 1),
    replicaDisks: ones(heard >> 1),
    warmReplicas: ones((heard & warm) >> 1),
  };
}

test("no two nodes ever choose the same epoch, and each choice is above all that were heard", () => {
  for (let highest = 0; highest < 10; highest++) {
    const chosen = [0, 1, 2].map((seat) => nextEpoch({ epoch: highest }, seat, []));
    expect(new Set(chosen).size).toBe(3);
    for (const epoch of chosen) expect(epoch > highest && epoch <= highest + 3).toBe(true);
  }
  expect(nextEpoch({ epoch: 4 }, 0, [{ epoch: 7 }])).toBe(9);
  expect(nextEpoch({ epoch: 4, promised: 10 }, 0, [{ epoch: 7 }])).toBe(12);
});

const primary = { isPrimary: true, epoch: 3, position: 100, hasSeat: true, isNameInUse: false };
const { Same, Different, Retired } = Comparison;

test.each<
  [name: string, asked: object, epoch: number, position: number, found: Comparison, verdict: unknown]
>([
  ["one history", {}, 3, 80, Same, "follow"],
  ["a replica of an earlier tenure that has the same history", {}, 2, 80, Same, "follow"],
  ["a replica that has all", {}, 3, 100, Same, "follow"],
  ["another chain value", {}, 3, 80, Different, { refuse: RefusalCode.Diverged, stop: false }],
  ["a position before the oldest segment", {}, 3, 2, Retired, "snapshot"],
  ["a surplus of an older tenure", {}, 2, 101, Same, { refuse: RefusalCode.Diverged, stop: false }],
  [
    "a surplus of this tenure: what the primary lost",
    {},
    3,
    101,
    Same,
    { refuse: RefusalCode.Ahead, stop: true },
  ],
  ["a higher epoch, whatever its position", {}, 4, 20, Same, { refuse: RefusalCode.StaleEpoch, stop: true }],
  [
    "a higher epoch, at a node that is no primary",
    { isPrimary: false },
    4,
    20,
    Same,
    { refuse: RefusalCode.StaleEpoch, stop: true },
  ],
  [
    "a node that is no primary",
    { isPrimary: false },
    3,
    80,
    Same,
    { refuse: RefusalCode.NotPrimary, stop: false },
  ],
  [
    "a second node of one name",
    { isNameInUse: true },
    2,
    101,
    Different,
    { refuse: RefusalCode.NameInUse, stop: false },
  ],
  [
    "a second node of one name that shows what the primary lost",
    { isNameInUse: true },
    3,
    101,
    Same,
    { refuse: RefusalCode.Ahead, stop: true },
  ],
  ["a node that has no seat", { hasSeat: false }, 3, 80, Same, { refuse: RefusalCode.Full, stop: false }],
])("logon: %s", (_, asked, epoch, position, found, verdict) => {
  expect(judgeLogon({ ...primary, ...asked }, { epoch, position }, () => found)).toEqual(verdict);
});
