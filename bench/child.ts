// Processes of a bench, and one request to them at a time.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { entryBeside } from "../src/platform/index.ts";

/** How long a child may take to answer; a load runs for a second or two. */
const ANSWER_MS = 60_000;
/** How long it may take to end; a node is to be gone after five seconds. */
const END_MS = 30_000;

export class Child {
  readonly #process: ChildProcess;

  /**
   * Starts the module `name`, as seen from the module `beside` (its import.meta.url): .ts in a checkout, .js when compiled.
   * `flags`: of Node, beside those of this process.
   */
  constructor(beside: string, name: string, args: readonly string[] = [], flags: readonly string[] = []) {
    this.#process = fork(fileURLToPath(entryBeside(beside, name)), args, {
      execArgv: [...process.execArgv, ...flags],
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** The child's next message; rejects when it ends, has ended, or takes longer than `wait_ms`. */
  answer<T>(wait_ms = ANSWER_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const child = this.#process;
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        child.off("exit", exited).off("message", answered);
        act();
      };
      const timer = setTimeout(
        () => settle(() => reject(new Error("a process of the bench does not answer"))),
        wait_ms,
      );
      const exited = (): void => settle(() => reject(new Error(`a process of the bench ${endOf(child)}`)));
      const answered = (message: T & { error?: string }): void =>
        settle(() => (message.error === undefined ? resolve(message) : reject(new Error(message.error))));
      child.once("exit", exited).once("message", answered);
      if (hasEnded(child)) exited();
    });
  }

  ask<T>(request: object | string, wait_ms = ANSWER_MS): Promise<T> {
    const answer = this.answer<T>(wait_ms);
    // What ended meanwhile says so through its answer.
    if (this.#process.connected) this.#process.send(request, () => {});
    return answer;
  }

  /**
   * Asks it to end, and waits until it has; in the end it is killed. A process.exit waits for the runtime's threads that compile, and now
   * and then one of them waits for the main thread to collect garbage: nodejs/node#54918.
   */
  end(): Promise<void> {
    const child = this.#process;
    if (hasEnded(child)) return Promise.resolve();
    return new Promise((resolve) => {
      const late = setTimeout(() => child.kill("SIGKILL"), END_MS);
      child.once("exit", () => {
        clearTimeout(late);
        resolve();
      });
      if (child.connected) child.disconnect();
    });
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function endOf({ exitCode, signalCode }: ChildProcess): string {
  return signalCode === null ? `ended with ${exitCode}` : `was ended by ${signalCode}`;
}
