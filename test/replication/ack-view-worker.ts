// Writes one row of a view as fast as it can: joins, acknowledges, leaves. Both halves of every position are the same
// number, and both positions are equal.

import { workerData } from "node:worker_threads";
import { AckView } from "../../src/replication/index.ts";

const CONNECTIONS = 2_000;
const ACKS = 100;
const both = (half: number): number => half * 2 ** 32 + half;

const view = new AckView(workerData as SharedArrayBuffer);
for (let connection = 1; connection <= CONNECTIONS; connection++) {
  view.join(0, both(connection), both(connection));
  for (let ack = 1; ack <= ACKS; ack++) view.acknowledge(0, both(connection + ack), both(connection + ack));
  view.leave(0);
}
