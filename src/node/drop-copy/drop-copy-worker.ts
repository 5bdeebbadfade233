// The thread that publishes the exchange's log to the tape of its node: a client of it like any other. What happens is said to the node,
// which logs it.
//
//   this thread                       the node's thread
//   begun, gap, lost  -> message -->  logs it
//   published         -> message -->  how far, once a second
//                     <- shared ----  how far the log is released
//   publishes the rest <- message --  "stop"

import { parentPort, workerData } from "node:worker_threads";
import { signerOf } from "../../client/index.ts";
import { letOthersGoFirst, NativeChecksums, NodeStorage, SystemClock } from "../../platform/index.ts";
import type { TopicGap } from "./journal-course.ts";
import { Publication } from "./publication.ts";
import { ReleasedPosition } from "./released-position.ts";
import type { DropCopyStream } from "./topic-source.ts";

export interface DropCopyWorkerData {
  /** Directories. */
  readonly journal: string;
  readonly snapshots: string;
  readonly streams: readonly DropCopyStream[];
  /** Of the tape, by plain TCP. */
  readonly host: string;
  readonly port: number;
  /** The node's own key. */
  readonly key: { readonly name: string; readonly private: string };
  readonly released: SharedArrayBuffer;
}

export type DropCopyWorkerMessage =
  | { readonly kind: "begun"; readonly position: number }
  | { readonly kind: "published"; readonly position: number }
  | { readonly kind: "gap"; readonly gap: TopicGap }
  | { readonly kind: "lost"; readonly code: string; readonly why: string };

const TELL_MS = 1_000;

function say(message: DropCopyWorkerMessage): void {
  parentPort?.postMessage(message);
}

async function run(): Promise<void> {
  const { journal, snapshots, streams, host, port, key, released } = workerData as DropCopyWorkerData;
  const parts = { storage: new NodeStorage(), checksums: new NativeChecksums() };
  const publication = new Publication({
    place: { journal: { ...parts, directory: journal }, snapshots },
    ...{ streams, clock: new SystemClock(), released: new ReleasedPosition(released) },
    peer: { host, port, key: signerOf(key) },
    onGap: (gap) => say({ kind: "gap", gap }),
    onBegun: (position) => say({ kind: "begun", position }),
    onLost: ({ code, message }) => say({ kind: "lost", code, why: message }),
  });
  parentPort?.once("message", () => publication.stop());
  const ticker = setInterval(() => say({ kind: "published", position: publication.position }), TELL_MS);
  await publication.run().finally(() => clearInterval(ticker));
}

// Those who trade are served first, and so is the tape, whose client this is.
letOthersGoFirst();
// The port is what keeps the thread alive.
run().finally(() => parentPort?.close());
