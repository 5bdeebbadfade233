// The journal on a thread of its own: the node's side of journal-worker.ts, and its supervisor. However the thread
// ends, without having said that it closed the files it has failed, and both rings learn of it (ring/ring.md).

import { Worker } from "node:worker_threads";
import { assert, LATENCY_COUNTS_BYTES, SeriatimError } from "../base/index.ts";
import type { RecordVisitor } from "../journal/index.ts";
import { entryBeside, FirstFailure, within } from "../platform/index.ts";
import { COMMAND_BYTES } from "../protocol/index.ts";
import { createRing, Ring, RingConsumer } from "../ring/index.ts";
import type { NodeJournalOptions } from "./journal-open.ts";
import { type JournalRequest, journalNotRunning, WaitingRequests } from "./journal-requests.ts";
import type { JournalStage, Recovered, ShortageListener } from "./journal-stage.ts";
import type { JournalThreadRequest, JournalWorkerData, JournalWorkerMessage } from "./journal-worker.ts";

/** Records on their way from the disk to the engine: 1.3 MB, so that reading ahead covers checking a frame. */
const RECOVERY_RING_RECORDS = 16_384;
/** Records applied between two looks at the event loop: some milliseconds of work. */
const RECORDS_PER_TURN = 16_384;
/** The longest a look at an empty recovery ring holds the event loop. */
const RECORDS_WAIT_MS = 1;
/** For writing what a full ring holds and closing the files; a disk that needs longer hangs. */
const CLOSE_MS = 10_000;

export class JournalThread implements JournalStage {
  readonly batches = true;
  readonly times = new SharedArrayBuffer(LATENCY_COUNTS_BYTES);
  readonly #worker: Worker;
  readonly ended: Promise<void>;
  readonly #ring = createRing({ recordBytes: COMMAND_BYTES, capacity: RECOVERY_RING_RECORDS });
  readonly #recovery = new RingConsumer(this.#ring);
  /** A view of the ring of commands, to fail it when the thread can't do so itself. */
  #commands: RingConsumer | undefined;
  readonly #failure = new FirstFailure();
  readonly #after: number;
  readonly #requests = new WaitingRequests();
  /** One word: requests sent so far. A thread that writes looks at it instead of its port. */
  readonly #asked = new Int32Array(new SharedArrayBuffer(4));
  #recovered: Recovered | undefined;
  #hasClosed = false;
  #onShortage: ShortageListener = () => {};
  #stopped: Promise<void> | undefined;

  constructor(options: NodeJournalOptions, wait: "block" | "spin") {
    const { directory, rules, mode, segmentBytes, genesis, from, live } = options;
    this.#after = from?.position ?? 0;
    const workerData: JournalWorkerData = {
      ...{ directory, rules, mode, segmentBytes, genesis, from, live, wait },
      recoveryRing: this.#ring.shared,
      times: this.times,
      asked: this.#asked,
    };
    this.#worker = new Worker(entryBeside(import.meta.url, "journal-worker"), {
      name: "journal",
      workerData,
    });
    this.#worker.on("message", (message: JournalWorkerMessage) => this.#hear(message));
    this.#worker.on("error", (error) => this.#fail(threadDied(String(error))));
    this.ended = new Promise((resolve) => {
      // The last messages have been delivered by then.
      this.#worker.once("exit", (code) => {
        if (!this.#hasClosed) this.#fail(threadDied(`exit code ${code}`));
        resolve();
      });
    });
  }

  get failed(): Promise<SeriatimError> {
    return this.#failure.happened;
  }

  #hear(message: JournalWorkerMessage): void {
    switch (message.kind) {
      case "recovered":
        this.#recovered = message.recovered;
        return;
      case "shortage":
        return this.#onShortage(message.why);
      case "done":
        return this.#requests.answered(message.id, message.position);
      case "refused":
        return this.#requests.answered(message.id, new SeriatimError(message.code, message.message));
      case "closed":
        this.#hasClosed = true;
        return this.#requests.end(journalNotRunning());
      case "failed": {
        const { code, message: line, exitCode } = message;
        return this.#fail(new SeriatimError(code, line, { exitCode }));
      }
    }
  }

  #fail(error: SeriatimError): void {
    this.#recovery.fail();
    this.#commands?.fail();
    this.#failure.set(error);
    this.#requests.end(error);
  }

  async recover(visit: RecordVisitor): Promise<Recovered> {
    try {
      const applied = await this.#visitAll(visit);
      // The thread's word follows the last record at once; its end, if it must be, too.
      while (this.#recovered === undefined) {
        this.#failure.orThrow();
        await nextTurn();
      }
      const { position } = this.#recovered;
      assert(applied === position, `${applied} of ${position} records of the log have been applied`);
      return this.#recovered;
    } catch (error) {
      this.#recovery.fail();
      throw error;
    }
  }

  /** Returns the last one's position. A thread that died leaves the ring open: so each turn looks whether it has. */
  async #visitAll(visit: RecordVisitor): Promise<number> {
    const consumer = this.#recovery;
    let position = this.#after + 1;
    while (!consumer.ended()) {
      this.#failure.orThrow();
      const count = consumer.available(RECORDS_PER_TURN);
      if (count === 0) {
        consumer.waitForRecords(RECORDS_WAIT_MS);
      } else {
        visit(this.#ring.words, consumer.offset(), count, position);
        consumer.release(count);
        position += count;
      }
      await nextTurn();
    }
    return position - 1;
  }

  run(ring: SharedArrayBuffer, onShortage: ShortageListener): void {
    this.#onShortage = onShortage;
    this.#commands = new RingConsumer(Ring.attach(ring));
    if (this.#failure.error !== undefined) this.#commands.fail();
    this.#worker.postMessage(ring);
  }

  ask(request: JournalRequest): Promise<number> {
    if (this.#commands === undefined) return Promise.reject(journalNotRunning());
    return this.#requests.ask((id) => {
      const message: JournalThreadRequest = { id, request };
      this.#worker.postMessage(message);
      Atomics.add(this.#asked, 0, 1);
    });
  }

  /** Nothing: the ring's publish has woken the thread. */
  published(): void {}

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    if (this.#commands === undefined) {
      // It may still be reading: nobody takes its records any more.
      this.#recovery.fail();
      this.#worker.postMessage("stop");
    }
    if (!(await within(this.ended, CLOSE_MS))) {
      const what = `the journal's thread has not closed the journal within ${CLOSE_MS / 1e3} s: its disk hangs`;
      this.#fail(new SeriatimError("JOURNAL_THREAD_DIED", what));
      this.#worker.unref();
    }
    this.#failure.orThrow();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function threadDied(how: string): SeriatimError {
  return new SeriatimError("JOURNAL_THREAD_DIED", `the journal's thread ended: ${how}`);
}
