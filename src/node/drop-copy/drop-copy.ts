// What the exchange publishes to the tape of its node: the node's side of drop-copy-worker.ts. Only a node that leads, or is alone, publishes:
// it alone knows what is released. Whatever becomes of it, the exchange goes on.

import { Worker } from "node:worker_threads";
import { endThread, entryBeside, within } from "../../platform/index.ts";
import type { DataDirectory, HostPort } from "../../runtime/index.ts";
import type { Log } from "../log.ts";
import type { DropCopyWorkerData, DropCopyWorkerMessage } from "./drop-copy-worker.ts";
import { createReleased, ReleasedPosition } from "./released-position.ts";
import { type DropCopyStream, dropCopyTopic } from "./topic-source.ts";

/**
 * How often it is looked how far the log is released: what is published is that much late. Each look that finds something costs the tape a
 * sync, on the disk that the journal may be on too.
 */
const LOOK_MS = 50;
/** For what was released last to be published, and acknowledged; then the thread is ended, and the next start publishes the rest. */
const STOP_MS = 1_000;

export interface DropCopyOptions {
  readonly streams: readonly DropCopyStream[];
  readonly directory: Pick<DataDirectory, "journal" | "snapshots">;
  /** The tape, by plain TCP. */
  readonly tape: HostPort;
  readonly key: DropCopyWorkerData["key"];
  /** The last position that may be told of. */
  readonly released: () => number;
  readonly log: Log;
}

export class DropCopy {
  /** Of the log, up to which all was handed to the topics; at most a second old. */
  position = 0;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #options: DropCopyOptions;
  readonly #released: ReleasedPosition;
  readonly #ticker: NodeJS.Timeout;
  #isStopping = false;
  /** The reason that was logged last: one that lasts is said once. */
  #lostFor: string | undefined;

  constructor(options: DropCopyOptions) {
    const { streams, directory, tape, key } = options;
    this.#options = options;
    const released = createReleased();
    this.#released = new ReleasedPosition(released);
    const { journal, snapshots } = directory;
    const workerData: DropCopyWorkerData = { journal, snapshots, streams, ...tape, key, released };
    const worker = new Worker(entryBeside(import.meta.url, "drop-copy-worker"), {
      name: "drop-copy",
      workerData,
    });
    this.#worker = worker;
    worker.on("message", (message: DropCopyWorkerMessage) => this.#hear(message));
    worker.on("error", (error) => this.#died(String(error)));
    this.#exited = new Promise((resolve) => worker.once("exit", () => resolve()));
    this.#ticker = setInterval(() => this.#look(), LOOK_MS);
    this.#look();
  }

  /** Publishes what is released by now, if that is possible in time, and ends the thread. */
  async stop(): Promise<void> {
    clearInterval(this.#ticker);
    this.#look();
    this.#isStopping = true;
    this.#worker.postMessage("stop");
    await within(this.#exited, STOP_MS);
    await endThread(this.#worker);
  }

  #look(): void {
    this.#released.move(this.#options.released());
  }

  #hear(message: DropCopyWorkerMessage): void {
    const { log, streams } = this.#options;
    switch (message.kind) {
      case "begun": {
        this.#lostFor = undefined;
        this.position = message.position;
        const topics = streams.map(dropCopyTopic);
        return log.info({ topics, position: message.position }, "publishes to the tape");
      }
      case "published":
        this.position = message.position;
        return;
      case "gap": {
        const { topic, first, last } = message.gap;
        const what =
          "the journal had retired what was not published yet: these positions are missing in the topic";
        return log.error({ topic, first, last }, what);
      }
      case "lost":
        return this.#lost(message.why);
    }
  }

  #lost(why: string): void {
    if (this.#isStopping || why === this.#lostFor) return;
    this.#lostFor = why;
    this.#options.log.warn(`nothing is published to the tape for now, trying again: ${why}`);
  }

  #died(how: string): void {
    clearInterval(this.#ticker);
    this.#options.log.error(`nothing is published to the tape any more, a bug: ${how}`);
  }
}
