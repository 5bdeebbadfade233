// The node's status, asked for over a message port: one question at a time, however many wait for its answer, and each of
// them no longer than ANSWER_MS. Answers come in the order of their questions, also of those that nobody waits for any more.

import { SeriatimError } from "../../base/index.ts";
import type { NodeStatus } from "../status.ts";

/** A turn of the node's event loop is a matter of milliseconds; a probe that waits longer has its answer. */
const ANSWER_MS = 1_000;

export class AskedStatus {
  readonly #ask: () => void;
  #pending: PromiseWithResolvers<NodeStatus> | undefined;
  /** Questions without an answer. */
  #unanswered = 0;

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
    this.#unanswered++;
    this.#ask();
    return pending.promise;
  }

  /** The same as of now or later: a question that is under way may have been answered before now. */
  async statusOfNow(): Promise<NodeStatus> {
    await this.#pending?.promise.catch(() => {});
    return this.status();
  }

  #giveUp(pending: PromiseWithResolvers<NodeStatus>): void {
    if (this.#pending !== pending) return;
    this.#pending = undefined;
    pending.reject(new SeriatimError("NODE_SILENT", "the node's thread does not answer"));
  }

  answer(status: NodeStatus): void {
    this.#unanswered--;
    // To a question that was given up: it may be older than the one that waits now, whose answer comes next.
    if (this.#unanswered > 0) return;
    this.#pending?.resolve(status);
    this.#pending = undefined;
  }
}
