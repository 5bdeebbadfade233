// One side of a stress test on a thread of its own; answers with the number of records it sent or took.

import { parentPort, workerData } from "node:worker_threads";
import { Ring, RingConsumer } from "../../src/ring/index.ts";
import { consume, produce, type StressPlan } from "./stress.ts";

const plan = workerData as StressPlan;
const ring = Ring.attach(plan.shared);
// A pending Atomics.waitAsync does not keep a thread alive; a node has its sockets for that.
const alive = setInterval(() => {}, 60_000);
try {
  parentPort?.postMessage(plan.side === "produce" ? await produce(ring, plan) : consume(ring, plan));
} catch (error) {
  // The other side must not wait for a thread that is gone.
  new RingConsumer(ring).fail();
  throw error;
} finally {
  clearInterval(alive);
}
