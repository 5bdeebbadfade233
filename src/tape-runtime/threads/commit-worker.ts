// A commit worker's own thread: its duty cycle on the ring of commands until that has ended, then the logs are closed.
//
//   closed or failed -> message: the last word; a thread that ends without one has failed
//   notice           -> message: a topic's log is not open, and why

import { randomInt } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { SeriatimError } from "../../base/index.ts";
import { SystemClock } from "../../platform/index.ts";
import { runAgent } from "../../ring/index.ts";
import { OWN_EPOCH_MIN } from "../../segment/index.ts";
import { type CommitWorkerData, commitWorkerOf } from "./commit-agent-of.ts";
import { WriteBehindStorage } from "./write-behind.ts";
import { WriteBehindSlots } from "./write-behind-slots.ts";

export interface CommitThreadData extends CommitWorkerData {
  /** Of its helper: WriteBehindSlots. */
  readonly writeBehind: SharedArrayBuffer;
}

export type CommitWorkerMessage =
  | { readonly kind: "notice"; readonly topic: number; readonly code: string; readonly message: string }
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly exitCode: 1 | 2 };

/** The widest range that the system draws from at once. */
const OWN_EPOCH_END = 2 ** 48;
/** A loop that has not drained its results is looked at again after so long. */
const HELD_UP_MS = 1;

function say(message: CommitWorkerMessage): void {
  parentPort?.postMessage(message);
}

function run(): void {
  const data = workerData as CommitThreadData;
  const { agent, consumer, producer } = commitWorkerOf(
    data,
    new WriteBehindStorage(new WriteBehindSlots(data.writeBehind)),
    new SystemClock(),
    (topic, { code, message }) => say({ kind: "notice", topic, code, message }),
    () => randomInt(OWN_EPOCH_MIN, OWN_EPOCH_END),
  );
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  const doWork = (): number => {
    const done = agent.doWork();
    if (agent.isHeldUp) Atomics.wait(nobody, 0, 0, HELD_UP_MS);
    return done;
  };
  try {
    runAgent({ name: agent.name, doWork, onClose: () => agent.onClose() }, consumer);
  } finally {
    producer.close();
  }
}

try {
  run();
  say({ kind: "closed" });
} catch (error) {
  const known = error instanceof SeriatimError;
  const message = known ? error.message : `this is a bug in the commit worker: ${String(error)}`;
  say({ kind: "failed", code: known ? error.code : "BUG", message, exitCode: known ? error.exitCode : 1 });
}
