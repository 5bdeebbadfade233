// The thread that writes a recording: so that a slow disk holds up the disk and not the feed. It is given blocks in shared memory by
// message, writes each as one frame, syncs it and gives it back.
//
//   this thread                  the recorder's thread
//   opened        ->
//                 <-             block ...
//   written       ->
//                 <-             close
//   closed or failed ->          the last word

import { parentPort, workerData } from "node:worker_threads";
import { SeriatimError } from "../../base/index.ts";
import { type FilledBlock, openRecordingLog, RecordingWriter } from "../../feed/index.ts";
import { NativeChecksums, NodeStorage } from "../../platform/index.ts";

export interface RecordingWorkerData {
  readonly directory: string;
  readonly blocks: readonly SharedArrayBuffer[];
}

/** A block to write; without one: everything is written, close. */
export interface RecordingWorkerRequest {
  readonly block: FilledBlock | undefined;
}

export type RecordingWorkerMessage =
  | { readonly kind: "opened" }
  | { readonly kind: "written"; readonly index: number }
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly exitCode: 1 | 2 };

const { directory, blocks } = workerData as RecordingWorkerData;
const memory = blocks.map((shared) => new Uint8Array(shared));

function say(message: RecordingWorkerMessage): void {
  parentPort?.postMessage(message);
}

/** The last word: nothing is taken any more. */
function fail(error: unknown): void {
  const known = error instanceof SeriatimError;
  const code = known ? error.code : "RECORDING_FAILED";
  say({
    kind: "failed",
    code,
    message: String((error as Error).message),
    exitCode: known ? error.exitCode : 1,
  });
  parentPort?.close();
}

function guarded(work: () => void): void {
  try {
    work();
  } catch (error) {
    fail(error);
  }
}

guarded(() => {
  const place = { storage: new NodeStorage(), checksums: new NativeChecksums(), directory };
  const writer = new RecordingWriter(openRecordingLog(place));
  parentPort?.on("message", ({ block }: RecordingWorkerRequest) =>
    guarded(() => {
      if (block === undefined) {
        writer.close();
        say({ kind: "closed" });
        parentPort?.close();
        return;
      }
      writer.write(
        memory[block.index].subarray(0, block.bytes),
        block.count,
        block.last_us,
        block.beginsTake,
      );
      say({ kind: "written", index: block.index });
      writer.prepare();
    }),
  );
  say({ kind: "opened" });
});
