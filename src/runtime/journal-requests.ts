// What can be asked of a journal that runs, wherever it runs: done between two frames, so that no command waits for more
// than that. Each request is answered once: with a position, or with why not.

import { SeriatimError } from "../base/index.ts";
import type { JournalAgent, JournalWriter } from "../journal/index.ts";

export type JournalRequest =
  /** Everything written so far becomes durable, whatever the mode. Answered with the last durable position then. */
  | { readonly kind: "sync" }
  /** The next segment begins early. Answered with the position it begins with; refused when the disk has no room for it. */
  | { readonly kind: "rotate" }
  /** Frames from now on carry `epoch`, which is higher than every one before. Answered with the last position. */
  | { readonly kind: "begin epoch"; readonly epoch: number };

/** Carries it out, now or in the agent's turns to come. Throws what the journal says: it has failed then. */
export function carryOut(
  journal: JournalWriter,
  agent: JournalAgent,
  request: JournalRequest,
  answer: (outcome: number | SeriatimError) => void,
): void {
  switch (request.kind) {
    case "sync":
      journal.sync();
      return answer(journal.durablePosition);
    case "rotate":
      return agent.rotate(answer);
    case "begin epoch":
      journal.beginEpoch(request.epoch);
      return answer(journal.position);
  }
}

/** Requests that may wait for an answer: administrators ask by hand, and the node one at a time. */
const WAITING_MAX = 64;

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: SeriatimError) => void;
}

/** Requests on their way to another thread, and the promises of their answers. */
export class WaitingRequests<Answer = number> {
  readonly #waiting = new Map<number, Waiting<Answer>>();
  #asked = 0;
  #ended: SeriatimError | undefined;

  /** Hands a number for it to `send`; resolves or rejects when that is answered. */
  ask(send: (id: number) => void): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (this.#waiting.size === WAITING_MAX) {
      const what = `the journal has ${WAITING_MAX} requests to answer already`;
      return Promise.reject(new SeriatimError("TOO_MANY_REQUESTS", what));
    }
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      send(id);
    });
  }

  answered(id: number, outcome: Answer | SeriatimError): void {
    const waiting = this.#waiting.get(id);
    if (outcome instanceof SeriatimError) waiting?.reject(outcome);
    else waiting?.resolve(outcome);
    this.#waiting.delete(id);
  }

  /** There will be no answers any more. */
  end(error: SeriatimError): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

/** Why a journal that does not run does nothing. */
export function journalNotRunning(): SeriatimError {
  return new SeriatimError("JOURNAL_NOT_RUNNING", "the journal does not run, or no longer");
}
