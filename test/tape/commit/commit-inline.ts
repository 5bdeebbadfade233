// A commit worker on the event loop's own thread, with storage and clock of the test's, and `turn` is a turn of its duty
// cycle. Nothing happens between two calls.

import { type Clock, SeriatimError, type Storage } from "../../../src/base/index.ts";
import { FirstFailure } from "../../../src/platform/index.ts";
import { OWN_EPOCH_MIN } from "../../../src/segment/index.ts";
import type { CommitCommandWriter, CommitCounts } from "../../../src/tape/index.ts";
import { type CommitWorker, commitWorkerOf } from "../../../src/tape-runtime/threads/commit-agent-of.ts";
import {
  CommitLine,
  type CommitListener,
  type CommitStage,
  type CommitStageOptions,
} from "../../../src/tape-runtime/threads/commit-stage.ts";

export class CommitInline implements CommitStage {
  readonly #line: CommitLine;
  readonly #worker: CommitWorker;
  readonly #failure = new FirstFailure();
  #closing: Promise<void> | undefined;

  constructor(options: CommitStageOptions, listener: CommitListener, storage: Storage, clock: Clock) {
    this.#line = new CommitLine(options, listener);
    const { commandRing, resultRing, figures } = this.#line;
    const { directory, buffers, topicLimits, orderingLimits } = options;
    const rings = { commandRing: commandRing.shared, resultRing: resultRing.shared, figures };
    const data = { directory, buffers, topicLimits, orderingLimits, ...rings };
    const notice = (topic: number, error: SeriatimError) => listener.notice(topic, error);
    // The same each time: so are the files.
    this.#worker = commitWorkerOf(data, storage, clock, notice, () => OWN_EPOCH_MIN);
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

  /** One turn of the worker, without telling its results; returns the commands taken. After a failure: none. */
  work(): number {
    if (this.#failure.error !== undefined) return 0;
    try {
      return this.#worker.agent.doWork();
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      this.#worker.consumer.fail();
      this.#failure.set(error);
      return 0;
    }
  }

  /** Tells the results that are there; returns how many. */
  drain(): number {
    return this.#line.drain();
  }

  /** Turns of the worker and of the loop until neither has anything to do. */
  turn(): void {
    this.publish();
    while (this.work() + this.drain() > 0) {}
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.turn();
    this.#line.producer.close();
    this.#worker.agent.onClose();
    this.#worker.producer.close();
    this.#failure.orThrow();
  }
}
