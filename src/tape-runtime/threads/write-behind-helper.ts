// The supervisor of a commit worker's helper thread: it begins before the worker and ends behind it.

import { Worker } from "node:worker_threads";
import { entryBeside } from "../../platform/index.ts";
import { WriteBehindSlots } from "./write-behind-slots.ts";

export class WriteBehindHelper {
  readonly #slots = new WriteBehindSlots();
  readonly #worker: Worker;
  readonly #exited: Promise<void>;

  /** `died`: it ended by itself. */
  constructor(died: (how: string) => void) {
    const entry = entryBeside(import.meta.url, "write-behind-worker");
    this.#worker = new Worker(entry, {
      name: "write-behind",
      workerData: this.#slots.shared,
      trackUnmanagedFds: false,
    });
    this.#worker.on("error", (error) => died(`its helper: ${String(error)}`));
    this.#exited = new Promise((resolve) => {
      this.#worker.once("exit", () => resolve());
    });
  }

  get shared(): SharedArrayBuffer {
    return this.#slots.shared;
  }

  /** It keeps the process from ending no more: who would stop it hangs. */
  unref(): void {
    this.#worker.unref();
  }

  /** Nobody uses it any more; resolves when it has done what it was given. */
  stop(): Promise<void> {
    this.#slots.stop();
    return this.#exited;
  }
}
