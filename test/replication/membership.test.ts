// Nodes with different ideas of their cluster: a keys file that has other nodes than the log's last Tenure named. The log's is
// north, south and west, and two disks were enough for what was answered.

import { expect, test } from "vitest";
import { SAFE_MAX } from "../../src/base/index.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import { NodeRole } from "../../src/protocol/index.ts";
import {
  ACK_POLICIES,
  type Cluster,
  clusterChange,
  clusterSum,
  decidePromotion,
  decideStart,
  isPromised,
  type PeerStanding,
  refuseOtherCluster,
} from "../../src/replication/index.ts";

const checksums = new NativeChecksums();
const LOGGED = ["north", "south", "west"];

function peer(name: string): PeerStanding {
  const nothing = { role: NodeRole.Replica, isWarm: true, primaryHeard_us: SAFE_MAX };
  return { name, epoch: 1, position: 100, persisted: 100, ...nothing };
}

function clusterOf(named: readonly string[], logged: readonly string[] = LOGGED): Cluster {
  const replicas = named.length - 1;
  return { policy: ACK_POLICIES["two-disks"], replicas, change: clusterChange(named, logged) };
}

test.each<[named: string[], logged: string[], gone: string[] | undefined]>([
  [["north", "south"], [], undefined],
  [["west", "north", "south"], LOGGED, undefined],
  [["north", "south"], LOGGED, ["west"]],
  [["north", "south", "east"], LOGGED, ["west"]],
  [["north", "south", "west"], ["north", "south"], []],
])("by a keys file with %j and a log with %j the nodes %j are gone", (named, logged, gone) => {
  expect(clusterChange(named, logged)?.gone).toEqual(gone);
});

test.each<[named: string[], logged: string[], peers: string[], kind: string, why: string]>([
  [["north", "south"], LOGGED, [], "refuse", "north and west may have it, and west is not known here"],
  [["north", "south"], LOGGED, ["north"], "refuse", "west may still lead without either"],
  [
    ["east", "north", "south"],
    LOGGED,
    ["east", "north"],
    "refuse",
    "so it may with another one in its place",
  ],
  [LOGGED, ["north", "south"], ["north"], "refuse", "west may go by a cluster of which nobody has told it"],
  [LOGGED, ["north", "south"], ["north", "west"], "lead", "every node of both was heard"],
  [LOGGED, LOGGED, ["west"], "lead", "of any two disks of the cluster one was heard"],
  [["north", "south"], [], [], "lead", "the log does not say"],
])(
  "a replica with a keys file of %j and a log of %j that hears %j: %s, because %s",
  (named, logged, heard, kind) => {
    const cluster = clusterOf(named, logged);
    expect(decidePromotion(peer("south"), 1, cluster, heard.map(peer), false).kind).toBe(kind);
    // What was heard is no promise; those that have promised must be the same.
    expect(isPromised(peer("south"), cluster, heard.map(peer))).toBe(kind === "lead");
  },
);

test("a primary that comes back with another keys file waits for every node of both, and says why", () => {
  const own = { epoch: 1, position: 100 };
  expect(decideStart(own, 0, clusterOf(["north", "south"]), [peer("south")])).toEqual({
    kind: "wait",
    because:
      "heard from south of a cluster of 2, and this node's keys file has the nodes north, south, its log the cluster north, south, west: every node of both must be heard",
  });
  const more = clusterOf(LOGGED, ["north", "south"]);
  expect(decideStart(own, 0, more, [peer("south")]).kind).toBe("wait");
  expect(decideStart(own, 0, more, [peer("south"), peer("west")]).kind).toBe("lead");
  // Nor does it begin on fewer promises, though by the policy one other disk would do.
  expect(isPromised(own, more, [peer("south")])).toBe(false);
  expect(isPromised(own, more, [peer("south"), peer("west")])).toBe(true);
});

test("by force a replica leads with its own keys file, whatever the log says", () => {
  expect(decidePromotion(peer("south"), 1, clusterOf(["north", "south"]), [], true).kind).toBe("lead");
});

test("a Welcome of another cluster is refused, one of a version that says none is not", () => {
  const refuse = (cluster: number) => refuseOtherCluster({ cluster }, "north", LOGGED, checksums);
  expect(() => refuse(clusterSum(["west", "south", "north"], checksums))).not.toThrow();
  expect(() => refuse(0)).not.toThrow();
  expect(() => refuse(clusterSum(["north", "south"], checksums))).toThrow(
    "this node's keys file has the nodes north, south, west, and that of north, which leads, has others: give both the same",
  );
});
