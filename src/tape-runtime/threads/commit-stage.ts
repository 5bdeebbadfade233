// The event loop's side of one commit worker: commands in, results out, over two rings. The worker runs on a thread of its own
// (commit-thread.ts) or, in tests, on this one; both say the same in the same order.

import { powerOfTwoAtLeast, type SeriatimError } from "../../base/index.ts";
import type { DirectoryLock } from "../../platform/index.ts";
import { createRing, type Ring, RingConsumer, RingProducer } from "../../ring/index.ts";
import {
  COMMIT_FIGURES_BYTES,
  COMMIT_RECORD_BYTES,
  CommitCommandWriter,
  type CommitCounts,
  type CommitResult,
  emptyResult,
  type OrderingLimits,
  readCommitFigures,
  readResult,
  resultsNeeded,
  type TopicLimits,
} from "../../tape/index.ts";

/** Commands that wait for a worker: 256 KiB of them. Parts are fewer than staging has room for. */
const COMMANDS = 4_096;
/** Of the ring: so much of it is free again before those who waited for room are read. */
const ROOM_SHARE = 4;

export interface CommitStageOptions {
  /** The tape's data directory. */
  readonly directory: string;
  /** Kept while a thread of the stage has not ended. */
  readonly lock?: Pick<DirectoryLock, "keepUntil">;
  /** Staging, by number. */
  readonly buffers: readonly SharedArrayBuffer[];
  /** Connections of publishers there may be at once. */
  readonly connectionsMax: number;
  /** Topics there may be. */
  readonly topicsMax: number;
  readonly topicLimits: TopicLimits;
  readonly orderingLimits: OrderingLimits;
  /** Places in the ring of commands, a power of two: 4,096 when left out. */
  readonly commandsMax?: number;
}

export interface CommitListener {
  /** One result; the object is lent for the call. */
  result(result: CommitResult): void;
  /** All results that were there have been told: once per turn of the event loop that had any. */
  drained(): void;
  /** A topic's log could not be opened, or takes nothing more: `error` says why, for the log of the process. */
  notice(topic: number, error: SeriatimError): void;
}

export interface CommitStage {
  /** Writes commands; the worker sees them at the next publish(). */
  readonly commands: CommitCommandWriter;
  /** Once per turn of the event loop that gave commands. */
  publish(): void;
  /** A quarter of the ring of commands is free: who waited for room is worth reading again. */
  readonly hasRoom: boolean;
  /** Commands that the worker has not taken. */
  readonly queued: number;
  /** What the worker has done since it began. */
  figures(): CommitCounts;
  /** Resolves when it has failed (a disk that is more than full, a thread that died): nothing more is committed. */
  readonly failed: Promise<SeriatimError>;
  /** Takes what was given, makes everything safe and closes the logs; within 10 s. Rejects with what failed. */
  close(): Promise<void>;
}

/** The two rings and the figures of one worker, and this side of them. */
export class CommitLine {
  readonly commandRing: Ring;
  readonly resultRing: Ring;
  readonly figures = new SharedArrayBuffer(COMMIT_FIGURES_BYTES);
  readonly commands: CommitCommandWriter;
  readonly producer: RingProducer;
  readonly consumer: RingConsumer;
  readonly #listener: CommitListener;
  readonly #view: DataView;
  readonly #result = emptyResult();

  constructor({ connectionsMax, topicsMax, commandsMax }: CommitStageOptions, listener: CommitListener) {
    this.#listener = listener;
    const results = powerOfTwoAtLeast(resultsNeeded(connectionsMax, topicsMax));
    this.commandRing = createRing({ recordBytes: COMMIT_RECORD_BYTES, capacity: commandsMax ?? COMMANDS });
    this.resultRing = createRing({ recordBytes: COMMIT_RECORD_BYTES, capacity: results });
    this.producer = new RingProducer(this.commandRing);
    this.consumer = new RingConsumer(this.resultRing);
    this.commands = new CommitCommandWriter(this.commandRing, this.producer);
    const { bytes } = this.resultRing;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get hasRoom(): boolean {
    return this.producer.free() * ROOM_SHARE >= this.commandRing.capacity;
  }
  get queued(): number {
    return this.commandRing.capacity - this.producer.free();
  }

  counts(): CommitCounts {
    return readCommitFigures(this.figures);
  }

  /** Tells the results that are there; returns how many there were. */
  drain(): number {
    let told = 0;
    for (let count = this.consumer.available(); count > 0; count = this.consumer.available()) {
      for (let i = 0; i < count; i++) {
        readResult(this.#view, this.consumer.offset() * 4, this.#result);
        // Before it is told: a listener that fails has had it.
        this.consumer.release(1);
        this.#listener.result(this.#result);
      }
      told += count;
    }
    if (told > 0) this.#listener.drained();
    return told;
  }
}
