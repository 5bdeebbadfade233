// An engine for tests: commands as short calls, what followed from them as event fields.

import { assert, RecordBuffer } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import {
  SnapshotCounters,
  SnapshotHeader,
  SnapshotInstrument,
  SnapshotSectionHeader,
} from "../../src/engine/snapshot-layout.ts";
import {
  COMMAND_BYTES,
  COMMAND_WORDS,
  CommandWord,
  EVENT_WORDS,
  type EventFields,
  type Genesis,
  readEvent,
  writeGenesis,
  writeInstrument,
  writeTimestamp,
} from "../../src/protocol/index.ts";

const GENESIS: Genesis = {
  maxQuantity: 1000,
  maxNotional: 1_000_000,
  ordersMax: 100,
  symbolsMax: 2,
  accountsMax: 4,
  indexSeed: [1, 2],
};

/** Writes one command record at word offset 0. */
export type Write = (words: Int32Array) => void;

export class Desk {
  readonly engine = new ExchangeEngine();
  readonly words = new Int32Array(COMMAND_WORDS);
  readonly #events: RecordBuffer;
  #read: EventFields[] = [];

  /** `eventsHeld`: events in the output before it drains. */
  constructor(genesis: Partial<Genesis> = {}, symbols: readonly string[] = ["S0"], eventsHeld = 64) {
    this.#events = new RecordBuffer(EVENT_WORDS, eventsHeld, (buffer) => {
      for (let i = 0; i < buffer.count; i++) this.#read.push(readEvent(buffer.words, i * EVENT_WORDS));
    });
    this.do((words) => writeGenesis(words, 0, { ...GENESIS, ...genesis }, symbols.length));
    for (const name of symbols) this.register(name);
  }

  register(name: string): EventFields[] {
    return this.do((words) => writeInstrument(words, 0, { name, priceDecimals: 0, tick: 1, lot: 1 }));
  }

  /** Applies one command, at a time and with an answer limit, and returns its events. */
  do(write: Write, timestamp_us = 0, answerLimit_fills?: number): EventFields[] {
    this.#read = [];
    write(this.words);
    writeTimestamp(this.words, 0, timestamp_us);
    if (answerLimit_fills !== undefined) this.words[CommandWord.answerLimit_fills] = answerLimit_fills;
    this.engine.apply(this.words, 0, this.#events);
    this.#events.drain();
    return this.#read;
  }

  /** Applies the last command again, `count` times, changed each time; its events are not read. */
  fill(count: number, change: (words: Int32Array, i: number) => void): void {
    const unread = new RecordBuffer(EVENT_WORDS, 4096, () => {});
    for (let i = 0; i < count; i++) {
      change(this.words, i);
      this.engine.apply(this.words, 0, unread);
    }
  }

  /** The one event of a command. */
  one(write: Write): EventFields {
    const events = this.do(write);
    assert(events.length === 1, `one event expected, ${events.length} found`);
    return events[0];
  }

  snapshot(): Uint8Array {
    return snapshotOf(this.engine);
  }
}

/** Where the records of a snapshot's sections begin; orders follow as many instruments as there are. */
export const SNAPSHOT_AT = snapshotPlaces(1);
export function snapshotPlaces(instruments: number) {
  const section = SnapshotSectionHeader.bytes;
  const counters = SnapshotHeader.bytes + section;
  const genesis = counters + SnapshotCounters.bytes + section;
  const firstInstrument = genesis + COMMAND_BYTES + section;
  const firstOrder = firstInstrument + instruments * SnapshotInstrument.bytes + section;
  return { counters, genesis, firstInstrument, firstOrder };
}

/** The canonical snapshot in one piece. */
export function snapshotOf(engine: ExchangeEngine): Uint8Array {
  const pieces: Buffer[] = [];
  engine.snapshot((piece) => pieces.push(Buffer.from(piece)));
  return new Uint8Array(Buffer.concat(pieces));
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
