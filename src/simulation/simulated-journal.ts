// The journal of a simulated primary: the real one, whose writes take as long as the simulation says. A batch that is handed
// over is written and synced some time later; what comes meanwhile is the next batch.
//
// Half of the nodes write and sync in one moment, by the agent in mode `fsync`. The others write at once and sync later, so
// that replicas have a frame before this disk has: their agent runs in mode `flush`, and its slots are given back behind the sync.

import { SeriatimError } from "../base/index.ts";
import { JournalAgent, type JournalWriter } from "../journal/index.ts";
import { Ring, RingConsumer } from "../ring/index.ts";
import { carryOut, type JournalRequest, type JournalStage } from "../runtime/index.ts";

/** From publishing to writing: another thread wakes up. */
const WAKE_US = 20;
/** Between two looks whether a full disk has room again. */
const SHORTAGE_US = 100_000;

export interface JournalSurroundings {
  plan(delay_us: number, act: () => void): void;
  syncTime_us(): number;
  /** Frames may have been written, or room found or lost. */
  onWork(): void;
  onFailure(): void;
}

/** Gives slots back later than it is told to. */
class HeldConsumer extends RingConsumer {
  #held = 0;

  override release(count: number): void {
    this.#held += count;
  }

  let(): void {
    super.release(this.#held);
    this.#held = 0;
  }
}

export class SimulatedJournal implements JournalStage {
  readonly batches = true;
  readonly failed: Promise<SeriatimError> = new Promise(() => {});
  readonly #journal: JournalWriter;
  readonly #around: JournalSurroundings;
  #agent: JournalAgent | undefined;
  #consumer: HeldConsumer | undefined;
  #ending: RingConsumer | undefined;
  #isBusy = false;

  constructor(journal: JournalWriter, around: JournalSurroundings) {
    this.#journal = journal;
    this.#around = around;
  }

  recover(): never {
    throw new Error("the machine has opened it");
  }

  /** Never answered after a failure: the node ends. */
  async ask(request: JournalRequest): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const answer = (outcome: number | SeriatimError) =>
      typeof outcome === "number" ? resolve(outcome) : reject(outcome);
    try {
      carryOut(this.#journal, this.#running(), request, answer);
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
    }
    if (!this.#hasFailed()) this.published();
    return promise;
  }

  #running(): JournalAgent {
    if (this.#agent === undefined) throw new Error("a journal that does not run is asked for nothing");
    return this.#agent;
  }

  run(shared: SharedArrayBuffer): void {
    const ring = Ring.attach(shared);
    const isSplit = this.#journal.mode === "flush";
    this.#consumer = isSplit ? new HeldConsumer(ring) : undefined;
    this.#ending = this.#consumer ?? new RingConsumer(ring);
    this.#agent = new JournalAgent(this.#journal, ring, this.#ending);
  }

  /** Why the next segment can't be prepared. */
  get shortage(): SeriatimError | undefined {
    return this.#agent?.preallocationFailure;
  }

  published(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const { plan, syncTime_us } = this.#around;
    plan(this.#consumer === undefined ? syncTime_us() : WAKE_US, () => this.#write());
  }

  #write(): void {
    const done = this.#agent?.doWork() ?? 0;
    if (this.#hasFailed()) return;
    this.#around.onWork();
    const { plan, syncTime_us } = this.#around;
    if (done > 0 && this.#consumer !== undefined) return plan(syncTime_us(), () => this.#sync());
    this.#isBusy = false;
    if (done > 0) this.published();
    else if (this.shortage !== undefined) plan(SHORTAGE_US, () => this.published());
  }

  #sync(): void {
    try {
      this.#journal.sync();
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
    }
    if (this.#hasFailed()) return;
    this.#consumer?.let();
    this.#isBusy = false;
    this.published();
  }

  /** The agent's ring takes no more then, and nothing more is released. */
  #hasFailed(): boolean {
    if (this.#journal.failure === undefined) return false;
    this.#consumer?.fail();
    this.#around.onFailure();
    return true;
  }

  /** The process is gone: nobody waits for its journal any more, or he, and all that he holds, would do so for ever. */
  abandon(): void {
    this.#ending?.fail();
  }

  async stop(): Promise<void> {}
}
