// What a replica says of itself over its connections: above all whether what it acknowledged from memory is still there.

import { expect, test } from "vitest";
import { ReplicaStanding } from "../../src/replication/index.ts";

const chain = new Uint8Array(32);

test("a replica is warm once it has what its primary had, and stays so over any number of connections", () => {
  const log = { epoch: 3, position: 7, persisted: 7, chain, append: () => undefined, sync: () => {} };
  const standing = new ReplicaStanding(log, false);
  const isWarm = () => standing.of(0).isWarm;
  expect(isWarm()).toBe(false);
  // It was restarted: what it had in memory beyond 7 is gone until it has all that the primary has by now.
  standing.welcomed({ epoch: 3, position: 500 });
  standing.heard(1);
  expect(isWarm()).toBe(false);
  log.position = 400;
  standing.heard(2);
  expect(isWarm()).toBe(false);
  // The connection is lost before that, and made again.
  standing.welcomed({ epoch: 3, position: 600 });
  log.position = 500;
  standing.heard(3);
  expect(isWarm()).toBe(false);
  log.position = 600;
  standing.heard(4);
  expect(isWarm()).toBe(true);
  // Lost again: it lacks what comes meanwhile, and has lost nothing.
  standing.welcomed({ epoch: 3, position: 900 });
  standing.heard(5);
  expect(isWarm()).toBe(true);
  expect(standing.of(5)).toMatchObject({ epoch: 3, position: 600, primaryHeard_us: 0 });
});

test("who is welcomed by a node that does not lead yet is not warm before that one's Tenure is in its log", () => {
  const log = { epoch: 3, position: 7, persisted: 7, chain, append: () => undefined, sync: () => {} };
  const standing = new ReplicaStanding(log, true);
  standing.welcomed({ epoch: 6, position: 7 });
  standing.heard(1);
  expect(standing.of(1)).toMatchObject({ isWarm: false, mayLack: true, epoch: 3 });
  Object.assign(log, { epoch: 6, position: 8 });
  standing.heard(2);
  expect(standing.of(2)).toMatchObject({ isWarm: true, mayLack: false, epoch: 6 });
});
