// The storage thread as the broker's loop sees it: the catalog's topics and groups, reads into delivery buffers, and one word when
// it can't go on. However the thread ends, without having said that it closed its files it has failed.

import { Worker } from "node:worker_threads";
import { type Clock, powerOfTwoAtLeast, SeriatimError } from "../../base/index.ts";
import { type DirectoryLock, endThread, entryBeside, THREAD_END_MS, within } from "../../platform/index.ts";
import { createRing } from "../../ring/index.ts";
import {
  type CatalogChange,
  CatalogState,
  type CatalogStore,
  DELIVERY_BUFFER_BYTES,
  GroupOffsets,
  READ_RECORD_BYTES,
  ReadRequests,
  type ReadsListener,
  STORE_CLOSED,
  TopicDirectory,
} from "../../tape/index.ts";
import type { StorageWorkerData, StorageWorkerMessage, StorageWorkerRequest } from "./storage-worker.ts";

/** For closing in order: a disk that hangs keeps nobody from ending. */
const IN_ORDER_MS = 10_000;
/** The longest that close() takes. */
export const STORAGE_CLOSE_MS = IN_ORDER_MS + THREAD_END_MS;
/** Requests on their way: more than there are buffers, so that those who look for a time find room too. */
const REQUESTS_MIN = 1_024;

export interface StorageStageOptions {
  /** The tape's data directory, locked by the caller. */
  readonly directory: string;
  /** Kept while its thread has not ended. */
  readonly lock?: Pick<DirectoryLock, "keepUntil">;
  /** Delivery buffers, each of DELIVERY_BUFFER_BYTES. */
  readonly deliveryBuffers: number;
  readonly clock: Clock;
  /** Told at each read that meets damage, with file and offset, or a disk that gives nothing: it ends who reads there, and nobody else. And of a catalog whose end was cut. */
  readonly onDamage: (error: SeriatimError) => void;
}

interface Asked {
  resolve(): void;
  reject(error: SeriatimError): void;
}

export class StorageStage implements CatalogStore {
  readonly deliveryBuffers: readonly SharedArrayBuffer[];
  readonly reads: ReadRequests;
  readonly topics: TopicDirectory;
  readonly offsets: GroupOffsets;
  readonly #catalog = new CatalogState();
  readonly #worker: Worker;
  readonly #opened = Promise.withResolvers<void>();
  readonly #onDamage: (error: SeriatimError) => void;
  readonly #over = Promise.withResolvers<SeriatimError | undefined>();
  /** By the number that the answer comes back with. */
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;
  /** Why nothing is taken any more. */
  #ended: SeriatimError | undefined;

  /** Throws LOG_CORRUPT, FOREIGN_DIRECTORY, TOPICS_UNKNOWN, or what the disk says; then nothing stays open. */
  static async open(options: StorageStageOptions): Promise<StorageStage> {
    const stage = new StorageStage(options);
    try {
      await stage.#opened.promise;
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  private constructor({ directory, lock, deliveryBuffers, clock, onDamage }: StorageStageOptions) {
    this.#onDamage = onDamage;
    this.deliveryBuffers = Array.from({ length: deliveryBuffers }, prefaulted);
    const capacity = powerOfTwoAtLeast(Math.max(REQUESTS_MIN, 2 * deliveryBuffers));
    const [requests, results] = [0, 1].map(() => createRing({ recordBytes: READ_RECORD_BYTES, capacity }));
    this.reads = new ReadRequests(requests, results);
    this.topics = new TopicDirectory(this.#catalog, this, () => clock.wallMicros());
    this.offsets = new GroupOffsets(this.#catalog, this);
    const workerData: StorageWorkerData = {
      ...{ directory, buffers: this.deliveryBuffers },
      ...{ requests: requests.shared, results: results.shared },
    };
    this.#worker = new Worker(entryBeside(import.meta.url, "storage-worker"), {
      name: "storage",
      workerData,
    });
    this.#worker.on("message", (message: StorageWorkerMessage) => this.#heard(message));
    this.#worker.on("error", (error) => this.#fail(died(error.message)));
    this.#worker.on("exit", () => this.#fail(died("without a word")));
    lock?.keepUntil(new Promise((resolve) => this.#worker.once("exit", () => resolve())));
  }

  /** Resolves when it does nothing any more: undefined after `close`, else why. Never rejects. */
  get over(): Promise<SeriatimError | undefined> {
    return this.#over.promise;
  }

  /** Hands results to who asked, for as long as the thread runs. */
  async deliverTo(listener: ReadsListener): Promise<void> {
    while (this.#ended === undefined) {
      await this.reads.whenResults();
      if (this.#ended === undefined) this.reads.takeResults(listener);
    }
  }

  write(changes: readonly CatalogChange[]): Promise<void> {
    return this.#ask((id) => ({ kind: "write", id, changes }));
  }

  /** Removes the files of a topic that is gone from the catalog and that nobody writes. */
  removeTopic(topic: number): Promise<void> {
    return this.#ask((id) => ({ kind: "remove", id, topic }));
  }

  /** Makes what groups have committed durable, and closes the files. Resolves within STORAGE_CLOSE_MS, with why not all was done. */
  async close(): Promise<SeriatimError | undefined> {
    if (!(await within(this.#closeInOrder(), IN_ORDER_MS))) this.#fail(died("its disk hangs"));
    await endThread(this.#worker);
    return this.over;
  }

  async #closeInOrder(): Promise<void> {
    await Promise.race([this.offsets.settle(), this.over]);
    this.#worker.postMessage({ kind: "close" } satisfies StorageWorkerRequest);
    await this.over;
  }

  #ask(request: (id: number) => StorageWorkerRequest): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#worker.postMessage(request(id));
    });
  }

  #heard(message: StorageWorkerMessage): void {
    switch (message.kind) {
      case "opened":
        for (const change of message.changes) this.#catalog.apply(change);
        // As of a topic's: what is torn can't be told from what rotted.
        if (message.cut !== undefined)
          this.#onDamage(
            new SeriatimError("CATALOG_CUT", `the list of topics: its end was cut: ${message.cut}`),
          );
        return this.#opened.resolve();
      case "done":
        return this.#answered(message.id)?.resolve();
      case "refused":
        return this.#answered(message.id)?.reject(new SeriatimError(message.code, message.message));
      case "damaged": {
        const { name = `${message.topic}` } = this.topics.at(message.topic) ?? {};
        return this.#onDamage(new SeriatimError(message.code, `topic ${name}: ${message.message}`));
      }
      case "closed":
        return this.#end(undefined);
      case "failed": {
        const { code, message: line, exitCode } = message;
        return this.#fail(new SeriatimError(code, line, { exitCode }));
      }
    }
  }

  #answered(id: number): Asked | undefined {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    return asked;
  }

  #fail(error: SeriatimError): void {
    this.#end(error);
  }

  #end(failure: SeriatimError | undefined): void {
    if (this.#ended !== undefined) return;
    this.#ended = failure ?? new SeriatimError(STORE_CLOSED, "the tape's storage is closed");
    this.reads.end();
    this.#opened.reject(this.#ended);
    this.#over.resolve(failure);
    for (const { reject } of this.#asked.values()) reject(this.#ended);
    this.#asked.clear();
  }
}

/** Each page is written once, so that no delivery pays for its first touch. */
function prefaulted(): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(DELIVERY_BUFFER_BYTES);
  new Uint8Array(shared).fill(0);
  return shared;
}

function died(how: string): SeriatimError {
  return new SeriatimError("STORAGE_THREAD_DIED", `the tape's storage thread ended: ${how}`);
}
