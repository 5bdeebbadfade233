// The journal on a thread of its own: the node's side of journal-worker.ts.

import { Worker } from "node:worker_threads";
import { SeriatimError } from "../base/index.ts";
import type { RecordVisitor } from "../journal/index.ts";
import { COMMAND_BYTES } from "../protocol/index.ts";
import { createRing, RingConsumer } from "../ring/index.ts";
import type { NodeJournalOptions } from "./journal-open.ts";
import type { JournalStage, Recovered } from "./journal-stage.ts";
import type { JournalWorkerData, JournalWorkerMessage } from "./journal-worker.ts";
import { workerEntry } from "./worker-entry.ts";

/** Records on their way from the disk to the engine: 1.3 MB, so that reading ahead covers checking a frame. */
const RECOVERY_RING_RECORDS = 16_384;
/** Records applied between two looks at the event loop: some milliseconds of work. */
const RECORDS_PER_TURN = 16_384;

export class JournalThread implements JournalStage {
  readonly batches = true;
  readonly failed: Promise<SeriatimError>;
  readonly #worker: Worker;
  readonly #recovering: Promise<Recovered>;
  readonly #exited: Promise<void>;
  readonly #ring = createRing({ recordBytes: COMMAND_BYTES, capacity: RECOVERY_RING_RECORDS });
  #isRunning = false;

  constructor(options: NodeJournalOptions, wait: "block" | "spin") {
    const workerData: JournalWorkerData = { ...options, wait, recoveryRing: this.#ring.shared };
    this.#worker = new Worker(workerEntry("journal-worker"), { name: "journal", workerData });
    this.failed = new Promise((resolve) => {
      this.#worker.on("message", (message: JournalWorkerMessage) => {
        if (message.kind !== "failed") return;
        resolve(new SeriatimError(message.code, message.message, { exitCode: message.exitCode }));
      });
      this.#worker.on("error", (error) => resolve(threadDied(String(error))));
      this.#worker.on("exit", (code) => {
        if (code !== 0) resolve(threadDied(`exit code ${code}`));
      });
    });
    this.#exited = new Promise((resolve) => this.#worker.once("exit", () => resolve()));
    this.#recovering = new Promise((resolve) => {
      this.#worker.on("message", (message: JournalWorkerMessage) => {
        if (message.kind === "recovered") resolve(message.recovered);
      });
    });
  }

  async recover(visit: RecordVisitor): Promise<Recovered> {
    const consumer = new RingConsumer(this.#ring);
    let position = 1;
    while (!consumer.ended()) {
      const count = consumer.available(RECORDS_PER_TURN);
      if (count === 0) {
        consumer.waitForRecords(1);
      } else {
        visit(this.#ring.words, consumer.offset(), count, position);
        consumer.release(count);
        position += count;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    return Promise.race([
      this.#recovering,
      this.failed.then((error) => {
        throw error;
      }),
    ]);
  }

  run(ring: SharedArrayBuffer): void {
    this.#isRunning = true;
    this.#worker.postMessage(ring);
  }

  /** Nothing: the ring's publish has woken the thread. */
  published(): void {}

  async stop(): Promise<void> {
    if (!this.#isRunning) this.#worker.postMessage("stop");
    await this.#exited;
  }
}

function threadDied(how: string): SeriatimError {
  return new SeriatimError("JOURNAL_THREAD_DIED", `the journal's thread ended: ${how}`);
}
