// Who listens to an engine is told every report, those of accounts without a stream too, and changes nothing: the state is the same.

import { expect, test } from "vitest";
import { RecordBuffer, stateHash } from "../../src/base/index.ts";
import { ExchangeEngine, type ReportStream } from "../../src/engine/index.ts";
import { FLOW_PROFILE_NAMES, generateFlow } from "../../src/lab/index.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import {
  COMMAND_WORDS,
  EVENT_WORDS,
  EventKind,
  EventWord,
  flowGenesis,
  REPORT_WORDS,
  ReportKind,
  readReport,
  writeFlowCommand,
  writeGenesis,
} from "../../src/protocol/index.ts";

const checksums = new NativeChecksums();

test.each(FLOW_PROFILE_NAMES)("the state is the same whether somebody listens or not: %s", (profile) => {
  const flow = generateFlow(profile, 2, 500);
  const kinds: number[] = [];
  let last: ReportStream | undefined;
  const take = (): void => {
    if (last !== undefined) kinds.push(readReport(last.lastWords, last.lastAt).kind);
    last = undefined;
  };
  const onReport = (stream: ReportStream): void => {
    take();
    last = stream;
  };
  const [heard, alone] = [new ExchangeEngine({ listener: { onReport } }), new ExchangeEngine()];
  const discarded = new RecordBuffer(EVENT_WORDS, 64, () => {});
  let trades = 0;
  const events = new RecordBuffer(EVENT_WORDS, 64, ({ words, count }) => {
    for (let i = 0; i < count; i++)
      if ((words[i * EVENT_WORDS + EventWord.kindReasonCommandFlags] & 255) === EventKind.Trade) trades++;
  });
  const words = new Int32Array(COMMAND_WORDS);
  const apply = (): void => {
    heard.apply(words, 0, events);
    events.drain();
    take();
    alone.apply(words, 0, discarded);
  };
  writeGenesis(words, 0, flowGenesis(flow), 0);
  apply();
  for (const [step, { command }] of flow.steps.entries()) {
    writeFlowCommand(words, 0, command);
    apply();
    if (step === 250) {
      // In the middle, from a snapshot of the other one.
      const pieces: Uint8Array[] = [];
      alone.snapshot((piece) => void pieces.push(piece.slice()));
      heard.restore(Buffer.concat(pieces), alone.position);
    }
  }
  expect(stateHash(heard, checksums)).toEqual(stateHash(alone, checksums));
  // Both sides of each.
  expect(kinds.filter((kind) => kind === ReportKind.Traded).length).toBe(2 * trades);
});

// The memory of reports is used again: a word that is left out would have what another report had there.
test("a report has nothing of what lay in its place before", () => {
  const flow = generateFlow("sessions", 3, 2_000);
  const onReport = ({ room, lastWords, lastAt }: ReportStream): void => {
    if (room > 0) lastWords.fill(0x5a5a5a5a, lastAt + REPORT_WORDS, lastAt + 2 * REPORT_WORDS);
  };
  const [soiled, clean] = [new ExchangeEngine({ listener: { onReport } }), new ExchangeEngine()];
  const events = new RecordBuffer(EVENT_WORDS, 64, () => {});
  const words = new Int32Array(COMMAND_WORDS);
  const kinds = new Set<number>();
  writeGenesis(words, 0, flowGenesis(flow), 0);
  for (const engine of [soiled, clean]) engine.apply(words, 0, events);
  for (const { command } of flow.steps) {
    writeFlowCommand(words, 0, command);
    for (const engine of [soiled, clean]) engine.apply(words, 0, events);
  }
  for (let account = 0; account < clean.genesis.accountsMax; account++) {
    const stream = clean.reports.of(account)!;
    for (let number = stream.first; number < stream.next; number++)
      kinds.add(readReport(stream.words(number), stream.at(number)).kind);
  }
  expect([...kinds].sort()).toEqual(Object.values(ReportKind));
  expect(stateHash(soiled, checksums)).toEqual(stateHash(clean, checksums));
});
