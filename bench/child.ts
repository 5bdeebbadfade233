// Processes of a bench, and one request to them at a time.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { entryBeside } from "../src/platform/index.ts";

/** How long a child may take to answer; a load runs for a second or two. */
const ANSWER_MS = 60_000;

export class Child {
  readonly #process: ChildProcess;

  /** Starts the module `name` beside the module `beside` (its import.meta.url): .ts in a checkout, .js when compiled. */
  constructor(beside: string, name: string, args: readonly string[] = []) {
    this.#process = fork(fileURLToPath(entryBeside(beside, name)), args);
  }

  /** The child's next message; rejects when it ends or takes too long. */
  answer<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("a process of the bench does not answer")), ANSWER_MS);
      const exited = (code: number | null): void =>
        reject(new Error(`a process of the bench ended with ${code}`));
      this.#process.once("exit", exited);
      this.#process.once("message", (message: T & { error?: string }) => {
        clearTimeout(timer);
        this.#process.off("exit", exited);
        if (message.error === undefined) resolve(message);
        else reject(new Error(message.error));
      });
    });
  }

  ask<T>(request: object): Promise<T> {
    const answer = this.answer<T>();
    this.#process.send(request);
    return answer;
  }

  /** Asks it to end, and waits until it has. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      this.#process.once("exit", () => resolve());
      if (this.#process.exitCode !== null) resolve();
      else this.#process.disconnect();
    });
  }
}
