// The journal of a simulated machine: the real one, whose writes take as long as the simulation says. A batch that is handed
// over is written and synced some time later; what comes meanwhile is the next batch.

import type { SeriatimError } from "../base/index.ts";
import { JournalAgent, type JournalWriter } from "../journal/index.ts";
import { Ring, RingConsumer } from "../ring/index.ts";
import type { JournalStage } from "../runtime/index.ts";
import type { EventQueue } from "./event-queue.ts";

export class SimulatedJournal implements JournalStage {
  readonly batches = true;
  readonly failed: Promise<SeriatimError> = new Promise(() => {});
  readonly #journal: JournalWriter;
  readonly #queue: EventQueue;
  readonly #syncTime: () => number;
  readonly #onFailure: () => void;
  #agent: JournalAgent | undefined;
  #isWriting = false;
  #isGone = false;

  constructor(journal: JournalWriter, queue: EventQueue, syncTime: () => number, onFailure: () => void) {
    this.#journal = journal;
    this.#queue = queue;
    this.#syncTime = syncTime;
    this.#onFailure = onFailure;
  }

  recover(): never {
    throw new Error("the machine has opened it");
  }

  ask(): never {
    throw new Error("nobody asks a simulated journal");
  }

  run(shared: SharedArrayBuffer): void {
    const ring = Ring.attach(shared);
    this.#agent = new JournalAgent(this.#journal, ring, new RingConsumer(ring));
  }

  published(): void {
    if (this.#isWriting || this.#isGone) return;
    this.#isWriting = true;
    this.#queue.plan(this.#syncTime(), () => this.#write());
  }

  #write(): void {
    this.#isWriting = false;
    if (this.#isGone || this.#agent === undefined) return;
    const done = this.#agent.doWork();
    if (this.#agent.failure !== undefined) this.#onFailure();
    else if (done > 0) this.published();
  }

  /** The machine is down: nothing is written any more. */
  abandon(): void {
    this.#isGone = true;
  }

  async stop(): Promise<void> {}
}
