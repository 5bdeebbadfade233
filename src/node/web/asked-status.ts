// The node's status, asked for over a message port: one question at a time, however many wait for its answer, and each of
// them no longer than ANSWER_MS.

import { SeriatimError } from "../../base/index.ts";
import type { NodeStatus } from "../status.ts";

/** A turn of the node's event loop is a matter of milliseconds; a probe that waits longer has its answer. */
const ANSWER_MS = 1_000;

export class AskedStatus {
  readonly #ask: () => void;
  #pending: PromiseWithResolvers<NodeStatus> | undefined;

  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** Throws SeriatimError NODE_SILENT when the node does not answer. */
  status(): Promise<NodeStatus> {
    if (this.#pending !== undefined) return this.#pending.promise;
    const pending = Promise.withResolvers<NodeStatus>();
    this.#pending = pending;
    // When this thread was busy itself, the answer may lie in the port by now: it is taken before a verdict is.
    const late = setTimeout(() => setImmediate(() => this.#giveUp(pending)), ANSWER_MS);
    const done = () => clearTimeout(late);
    pending.promise.then(done, done);
    this.#ask();
    return pending.promise;
  }

  #giveUp(pending: PromiseWithResolvers<NodeStatus>): void {
    if (this.#pending !== pending) return;
    this.#pending = undefined;
    pending.reject(new SeriatimError("NODE_SILENT", "the node's thread does not answer"));
  }

  /** An answer that comes late answers the next question, if there is one: it is as new. */
  answer(status: NodeStatus): void {
    this.#pending?.resolve(status);
    this.#pending = undefined;
  }
}
