// A log of generated commands on a simulated disk, snapshots of it, and what its replay says by obvious code.

import { expect } from "vitest";
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
import {
  type DropCopyStream,
  dropCopyTopic,
  type LastRecord,
} from "../../../src/node/drop-copy/topic-source.ts";
import { encodeGenesisEntry } from "../../../src/node/exchange-records.ts";
import {
  COMMAND_WORDS,
  DropCopyKind,
  type DropCopyPlace,
  EVENT_WORDS,
  type EventFields,
  EventKind,
  flowGenesis,
  REPORT_BYTES,
  REPORT_WORDS,
  ReportKind,
  readDropCopyKey,
  readEvent,
  readReport,
  writeFlowCommand,
  writeTimestamp,
} from "../../../src/protocol/index.ts";
import { TapeSubscriber } from "../../../src/tape-runtime/index.ts";
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
  /** What accounts with a stream were told. */
  readonly reports: ToldReport[] = [];
  /** By account: the position at which its stream began. */
  readonly since = new Map<number, number>();
  readonly trades: (EventFields & { readonly position: number })[] = [];
  readonly #heard = new Map<number, number>();
  readonly #events: RecordBuffer;
  readonly #commands;
  readonly #began_us: number;

  constructor(profile: FlowProfileName, seed: number, commands: number, began_us = BEGAN_US) {
    this.#began_us = began_us;
    const flow = generateFlow(profile, seed, commands);
    const genesis = flowGenesis(flow);
    this.#commands = flow.steps.map(({ command }) => command);
    this.#events = new RecordBuffer(EVENT_WORDS, 64, ({ words, count }) => {
      for (let i = 0; i < count; i++) {
        const event = readEvent(words, i * EVENT_WORDS);
        const { position } = this.engine;
        if (event.kind === EventKind.Trade) this.trades.push({ ...event, position });
      }
    });
    this.options = {
      ...journalOptions(this.disk),
      genesis: encodeGenesisEntry({ genesis, instruments: [] }, began_us),
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
      writeTimestamp(words, at, this.#began_us + (this.engine.position + 1) * 1_000);
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
    for (let account = 0; account < this.engine.genesis.accountsMax; account++) {
      const stream = this.engine.reports.of(account);
      if (stream === undefined) continue;
      const { position } = this.engine;
      if (!this.since.has(account)) this.since.set(account, position);
      for (let number = this.#heard.get(account) ?? 1; number < stream.next; number++) {
        const at = stream.at(number);
        const words = stream.words(number).slice(at, at + REPORT_WORDS);
        this.reports.push({ position, account, bytes: Buffer.from(words.buffer).toString("hex") });
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
      this.records.push({ ...record, value: new Uint8Array(record.value) });
      this.places.push(place);
    }
  }

  get last(): LastRecord | undefined {
    const [place, record] = [this.places.at(-1), this.records.at(-1)];
    return place && record && { ...place, value: record.value, time_us: record.time_us };
  }
}

/** A report as it is in a topic. */
interface PublishedReport extends ToldReport {
  readonly kind: number;
  readonly quantity: number;
}

function reportsIn(topic: TopicInMemory): PublishedReport[] {
  return topic.records.flatMap(({ value }, i) => {
    const { kind, position } = topic.places[i];
    if (kind !== DropCopyKind.Report) return [];
    expect(value.length).toBe(REPORT_BYTES);
    const report = readReport(new Int32Array(new Uint8Array(value).buffer), 0);
    const { account, lastQuantity: quantity } = report;
    return [{ position, account, kind: report.kind, quantity, bytes: Buffer.from(value).toString("hex") }];
  });
}

function byAccount<T extends ToldReport>(reports: readonly T[]): ToldReport[] {
  const sorted = [...reports].sort((a, b) => a.position - b.position || a.account - b.account);
  return sorted.map(({ position, account, bytes }) => ({ position, account, bytes }));
}

/**
 * Holds a topic to what happened: of accounts with a stream every report, byte for byte and in their order; of the others the trades,
 * by position, account and lots. `isThere`: positions that the topic has.
 */
export function expectReports(
  topic: TopicInMemory,
  flow: LoggedFlow,
  isThere: (position: number) => boolean = () => true,
): void {
  const found = reportsIn(topic);
  const positions = found.map(({ position }) => position);
  expect(positions).toEqual([...positions].sort((a, b) => a - b));
  const hasStream = ({ position, account }: Omit<ToldReport, "bytes">) =>
    position >= (flow.since.get(account) ?? Number.POSITIVE_INFINITY);
  expect(byAccount(found.filter(hasStream))).toEqual(
    byAccount(flow.reports.filter(({ position }) => isThere(position))),
  );
  const lots = ({ position, account, quantity }: Omit<PublishedReport, "bytes" | "kind">) =>
    `${position} ${account} ${quantity}`;
  const sides = flow.trades.flatMap(({ position, account, makerAccount, quantity }) => [
    { position, account, quantity },
    { position, account: makerAccount, quantity },
  ]);
  const traded = found.filter((report) => report.kind === ReportKind.Traded && !hasStream(report));
  expect(traded.map(lots)).toEqual(
    sides.filter((side) => !hasStream(side) && isThere(side.position)).map(lots),
  );
}

/** Reads a topic of a broker from its oldest record to its last. */
export async function readTopic(port: number, stream: DropCopyStream): Promise<TopicInMemory> {
  const topic = dropCopyTopic(stream);
  const read = new TopicInMemory();
  const subscriber = await TapeSubscriber.connect({ port, topic, from: "start", follow: false });
  let number = subscriber.accepted.oldestRecord;
  for await (const { record, key, value, time_us = 0 } of subscriber) {
    expect(record).toBe(number++);
    read.take({ topic, bytes: 0, records: [{ key, value, time_us }] });
  }
  return read;
}
