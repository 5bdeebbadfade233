// A commit worker on a thread of its own: the event loop's side of commit-worker.ts, and its supervisor. However the thread
// ends, without having said that it closed the logs it has failed.

import { Worker } from "node:worker_threads";
import { SeriatimError } from "../../base/index.ts";
import { entryBeside, FirstFailure, within } from "../../platform/index.ts";
import { RingConsumer } from "../../ring/index.ts";
import type { CommitCommandWriter, CommitCounts } from "../../tape/index.ts";
import {
  CommitLine,
  type CommitListener,
  type CommitStage,
  type CommitStageOptions,
} from "./commit-stage.ts";
import type { CommitThreadData, CommitWorkerMessage } from "./commit-worker.ts";
import { WriteBehindHelper } from "./write-behind-helper.ts";

/** For writing what the ring holds and closing the logs; a disk that needs longer hangs. */
export const COMMIT_CLOSE_MS = 10_000;

export class CommitThread implements CommitStage {
  readonly #line: CommitLine;
  readonly #listener: CommitListener;
  readonly #worker: Worker;
  readonly #helper: WriteBehindHelper;
  readonly #over: Promise<unknown>;
  readonly #failure = new FirstFailure();
  #hasClosed = false;
  #closing: Promise<void> | undefined;

  constructor(options: CommitStageOptions, listener: CommitListener) {
    this.#listener = listener;
    this.#line = new CommitLine(options, listener);
    const { directory, lock, buffers, topicLimits, orderingLimits } = options;
    const { commandRing, resultRing, figures } = this.#line;
    const rings = { commandRing: commandRing.shared, resultRing: resultRing.shared };
    this.#helper = new WriteBehindHelper((how) => this.#fail(threadDied(how)));
    const workerData: CommitThreadData = {
      ...{ directory, buffers, topicLimits, orderingLimits, figures, writeBehind: this.#helper.shared },
      ...rings,
    };
    const entry = entryBeside(import.meta.url, "commit-worker");
    // Its helper closes descriptors that it opened: tracked, its end would close their numbers again, which are others' files by then.
    this.#worker = new Worker(entry, { name: "commit", workerData, trackUnmanagedFds: false });
    this.#worker.on("message", (message: CommitWorkerMessage) => this.#hear(message));
    this.#worker.on("error", (error) => this.#fail(threadDied(String(error))));
    const exited = new Promise<void>((resolve) => {
      // The last messages have been delivered by then.
      this.#worker.once("exit", (code) => {
        if (!this.#hasClosed) this.#fail(threadDied(`exit code ${code}`));
        this.#helper.stop().then(resolve);
      });
    });
    lock?.keepUntil(exited);
    this.#over = Promise.all([exited, Promise.race([this.#drainAll(), this.failed])]);
  }

  get commands(): CommitCommandWriter {
    return this.#line.commands;
  }
  get hasRoom(): boolean {
    return this.#line.hasRoom;
  }
  get queued(): number {
    return this.#line.queued;
  }
  get failed(): Promise<SeriatimError> {
    return this.#failure.happened;
  }

  figures(): CommitCounts {
    return this.#line.counts();
  }

  publish(): void {
    this.#line.producer.publish();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#line.producer.close();
    if (!(await within(this.#over, COMMIT_CLOSE_MS))) {
      this.#fail(threadDied(`it has not closed the logs within ${COMMIT_CLOSE_MS / 1e3} s`));
      // Neither keeps anybody from ending.
      this.#worker.unref();
      this.#helper.unref();
    }
    this.#failure.orThrow();
  }

  /** Once per turn of the event loop, what is there; until the worker has said its last. */
  async #drainAll(): Promise<void> {
    const { consumer } = this.#line;
    while (!consumer.ended()) {
      await consumer.whenRecords();
      this.#line.drain();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #hear(message: CommitWorkerMessage): void {
    switch (message.kind) {
      case "notice": {
        const { topic, code, message: line } = message;
        return this.#listener.notice(topic, new SeriatimError(code, line));
      }
      case "closed":
        this.#hasClosed = true;
        return;
      case "failed": {
        const { code, message: line, exitCode } = message;
        return this.#fail(new SeriatimError(code, line, { exitCode }));
      }
    }
  }

  #fail(error: SeriatimError): void {
    // A thread that died could not do so itself.
    new RingConsumer(this.#line.commandRing).fail();
    this.#failure.set(error);
  }
}

function threadDied(how: string): SeriatimError {
  return new SeriatimError("COMMIT_THREAD_DIED", `a commit worker's thread ended: ${how}`);
}
