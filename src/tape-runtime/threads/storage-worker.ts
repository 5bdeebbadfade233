// The storage thread of a broker: it owns the catalog's log and reads topics' logs for subscribers, so that neither a cold file
// nor a sync of the catalog holds up the loop that serves sockets. It lives on an event loop of its own.
//
//   this thread                          the broker's loop
//   opened (all of the catalog)  ->
//                                <-      requests, by ring: read into a delivery buffer, find a time
//   results, by ring             ->
//                                <-      write changes of the catalog; remove a topic's files; close
//   done or refused              ->
//   damaged                      ->      a topic's log can't be read, and where
//   closed or failed             ->      the last word; a thread that ends without one has failed

import { rmSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { SeriatimError } from "../../base/index.ts";
import { NativeChecksums, NodeStorage, SystemClock } from "../../platform/index.ts";
import { tapeMemory } from "../../protocol/index.ts";
import { Ring } from "../../ring/index.ts";
import {
  type CatalogChange,
  CatalogKeeper,
  ReadAnswers,
  TopicReader,
  TopicReads,
  topicDirectory,
} from "../../tape/index.ts";
import { strayTopics } from "./stray-topics.ts";

export interface StorageWorkerData {
  /** The tape's data directory, locked by whoever started the thread. */
  readonly directory: string;
  readonly buffers: readonly SharedArrayBuffer[];
  readonly requests: SharedArrayBuffer;
  readonly results: SharedArrayBuffer;
}

export type StorageWorkerRequest =
  | { readonly kind: "write"; readonly id: number; readonly changes: readonly CatalogChange[] }
  | { readonly kind: "remove"; readonly id: number; readonly topic: number }
  | { readonly kind: "close" };

export type StorageWorkerMessage =
  /** `cut`: what of the catalog's end was. */
  | { readonly kind: "opened"; readonly changes: readonly CatalogChange[]; readonly cut: string | undefined }
  | { readonly kind: "done"; readonly id: number }
  /** It could not be done now, and may later. */
  | { readonly kind: "refused"; readonly id: number; readonly code: string; readonly message: string }
  | { readonly kind: "damaged"; readonly topic: number; readonly code: string; readonly message: string }
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly exitCode: 1 | 2 };

const data = workerData as StorageWorkerData;
const { directory } = data;
const place = { storage: new NodeStorage(), checksums: new NativeChecksums(), directory };

function say(message: StorageWorkerMessage): void {
  parentPort?.postMessage(message);
}

/** The last word: nothing is taken any more. */
function fail(error: unknown): void {
  const known = error instanceof SeriatimError;
  const message = known ? error.message : `this is a bug in the tape's storage: ${String(error)}`;
  say({ kind: "failed", code: known ? error.code : "BUG", message, exitCode: known ? error.exitCode : 1 });
  parentPort?.close();
}

let isClosed = false;

function removeTopic(topic: number): void {
  rmSync(topicDirectory(directory, topic), { recursive: true, force: true });
}

function open(): { catalog: CatalogKeeper; reads: TopicReads } {
  const catalog = new CatalogKeeper(place, new SystemClock());
  for (const topic of strayTopics(place.storage, directory, catalog.state)) removeTopic(topic);
  const reads = new TopicReads(
    data.buffers.map(tapeMemory),
    (topic) => new TopicReader({ ...place, directory: topicDirectory(directory, topic) }),
    (topic, { code, message }) => say({ kind: "damaged", topic, code, message }),
  );
  return { catalog, reads };
}

function carryOut(request: StorageWorkerRequest, catalog: CatalogKeeper, reads: TopicReads): void {
  if (request.kind === "close") {
    isClosed = true;
    reads.close();
    catalog.close();
    say({ kind: "closed" });
    parentPort?.close();
    return;
  }
  const { id } = request;
  if (request.kind === "remove") {
    reads.drop(request.topic);
    removeTopic(request.topic);
  } else {
    const refused = catalog.tryWrite(request.changes);
    if (refused !== undefined)
      return say({ kind: "refused", id, code: refused.code, message: refused.message });
  }
  say({ kind: "done", id });
}

/** A read for each turn of the loop, so that what comes by message waits for one at most. */
async function serve(answers: ReadAnswers): Promise<void> {
  while (!isClosed) {
    if (answers.doWork()) await new Promise(setImmediate);
    else await answers.whenRequests();
  }
}

try {
  const { catalog, reads } = open();
  parentPort?.on("message", (request: StorageWorkerRequest) => {
    try {
      carryOut(request, catalog, reads);
    } catch (error) {
      fail(error);
    }
  });
  say({ kind: "opened", changes: catalog.state.asChanges(), cut: catalog.cut });
  serve(new ReadAnswers(Ring.attach(data.requests), Ring.attach(data.results), reads)).catch(fail);
} catch (error) {
  fail(error);
}
