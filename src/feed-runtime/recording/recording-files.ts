// The recorder's side of the thread that writes: the buffer, the lock of the directory, and one word when it can't go on.

import { Worker } from "node:worker_threads";
import { SeriatimError, type Storage } from "../../base/index.ts";
import { type FilledBlock, RECORDING_LIMITS, RecordingBuffer } from "../../feed/index.ts";
import {
  acquireDirectoryLock,
  asGivenPathError,
  type DirectoryLock,
  endThread,
  entryBeside,
} from "../../platform/index.ts";
import { FRAME_HEADER_BYTES } from "../../segment/index.ts";
import { refuseForeign } from "./directory.ts";
import type {
  RecordingWorkerData,
  RecordingWorkerMessage,
  RecordingWorkerRequest,
} from "./recording-worker.ts";

/** Blocks of a mebibyte that wait for the disk: of a feed of 100 MB/s it may be away for a sixth of a second. */
const BLOCKS = 16;
/** What one read of a socket gives at most: Node's own bound. */
const READ_BYTES = 64 * 1024;
/** A disk that hangs keeps nobody from ending: then the thread is broken off, and what waits is lost. */
const CLOSE_MS = 10_000;

/** Of this run alone: takes that were there before are not counted. */
export interface WrittenFigures {
  readonly takes: number;
  /** The feed's own, as `feed inspect` counts them. */
  readonly bytes: number;
}

export class RecordingFiles {
  readonly buffer: RecordingBuffer;
  readonly #lock: DirectoryLock;
  readonly #worker: Worker;
  readonly #changed: () => void;
  readonly #opened = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<SeriatimError | undefined>();
  #waiting = 0;
  /** Nothing is appended any more but from `changed`. */
  #isClosing = false;
  /** By index: what the disk was given last in each block. */
  readonly #given: FilledBlock[] = [];
  #takes = 0;
  #dataBytes = 0;

  /** Throws DIRECTORY_IN_USE, FOREIGN_DIRECTORY, LOG_CORRUPT, or what the disk says. `changed`: a block is written, or it failed. */
  static async open(storage: Storage, directory: string, changed: () => void): Promise<RecordingFiles> {
    try {
      storage.makeDirectory(directory);
    } catch (error) {
      throw asGivenPathError(error, "use the directory", directory);
    }
    refuseForeign(storage, directory);
    const files = new RecordingFiles(directory, await acquireDirectoryLock(directory), changed);
    try {
      await files.#opened.promise;
      return files;
    } catch (error) {
      await files.close();
      throw error;
    }
  }

  private constructor(directory: string, lock: DirectoryLock, changed: () => void) {
    this.#lock = lock;
    this.#changed = changed;
    const bytes = RECORDING_LIMITS.frameBytesMax - FRAME_HEADER_BYTES;
    const blocks = Array.from({ length: BLOCKS }, () => new SharedArrayBuffer(bytes));
    this.buffer = new RecordingBuffer(
      blocks.map((shared) => new Uint8Array(shared)),
      READ_BYTES,
    );
    const workerData: RecordingWorkerData = { directory, blocks };
    this.#worker = new Worker(entryBeside(import.meta.url, "recording-worker"), { workerData });
    this.#worker.on("message", (message: RecordingWorkerMessage) => this.#heard(message));
    this.#worker.on("error", (error) =>
      this.#fail("RECORDING_FAILED", `the recording failed: ${error.message}`),
    );
    this.#worker.on("exit", () => this.#fail("RECORDING_FAILED", "the recording's thread ended"));
    lock.keepUntil(new Promise((resolve) => this.#worker.once("exit", () => resolve())));
  }

  /** Resolves when nothing is written any more: undefined after `close`, else why. Never rejects. */
  get over(): Promise<SeriatimError | undefined> {
    return this.#over.promise;
  }

  /** What is on the disk, and stays there whatever fails later. */
  get written(): WrittenFigures {
    return { takes: this.#takes, bytes: this.#dataBytes };
  }

  /** Hands what is full to the disk; with `whenPartial` also what is not, unless the disk has enough to do. */
  write(whenPartial: boolean): void {
    for (;;) {
      const block = this.buffer.take(whenPartial && this.#waiting === 0);
      if (block === undefined) return;
      this.#give(block);
    }
  }

  #give(block: FilledBlock): void {
    this.#waiting++;
    this.#given[block.index] = block;
    this.#worker.postMessage({ block } satisfies RecordingWorkerRequest);
  }

  /** Writes everything, what `changed` still appends too, closes the files, and gives the directory back. Resolves within 10 s, with why not all was written. */
  async close(): Promise<SeriatimError | undefined> {
    this.#isClosing = true;
    this.#finish();
    const hangs = "the disk did not take the recording's end within 10 s";
    const deadline = setTimeout(() => this.#fail("RECORDING_FAILED", hangs), CLOSE_MS);
    const failure = await this.over;
    clearTimeout(deadline);
    await endThread(this.#worker);
    await this.#lock.release();
    return failure;
  }

  /** Closes the files when nothing is left to write: what found no room may follow a block that is written. */
  #finish(): void {
    for (let block = this.buffer.take(true); block !== undefined; block = this.buffer.take(true)) {
      this.#give(block);
    }
    if (this.#waiting === 0) this.#worker.postMessage({ block: undefined } satisfies RecordingWorkerRequest);
  }

  #heard(message: RecordingWorkerMessage): void {
    if (message.kind === "opened") this.#opened.resolve();
    else if (message.kind === "closed") this.#over.resolve(undefined);
    else if (message.kind === "failed") this.#fail(message.code, message.message, message.exitCode);
    else {
      const { dataBytes, beginsTake } = this.#given[message.index];
      this.#dataBytes += dataBytes;
      if (beginsTake) this.#takes++;
      this.#waiting--;
      this.buffer.giveBack(message.index);
      this.#changed();
      if (this.#isClosing) this.#finish();
    }
  }

  #fail(code: string, message: string, exitCode: 1 | 2 = 1): void {
    const error = new SeriatimError(code, message, { exitCode });
    this.#opened.reject(error);
    this.#over.resolve(error);
  }
}
