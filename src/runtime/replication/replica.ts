// An application that follows a primary: the node's side of replica-worker.ts. Its state is the primary's, a moment
// later, and its journal the same files.

import { Worker } from "node:worker_threads";
import { type Application, RecordBuffer, SeriatimError } from "../../base/index.ts";
import { entryBeside } from "../../platform/index.ts";
import { COMMAND_BYTES, COMMAND_WORDS, EVENT_WORDS } from "../../protocol/index.ts";
import { createRing, type Ring, RingConsumer } from "../../ring/index.ts";
import type { DataDirectory } from "../data-directory.ts";
import { FirstFailure } from "../first-failure.ts";
import { within } from "../within.ts";
import type { ReplicaWorkerData, ReplicaWorkerMessage } from "./replica-worker.ts";

/** Records on their way to the application: 5 MiB. Beyond it the thread, and so the primary's line, waits. */
const RECORDS_MAX = 65_536;
/** Applied between two looks at the event loop. */
const RECORDS_PER_TURN = 4_096;
/** Events nobody waits for, thrown away by the thousand. */
const DISCARDED_EVENTS = 1_024;
/** For making the last frames safe and closing the files; a disk that needs longer hangs. */
const CLOSE_MS = 10_000;

export interface ReplicaOptions extends Omit<ReplicaWorkerData, "records" | "directory" | "snapshots"> {
  /** A new one, which has applied nothing yet: at the start, and when the history turned out to be another one. */
  readonly application: () => Application;
  /** Locked by openDataDirectory; the replica gives the lock back. */
  readonly directory: DataDirectory;
  /** Told in one line of what happens to the connection. */
  readonly news: (line: string) => void;
}

export class Replica {
  /** Resolves with what stopped it, if anything ever does. */
  readonly failed: Promise<SeriatimError>;
  /** The last position applied. */
  position = 0;
  /** Whether it follows a primary now. */
  isFollowing = false;
  readonly #options: ReplicaOptions;
  #worker: Worker;
  #records: RingConsumer;
  #exited: Promise<void>;
  readonly #failure = new FirstFailure();
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.failed = this.#failure.happened;
    const ring = createRing({ recordBytes: COMMAND_BYTES, capacity: RECORDS_MAX });
    this.#records = new RingConsumer(ring);
    this.#worker = this.#startWorker(ring);
    this.#exited = this.#watch(this.#worker);
    void this.#apply(this.#records, ring.words);
  }

  #startWorker({ shared }: Ring): Worker {
    const { primary, keys, ownKey, rules, segmentBytes, directory } = this.#options;
    const where = { directory: directory.journal, snapshots: directory.snapshots, records: shared };
    const workerData: ReplicaWorkerData = { primary, keys, ownKey, rules, segmentBytes, ...where };
    return new Worker(entryBeside(import.meta.url, "replica-worker"), { name: "replica", workerData });
  }

  /** Resolves when the thread is gone; without a last word it has failed. */
  #watch(worker: Worker): Promise<void> {
    let hasSaidLast = false;
    worker.on("message", (message: ReplicaWorkerMessage) => {
      hasSaidLast ||= message.kind === "closed" || message.kind === "diverged";
      this.#hear(message);
    });
    worker.on("error", (error) => this.#fail("REPLICA_THREAD_DIED", String(error)));
    return new Promise((resolve) => {
      worker.once("exit", (code) => {
        if (!hasSaidLast) this.#fail("REPLICA_THREAD_DIED", `the replica's thread ended: exit code ${code}`);
        resolve();
      });
    });
  }

  /** With nothing: what it had is set aside, and everything comes from the primary. */
  async #beginAnew(aside: string): Promise<void> {
    this.#options.news(
      `this history was not the primary's: its files are in ${aside} now, and everything is fetched anew`,
    );
    this.#records.fail();
    await this.#exited;
    if (this.#isStopping) return;
    const ring = createRing({ recordBytes: COMMAND_BYTES, capacity: RECORDS_MAX });
    this.position = 0;
    this.#records = new RingConsumer(ring);
    this.#worker = this.#startWorker(ring);
    this.#exited = this.#watch(this.#worker);
    void this.#apply(this.#records, ring.words);
  }

  #hear(message: ReplicaWorkerMessage): void {
    const { news } = this.#options;
    switch (message.kind) {
      case "opened":
        if (message.cut_bytes > 0) news(`the journal's end was torn: ${message.finding}`);
        return news(`the journal is open, up to position ${message.position}`);
      case "following":
        this.isFollowing = true;
        return news(
          `follows ${message.primary} in epoch ${message.epoch}, from position ${message.position} on`,
        );
      case "lost":
        // Said once, not at every try.
        if (this.isFollowing) news(`the connection to the primary ended: ${message.how}`);
        this.isFollowing = false;
        return;
      case "diverged":
        void this.#beginAnew(message.aside);
        return;
      case "closed":
        return;
      case "failed":
        return this.#fail(message.code, message.message, message.exitCode);
    }
  }

  #fail(code: string, message: string, exitCode: 1 | 2 = 1): void {
    this.isFollowing = false;
    this.#records.fail();
    this.#failure.set(new SeriatimError(code, message, { exitCode }));
  }

  /** Until `records` end, or are given up for new ones. */
  async #apply(records: RingConsumer, words: Int32Array): Promise<void> {
    const application = this.#options.application();
    const discarded = new RecordBuffer(EVENT_WORDS, DISCARDED_EVENTS, () => {});
    while (this.#failure.error === undefined && this.#records === records && !records.ended()) {
      const count = records.available(RECORDS_PER_TURN);
      if (count === 0) {
        await records.whenRecords();
        continue;
      }
      const at = records.offset();
      try {
        for (let i = 0; i < count; i++) application.apply(words, at + i * COMMAND_WORDS, discarded);
      } catch (error) {
        const what = `the log can't be applied by this version from position ${this.position + 1} on`;
        return this.#fail("LOG_UNKNOWN", `${what}: ${String(error)}`);
      }
      records.release(count);
      this.position += count;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Orderly; rejects, when all is closed, with what failed. Called again it gives the same answer. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    this.#worker.postMessage("stop");
    if (!(await within(this.#exited, CLOSE_MS))) {
      this.#fail(
        "REPLICA_THREAD_DIED",
        `the replica's thread has not closed the journal within ${CLOSE_MS / 1e3} s`,
      );
      await this.#worker.terminate();
    }
    await this.#options.directory.lock.release();
    this.#failure.orThrow();
  }
}
