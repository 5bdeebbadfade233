// What a web that fell behind reads of the journal: every command behind what it has, up to where its ring begins, once.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RecordBuffer, type SeriatimError } from "../../../../src/base/index.ts";
import { ExchangeEngine } from "../../../../src/engine/index.ts";
import { type JournalWriter, openJournal } from "../../../../src/journal/index.ts";
import { takeExchangeSnapshot } from "../../../../src/node/shadow.ts";
import { MissedCommands } from "../../../../src/node/web/copy/missed-commands.ts";
import { NodeStorage } from "../../../../src/platform/index.ts";
import { COMMAND_WORDS, EVENT_WORDS } from "../../../../src/protocol/index.ts";
import { journalOptions, ordersFrom } from "../../../journal/support.ts";
import { hashOf } from "../support.ts";

let places: { journal: string; snapshots: string };
let root: string;
let journal: JournalWriter;
let live: ExchangeEngine;
let missed: MissedCommands;
const discarded = new RecordBuffer(EVENT_WORDS, 64, () => {});

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "seriatim-missed-"));
  places = { journal: join(root, "journal"), snapshots: join(root, "snapshots") };
  live = new ExchangeEngine();
  const options = { ...journalOptions(new NodeStorage()), directory: places.journal };
  journal = openJournal(options, (words, at, count) => apply(words, at, count)).journal;
  missed = new MissedCommands(places);
});

afterEach(() => {
  missed.close();
  journal.close();
  rmSync(root, { recursive: true });
});

function apply(words: Int32Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) live.apply(words, at + i * COMMAND_WORDS, discarded);
}

function trade(frames: number, each: number): void {
  for (let i = 0; i < frames; i++) {
    const records = ordersFrom(journal.position + 1, each);
    apply(new Int32Array(records.buffer), 0, each);
    journal.append(records, 0, each);
  }
}

/** An engine that reads on from `engine`, to `end`; how many commands it was handed. */
function readOn(engine: ExchangeEngine, end: number): number {
  let read = 0;
  for (let at = engine.position; at < end; at = engine.position) {
    const count = missed.read(at, end, (words, from) => engine.apply(words, from, discarded));
    if (count === 0) break;
    read += count;
  }
  return read;
}

test("every command up to the end is handed on once, also where the end lies inside a frame", () => {
  trade(3, 10);
  const engine = new ExchangeEngine();
  const middle = journal.position - 14;
  expect(readOn(engine, middle)).toBe(middle);
  missed.close();
  trade(1, 10);
  expect(readOn(engine, journal.position)).toBe(journal.position - middle);
  expect(hashOf(engine)).toBe(hashOf(live));
});

test("what is not written yet is no damage: it is read when it is there", () => {
  trade(1, 5);
  const engine = new ExchangeEngine();
  const end = journal.position + 5;
  expect(readOn(engine, end)).toBe(journal.position);
  expect(missed.read(engine.position, end, () => {})).toBe(0);
  trade(1, 5);
  expect(readOn(engine, end)).toBe(5);
  expect(hashOf(engine)).toBe(hashOf(live));
});

test("from the newest snapshot at or before the end where the journal is of no use", () => {
  trade(2, 10);
  const { position } = takeExchangeSnapshot({ ...places, journalKeep: undefined }, journal.position);
  trade(2, 10);
  const engine = new ExchangeEngine();
  missed.restore(engine, journal.position);
  expect(engine.position).toBe(position);
  expect(readOn(engine, journal.position)).toBe(20);
  expect(hashOf(engine)).toBe(hashOf(live));
  expect(() => missed.restore(new ExchangeEngine(), position - 1)).toThrow(
    expect.objectContaining({ code: "LOG_RETIRED" } satisfies Partial<SeriatimError>),
  );
});
