// Writes one row of a view as fast as it can, until it is told that this was enough: joins, acknowledges, leaves. Both halves of every position are the same
// number, and both positions are equal.

import { workerData } from "node:worker_threads";
import { AckView } from "../../src/replication/index.ts";

const ACKS = 100;
const both = (half: number): number => half * 2 ** 32 + half;

const { memory, enough } = workerData as { memory: SharedArrayBuffer; enough: Int32Array };
const view = new AckView(memory);
for (let connection = 1; Atomics.load(enough, 0) === 0; connection++) {
  view.join(0, both(connection), both(connection));
  for (let ack = 1; ack <= ACKS; ack++) view.acknowledge(0, both(connection + ack), both(connection + ack));
  view.leave(0);
}
