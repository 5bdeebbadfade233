// A log of generated commands on a simulated disk, snapshots of it, and what its replay says by obvious code.

import { RecordBuffer } from "../../../src/base/index.ts";
import { EXCHANGE_APPLICATION, ExchangeEngine } from "../../../src/engine/index.ts";
import {
  type JournalWriter,
  openJournal,
  retireCovered,
  SnapshotStore,
  takeSnapshot,
} from "../../../src/journal/index.ts";
import { type FlowProfileName, generateFlow, SimulatedDisk } from "../../../src/lab/index.ts";
import type { CopyBatch, CopyRecord } from "../../../src/node/drop-copy/batcher.ts";
import type { LastRecord } from "../../../src/node/drop-copy/topic-source.ts";
import { encodeGenesisEntry } from "../../../src/node/exchange-records.ts";
import {
  COMMAND_WORDS,
  type DropCopyPlace,
  EVENT_WORDS,
  type EventFields,
  EventKind,
  flowGenesis,
  REPORT_WORDS,
  readDropCopyKey,
  readEvent,
  writeFlowCommand,
  writeTimestamp,
} from "../../../src/protocol/index.ts";
import { snapshotPlace } from "../../journal/snapshot/support.ts";
import { journalOptions } from "../../journal/support.ts";

const BEGAN_US = 1_767_225_600_000_000;

/** A report as its account's stream has it when its command is over. */
export interface ToldReport {
  readonly position: number;
  readonly account: number;
  readonly bytes: string;
}

export class LoggedFlow {
  readonly disk = new SimulatedDisk();
  readonly options;
  readonly journal: JournalWriter;
  readonly store: SnapshotStore;
  /** What serves: it has applied all of the log. */
  readonly engine = new ExchangeEngine();
  readonly reports: ToldReport[] = [];
  readonly trades: EventFields[] = [];
  readonly #events: RecordBuffer;
  readonly #commands;
  readonly #heard = new Map<number, number>();
  readonly #accounts: number;

  constructor(profile: FlowProfileName, seed: number, commands: number) {
    const flow = generateFlow(profile, seed, commands);
    const genesis = flowGenesis(flow);
    this.#accounts = genesis.accountsMax;
    this.#commands = flow.steps.map(({ command }) => command);
    this.#events = new RecordBuffer(EVENT_WORDS, 64, ({ words, count }) => {
      for (let i = 0; i < count; i++) {
        const event = readEvent(words, i * EVENT_WORDS);
        if (event.kind === EventKind.Trade) this.trades.push(event);
      }
    });
    this.options = {
      ...journalOptions(this.disk),
      genesis: encodeGenesisEntry({ genesis, instruments: [] }, BEGAN_US),
    };
    const applied = (words: Int32Array, at: number) => this.engine.apply(words, at, this.#events);
    this.journal = openJournal(this.options, applied).journal;
    this.store = new SnapshotStore(snapshotPlace(this.disk), EXCHANGE_APPLICATION);
  }

  get place() {
    return { journal: this.options, snapshots: "snapshots" };
  }

  /** Commands that are left. */
  get left(): number {
    return this.#commands.length;
  }

  /** Takes the next commands as one frame. */
  trade(count: number): void {
    const commands = this.#commands.splice(0, count);
    const words = new Int32Array(commands.length * COMMAND_WORDS);
    for (const [i, command] of commands.entries()) {
      const at = i * COMMAND_WORDS;
      writeFlowCommand(words, at, command);
      writeTimestamp(words, at, BEGAN_US + (this.engine.position + 1) * 1_000);
      this.engine.apply(words, at, this.#events);
      this.#events.drain();
      this.#listen();
    }
    if (commands.length > 0) this.journal.append(new Uint8Array(words.buffer), 0, commands.length);
  }

  snap(): number {
    const { durablePosition } = this.journal;
    return takeSnapshot(this.options, this.store, new ExchangeEngine(), durablePosition).newest.position;
  }

  /** Removes what of the log the older of two snapshots covers. */
  retire(): void {
    const [, older] = this.store.tidy().kept;
    if (older !== undefined) retireCovered(this.options, older, 0);
  }

  #listen(): void {
    for (let account = 0; account < this.#accounts; account++) {
      const stream = this.engine.reports.of(account);
      if (stream === undefined) continue;
      const from = this.#heard.get(account) ?? 1;
      for (let number = from; number < stream.next; number++) {
        const at = stream.at(number);
        const words = stream.words(number).slice(at, at + REPORT_WORDS);
        const bytes = Buffer.from(words.buffer).toString("hex");
        this.reports.push({ position: this.engine.position, account, bytes });
      }
      this.#heard.set(account, stream.next);
    }
  }
}

/** A topic in memory: what arrives is there at once. */
export class TopicInMemory {
  readonly records: CopyRecord[] = [];
  readonly places: DropCopyPlace[] = [];

  take(batch: CopyBatch): void {
    for (const record of batch.records) {
      const place = readDropCopyKey(record.key);
      if (place === undefined) throw new Error("a key that is none");
      this.records.push({ ...record, value: record.value.slice() });
      this.places.push(place);
    }
  }

  get last(): LastRecord | undefined {
    const place = this.places.at(-1);
    return place && { ...place, value: (this.records.at(-1) as CopyRecord).value };
  }
}
