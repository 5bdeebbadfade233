// The journal on the node's own thread (`--threads single`), and the node without one (`--durability off`).

import { SeriatimError } from "../base/index.ts";
import { JournalAgent, type JournalWriter, type RecordVisitor } from "../journal/index.ts";
import { COMMAND_WORDS } from "../protocol/index.ts";
import { Ring, RingConsumer } from "../ring/index.ts";
import { type NodeJournalOptions, openNodeJournal } from "./journal-open.ts";
import type { JournalStage, Recovered } from "./journal-stage.ts";

/** Every publish writes and syncs before it returns. */
export class InlineJournal implements JournalStage {
  readonly batches = true;
  readonly failed: Promise<SeriatimError>;
  readonly #options: NodeJournalOptions;
  #fail: (error: SeriatimError) => void = () => {};
  #journal: JournalWriter | undefined;
  #agent: JournalAgent | undefined;

  constructor(options: NodeJournalOptions) {
    this.#options = options;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  async recover(visit: RecordVisitor): Promise<Recovered> {
    const { journal, recovered } = openNodeJournal(this.#options, visit);
    this.#journal = journal;
    return recovered;
  }

  run(shared: SharedArrayBuffer): void {
    const ring = Ring.attach(shared);
    if (this.#journal === undefined) throw new SeriatimError("NOT_RECOVERED", "the journal is not open");
    this.#agent = new JournalAgent(this.#journal, ring, new RingConsumer(ring));
  }

  published(): void {
    while (this.#agent !== undefined && this.#agent.doWork() > 0);
    if (this.#agent?.failure !== undefined) this.#fail(this.#agent.failure);
  }

  async stop(): Promise<void> {
    if (this.#journal?.failure === undefined) this.#journal?.close();
    this.#journal = undefined;
    this.#agent = undefined;
  }
}

/** No journal at all: every command counts as safe at once, and everything is lost at the end. */
export class NoJournal implements JournalStage {
  readonly batches = false;
  readonly failed: Promise<SeriatimError> = new Promise(() => {});
  readonly #genesis: Int32Array;
  #consumer: RingConsumer | undefined;

  constructor(genesis: Int32Array) {
    this.#genesis = genesis;
  }

  async recover(visit: RecordVisitor): Promise<Recovered> {
    const position = this.#genesis.length / COMMAND_WORDS;
    visit(this.#genesis, 0, position, 1);
    return { position, timestamp_us: 0, created: true, cut_bytes: 0, finding: "no journal" };
  }

  run(shared: SharedArrayBuffer): void {
    this.#consumer = new RingConsumer(Ring.attach(shared));
  }

  published(): void {
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    for (let count = consumer.available(); count > 0; count = consumer.available()) consumer.release(count);
  }

  async stop(): Promise<void> {}
}
