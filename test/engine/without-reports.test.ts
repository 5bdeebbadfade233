// A copy that keeps no reports: the same events and the same state in all else, also when it goes on from a snapshot of the whole.

import { expect, test } from "vitest";
import { RecordBuffer } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { FLOW_PROFILE_NAMES, generateFlow } from "../../src/lab/index.ts";
import {
  COMMAND_WORDS,
  EVENT_WORDS,
  flowGenesis,
  writeFlowCommand,
  writeGenesis,
} from "../../src/protocol/index.ts";

type Writer = (write: (piece: Uint8Array) => void) => void;

function bytesOf(writer: Writer): Buffer<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  writer((piece) => void pieces.push(piece.slice()));
  return Buffer.concat(pieces);
}

/** An engine that applies one record after another, and the events of all. */
class Applied {
  readonly engine: ExchangeEngine;
  events = "";
  readonly #events = new RecordBuffer(EVENT_WORDS, 64, ({ bytes, used_words }) => {
    this.events += Buffer.from(bytes.subarray(0, used_words * 4)).toString("hex");
  });

  constructor(keepsReports: boolean) {
    this.engine = new ExchangeEngine({ keepsReports });
  }

  apply(words: Int32Array): void {
    this.engine.apply(words, 0, this.#events);
    this.#events.drain();
  }
}

const without = ({ engine }: Applied): Buffer<ArrayBuffer> =>
  bytesOf((write) => engine.snapshotWithoutReports(write));
const whole = ({ engine }: Applied): Buffer<ArrayBuffer> => bytesOf((write) => engine.snapshot(write));

/** Reports that were written for accounts of the flow. */
const written = ({ engine }: Applied): number => {
  let reports = 0;
  for (let account = 0; account < 64; account++) reports += (engine.reports.of(account)?.next ?? 1) - 1;
  return reports;
};

test.each(FLOW_PROFILE_NAMES)("is the whole but for its reports: %s", (profile) => {
  const flow = generateFlow(profile, 3, 500);
  const [kept, copy, later] = [new Applied(true), new Applied(false), new Applied(false)];
  const words = new Int32Array(COMMAND_WORDS);
  writeGenesis(words, 0, flowGenesis(flow), 0);
  for (const each of [kept, copy, later]) each.apply(words);
  for (const [step, { command }] of flow.steps.entries()) {
    writeFlowCommand(words, 0, command);
    for (const each of [kept, copy, later]) each.apply(words);
    if (step === 250) later.engine.restore(without(kept), kept.engine.position);
  }
  expect(copy.events).toBe(kept.events);
  expect(later.events).toBe(kept.events);
  expect(whole(copy).equals(without(kept))).toBe(true);
  expect(whole(later).equals(without(kept))).toBe(true);
  expect([written(copy), written(later)]).toEqual([0, 0]);
  if (profile === "sessions") expect(written(kept)).toBeGreaterThan(100);
});

test("forgets the reports of a snapshot that has some, and nothing else of it", () => {
  const [kept, copy] = [new Applied(true), new Applied(false)];
  const flow = generateFlow("sessions", 3, 500);
  const words = new Int32Array(COMMAND_WORDS);
  writeGenesis(words, 0, flowGenesis(flow), 0);
  for (const each of [kept, copy]) each.apply(words);
  for (const [step, { command }] of flow.steps.entries()) {
    writeFlowCommand(words, 0, command);
    for (const each of [kept, copy]) each.apply(words);
    if (step === 250) copy.engine.restore(whole(kept), kept.engine.position);
  }
  expect(copy.events).toBe(kept.events);
  expect(whole(copy).equals(without(kept))).toBe(true);
  expect(written(copy)).toBe(0);
});
