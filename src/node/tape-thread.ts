// The tape of a node: the node's side of tape-worker.ts, and its supervisor. The exchange does not need it: one that ends without having
// been told to is an error in the log and a degraded node, and orders go on.

import { Worker } from "node:worker_threads";
import { SeriatimError } from "../base/index.ts";
import { endThread, entryBeside, FirstFailure, makeEd25519Pair, within } from "../platform/index.ts";
import type { HostPort } from "../runtime/index.ts";
import type { TapeFigures } from "../tape/index.ts";
import { TAPE_STOP_MS } from "../tape-runtime/index.ts";
import type { Log } from "./log.ts";
import type { TapeStatus } from "./status.ts";
import type { TapeProgramOptions } from "./tape-program.ts";
import type { TapeWorkerMessage } from "./tape-worker.ts";

/** What the broker gives itself, each step with a bound of its own, and a little for the thread; then that is ended. */
const STOP_MS = TAPE_STOP_MS + 1_000;

export class NodeTape {
  /** Of the node's own threads: they log on to the tape as any client, by this key. */
  readonly ownKey = makeEd25519Pair();
  port = 0;
  /** Where they connect, by plain TCP. */
  own: HostPort = { host: "", port: 0 };
  readonly #log: Log;
  readonly #failure = new FirstFailure();
  #figures: TapeFigures | undefined;
  #worker: Worker | undefined;
  #exited: Promise<void> = Promise.resolve();
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Resolves with what ended it, if anything ever does: topics can't be used any more, and the exchange goes on. */
  get failed(): Promise<SeriatimError> {
    return this.#failure.happened;
  }

  get status(): TapeStatus {
    return { failure: this.#failure.error?.message, figures: this.#figures };
  }

  /** Once. Resolves when it listens; throws SeriatimError naming what is wrong, and has ended then. */
  async start(options: Omit<TapeProgramOptions, "ownKey">): Promise<void> {
    const workerData: TapeProgramOptions = { ...options, ownKey: this.ownKey.public };
    const entry = entryBeside(import.meta.url, "tape-worker");
    // Threads below one whose descriptors are tracked are tracked too, and of the commit workers' one closes what the other opened.
    const worker = new Worker(entry, { name: "tape", workerData, trackUnmanagedFds: false });
    this.#worker = worker;
    const listening = Promise.withResolvers<void>();
    worker.on("message", (message: TapeWorkerMessage) => this.#hear(message, listening.resolve));
    worker.on("error", (error) => this.#failure.set(threadDied(String(error))));
    this.#exited = new Promise((resolve) => {
      worker.once("exit", (code) => {
        if (!this.#isStopping) this.#failure.set(threadDied(`exit code ${code}`));
        resolve();
      });
    });
    const failure = await Promise.race([listening.promise, this.failed]);
    if (failure !== undefined) throw failure;
    this.failed.then((error) => this.#log.error(`${error.message}; the exchange goes on without the tape`));
  }

  #hear(message: TapeWorkerMessage, listening: () => void): void {
    switch (message.kind) {
      case "listening":
        this.port = message.port;
        this.own = message.own;
        return listening();
      case "figures":
        this.#figures = message.figures;
        return;
      case "notice":
        return this.#log.error(message.message);
      case "failed": {
        const { code, message: line, exitCode } = message;
        return this.#failure.set(new SeriatimError(code, line, { exitCode }));
      }
    }
  }

  /** At any time; never rejects: the exchange's own end is what counts. */
  stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#worker?.postMessage("stop");
    if (await within(this.#exited, STOP_MS)) return;
    this.#log.error("the tape did not end in time: what was not acknowledged may be lost");
    if (this.#worker !== undefined) await endThread(this.#worker);
  }
}

function threadDied(how: string): SeriatimError {
  return new SeriatimError("TAPE_THREAD_DIED", `the tape's thread ended: ${how}`);
}
