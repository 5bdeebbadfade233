// A journal and a replica on one thread: of each record that comes, in an order and at a pace that differ from round to round, it
// is in the replica's memory, on its disk, and on the node's own.

import { workerData } from "node:worker_threads";
import { AckView } from "../../src/replication/index.ts";
import { Ring, RingConsumer } from "../../src/ring/index.ts";

/** Looked at to pass time. */
const spun = new Int32Array(1);
const WAIT_MS = 1_000;
/** About as long as another thread takes to wake up. */
const SPINS_MAX = 4_096;

const data = workerData as { view: SharedArrayBuffer; ring: SharedArrayBuffer; rounds: number };
const view = new AckView(data.view);
const consumer = new RingConsumer(Ring.attach(data.ring));
view.join(0, 0, 0);
for (let round = 1; round <= data.rounds; round++) {
  while (!consumer.waitForRecords(WAIT_MS));
  const steps = [
    () => consumer.release(1),
    () => view.acknowledge(0, round, round - 1),
    () => view.acknowledge(0, round, round),
  ];
  // The replica's disk never before its memory.
  const own = round % 3;
  const replica = steps.splice(1);
  replica.splice(own, 0, steps[0]);
  for (const step of replica) {
    for (let spins = (round * 7_919) % SPINS_MAX; spins > 0; spins--) Atomics.load(spun, 0);
    step();
  }
}
