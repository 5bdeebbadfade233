// The shadow's own thread: takes one snapshot, says what became of it, and ends. Others go first where cores are few.

import { parentPort, workerData } from "node:worker_threads";
import { SeriatimError } from "../base/index.ts";
import { letOthersGoFirst, restNowAndThen } from "../platform/index.ts";
import type { SnapshotTaken } from "../runtime/index.ts";
import { type ShadowPlace, type SnapshotSubject, takeExchangeSnapshot } from "./shadow.ts";

export interface ShadowWorkerData extends ShadowPlace {
  readonly of: SnapshotSubject;
}

export type ShadowWorkerMessage =
  | { readonly kind: "taken"; readonly snapshot: SnapshotTaken }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

function take(): ShadowWorkerMessage {
  const data = workerData as ShadowWorkerData;
  try {
    return { kind: "taken", snapshot: takeExchangeSnapshot(data, data.of, { rest: restNowAndThen() }) };
  } catch (error) {
    const code = error instanceof SeriatimError ? error.code : "BUG";
    return { kind: "failed", code, message: error instanceof Error ? error.message : String(error) };
  }
}

letOthersGoFirst();
parentPort?.postMessage(take());
