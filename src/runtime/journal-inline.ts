// The journal on the node's own thread (`--threads single`), and the node without one (`--durability off`).

import { LATENCY_COUNTS_BYTES, LatencyCounts, SeriatimError } from "../base/index.ts";
import { JournalAgent, type JournalWriter, type RecordVisitor } from "../journal/index.ts";
import { FirstFailure, monotonicNanos } from "../platform/index.ts";
import { COMMAND_WORDS, readTimestamp } from "../protocol/index.ts";
import { Ring, RingConsumer } from "../ring/index.ts";
import { type NodeJournalOptions, openNodeJournal } from "./journal-open.ts";
import { carryOut, type JournalRequest, journalNotRunning, WaitingRequests } from "./journal-requests.ts";
import type { JournalStage, Recovered, ShortageListener } from "./journal-stage.ts";

/** Without commands for so long the journal prepares a slice of its next segment; the loop is free in between. */
const IDLE_MS = 1;
/** Between two looks whether a full disk has room again: as often as an idle journal on its own thread looks. */
const SHORTAGE_MS = 100;

/** Every publish writes and syncs before it returns. */
export class InlineJournal implements JournalStage {
  readonly batches = true;
  readonly times = new SharedArrayBuffer(LATENCY_COUNTS_BYTES);
  readonly #options: NodeJournalOptions;
  readonly #failure = new FirstFailure();
  readonly #requests = new WaitingRequests();
  #journal: JournalWriter | undefined;
  #agent: JournalAgent | undefined;
  #consumer: RingConsumer | undefined;
  #onShortage: ShortageListener = () => {};
  #shortage: string | undefined;
  #idle: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: NodeJournalOptions) {
    this.#options = options;
  }

  get failed(): Promise<SeriatimError> {
    return this.#failure.happened;
  }

  async recover(visit: RecordVisitor): Promise<Recovered> {
    const { journal, recovered } = await openNodeJournal(this.#options, visit);
    this.#journal = journal;
    return recovered;
  }

  run(shared: SharedArrayBuffer, onShortage: ShortageListener): void {
    const ring = Ring.attach(shared);
    if (this.#journal === undefined) throw new SeriatimError("NOT_RECOVERED", "the journal is not open");
    this.#onShortage = onShortage;
    this.#consumer = new RingConsumer(ring);
    this.#agent = new JournalAgent(this.#journal, ring, this.#consumer, {
      counts: new LatencyCounts(this.times),
      now_ns: monotonicNanos,
    });
    this.#idle = setTimeout(this.#prepare, IDLE_MS).unref();
  }

  published(): void {
    this.#drain();
    // Put off by every batch: while commands come, each of them prepares its share.
    this.#idle?.refresh();
    this.#look();
  }

  async ask(request: JournalRequest): Promise<number> {
    this.#drain();
    const [journal, agent] = [this.#journal, this.#agent];
    if (agent === undefined || journal === undefined) throw journalNotRunning();
    try {
      return await this.#requests.ask((id) => {
        carryOut(journal, agent, request, (outcome) => this.#requests.answered(id, outcome));
        this.#idle?.refresh();
      });
    } catch (error) {
      if (journal.failure !== undefined) this.#consumer?.fail();
      throw error;
    } finally {
      this.#look();
    }
  }

  /** Records only: the agent's idle work is the next segment, all of which would be a second without an answer. */
  #drain(): void {
    const [agent, consumer] = [this.#agent, this.#consumer];
    if (agent === undefined || consumer === undefined) return;
    while (agent.failure === undefined && consumer.available(1) > 0) agent.doWork();
  }

  readonly #prepare = (): void => {
    const more = (this.#agent?.doWork() ?? 0) > 0;
    this.#look();
    clearTimeout(this.#retry);
    if (more) this.#idle?.refresh();
    else if (this.#shortage !== undefined) this.#retry = setTimeout(this.#prepare, SHORTAGE_MS).unref();
  };

  /** Tells what has changed: the journal has failed, or its room. */
  #look(): void {
    const agent = this.#agent;
    if (agent?.failure !== undefined) {
      this.#failure.set(agent.failure);
      this.#requests.end(agent.failure);
    }
    const why = agent?.preallocationFailure?.message;
    if (why === this.#shortage) return;
    this.#shortage = why;
    this.#onShortage(why);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#idle);
    clearTimeout(this.#retry);
    this.#drain();
    if (this.#agent?.failure !== undefined) this.#failure.set(this.#agent.failure);
    this.#agent = undefined;
    this.#requests.end(this.#failure.error ?? journalNotRunning());
    try {
      this.#journal?.close();
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      this.#failure.set(error);
    }
    this.#failure.orThrow();
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
    return {
      position,
      epoch: 0,
      timestamp_us: readTimestamp(this.#genesis, 0),
      created: true,
      wasTorn: false,
      cut_bytes: 0,
      mayLack: false,
      finding: "no journal",
    };
  }

  run(shared: SharedArrayBuffer): void {
    this.#consumer = new RingConsumer(Ring.attach(shared));
  }

  published(): void {
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    for (let count = consumer.available(); count > 0; count = consumer.available()) consumer.release(count);
  }

  async ask(): Promise<number> {
    throw new SeriatimError("NO_JOURNAL", "nothing is kept: durability is off");
  }

  async stop(): Promise<void> {}
}
