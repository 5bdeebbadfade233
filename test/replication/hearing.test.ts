import { expect, test } from "vitest";
import { NodeRole } from "../../src/protocol/index.ts";
import { Hearing, type PeerStanding } from "../../src/replication/index.ts";

function standing(name: string, position: number): PeerStanding {
  const stood = { role: NodeRole.Replica, epoch: 1, persisted: position, isWarm: true, mayLack: false };
  return { name, position, primaryHeard_us: 9e9, promised: 0, ...stood } as PeerStanding;
}

test("the newest word of each node counts, and for two seconds", () => {
  const hearing = new Hearing();
  const at = (now_us: number) => hearing.peers(now_us).map(({ name, position }) => `${name} ${position}`);
  hearing.hear(standing("south", 7), 0);
  hearing.hear(standing("west", 8), 500_000);
  hearing.hear(standing("south", 9), 1_000_000);
  expect(at(1_000_000)).toEqual(["south 9", "west 8"]);
  expect(at(2_500_000)).toEqual(["south 9", "west 8"]);
  expect(at(2_500_001)).toEqual(["south 9"]);
  expect(at(3_000_001)).toEqual([]);
});
