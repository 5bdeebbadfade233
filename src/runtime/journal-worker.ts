// The journal's own thread. First it opens the journal and sends every record through the recovery ring, checking and
// reading ahead while the engine applies; then it waits to be given the sequencer's ring and runs the group commit.
//
//   this thread                        the node's thread
//   open, check, read -> ring  ------> apply
//   Recovered         -> message ----> begins to sequence
//   write, fdatasync  <- ring <------- commands
//   sync, ...         <- message <---- asked for; done between two frames, answered by message
//   shortage of room  -> message ----> refuses new orders, or takes them again
//   closed or failed  -> message ----> the last word; a thread that ends without one has failed

import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { LatencyCounts, SeriatimError } from "../base/index.ts";
import { type DurabilityMode, JournalAgent, type JournalWriter } from "../journal/index.ts";
import { monotonicNanos } from "../platform/index.ts";
import { Ring, RingConsumer, runAgent } from "../ring/index.ts";
import type { LogPoint } from "../segment/index.ts";
import { openNodeJournal } from "./journal-open.ts";
import { carryOut, type JournalRequest } from "./journal-requests.ts";
import type { Recovered } from "./journal-stage.ts";
import { RecordSender } from "./record-sender.ts";

export interface JournalWorkerData {
  readonly directory: string;
  readonly rules: string;
  readonly mode: DurabilityMode;
  readonly segmentBytes: number;
  readonly genesis: Int32Array<ArrayBuffer> | undefined;
  readonly from: LogPoint | undefined;
  readonly live: SharedArrayBuffer | undefined;
  readonly wait: "block" | "spin";
  readonly recoveryRing: SharedArrayBuffer;
  readonly times: SharedArrayBuffer;
  /** One word of shared memory: requests sent so far. */
  readonly asked: Int32Array;
}

/** What is sent to the thread once it runs. */
export interface JournalThreadRequest {
  readonly id: number;
  readonly request: JournalRequest;
}

export type JournalWorkerMessage =
  | { readonly kind: "recovered"; readonly recovered: Recovered }
  | { readonly kind: "shortage"; readonly why: string | undefined }
  | { readonly kind: "done"; readonly id: number; readonly position: number }
  | { readonly kind: "refused"; readonly id: number; readonly code: string; readonly message: string }
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly exitCode: 1 | 2 };

const data = workerData as JournalWorkerData;
const port = parentPort;

function say(message: JournalWorkerMessage): void {
  port?.postMessage(message);
}

async function recover(): Promise<JournalWriter> {
  const sender = new RecordSender(data.recoveryRing);
  try {
    const { journal, recovered } = await openNodeJournal(data, (words, at, count) =>
      sender.send(words, at, count),
    );
    say({ kind: "recovered", recovered });
    return journal;
  } finally {
    sender.close();
  }
}

function run(journal: JournalWriter, shared: SharedArrayBuffer): void {
  const ring = Ring.attach(shared);
  const consumer = new RingConsumer(ring, data.wait);
  const agent = new JournalAgent(journal, ring, consumer, {
    counts: new LatencyCounts(data.times),
    now_ns: monotonicNanos,
  });
  let shortage: string | undefined;
  const doWork = (): number => {
    const done = agent.doWork() + answerRequests(journal, agent);
    if (agent.failure !== undefined) throw agent.failure;
    const why = agent.preallocationFailure?.message;
    if (why !== shortage) say({ kind: "shortage", why });
    shortage = why;
    return done;
  };
  // After a failure too: that only gives the files back.
  runAgent({ name: "journal", doWork, onClose: () => journal.close() }, consumer);
}

let answered = 0;

/** Does what was asked since the last turn; this thread never returns to an event loop while it writes. */
function answerRequests(journal: JournalWriter, agent: JournalAgent): number {
  const before = answered;
  for (const asked = Atomics.load(data.asked, 0); answered < asked; answered++) {
    const received = port === null ? undefined : receiveMessageOnPort(port);
    if (received === undefined) break;
    const { id, request }: JournalThreadRequest = received.message;
    carryOut(journal, agent, request, (outcome) => {
      if (typeof outcome === "number") say({ kind: "done", id, position: outcome });
      else say({ kind: "refused", id, code: outcome.code, message: outcome.message });
    });
  }
  return answered - before;
}

/** Runs `work`; what it throws is said to the node, which stops. */
async function guarded<T>(work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const known = error instanceof SeriatimError;
    const message = known ? error.message : `this is a bug in the journal: ${String(error)}`;
    say({ kind: "failed", code: known ? error.code : "BUG", message, exitCode: known ? error.exitCode : 1 });
    return undefined;
  }
}

const journal = await guarded(recover);
if (journal !== undefined) {
  port?.once("message", async (ring: SharedArrayBuffer | "stop") => {
    await guarded(() => {
      if (ring === "stop") journal.close();
      else run(journal, ring);
      say({ kind: "closed" });
    });
    port.close();
  });
} else {
  port?.close();
}
