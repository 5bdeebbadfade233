// Run as a process of its own, so that nothing else allocates: prints the heap bytes per command of a warm engine, of
// several stretches of the mixed flow. With the argument `large` every price lies above 2^32; with `told` all accounts are told
// of their orders, in streams of reports.

import { heapBytesPer } from "../../bench/allocations.ts";
import { MIXED, recordFlow } from "../../bench/engine/flows.ts";
import { RecordBuffer } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { inlineDeeply } from "../../src/platform/index.ts";
import {
  COMMAND_WORDS,
  CommandKind,
  CommandWord,
  EVENT_WORDS,
  writeSessionCommand,
  writeTimestamp,
} from "../../src/protocol/index.ts";

/** Long enough for the compiler to finish on a busy machine. */
const WARM_COMMANDS = 400_000;
/** Long against what a collection lets the engine make again at once: about 20 kB, however long the stretch is. */
const STRETCH_COMMANDS = 80_000;
const STRETCHES = 6;
/** A stretch with a collection in it is repeated with a quarter, and so on: together less than half as much again. */
const FLOW_COMMANDS = WARM_COMMANDS + STRETCHES * STRETCH_COMMANDS * 1.5;

// As the command line does.
inlineDeeply();
const flow = recordFlow(MIXED, FLOW_COMMANDS, 1);
if (process.argv[2] === "large") {
  for (let record = 0; record < flow.words.length; record += COMMAND_WORDS) {
    const kind = flow.words[record] & 255;
    if (kind === CommandKind.NewOrder || kind === CommandKind.Modify)
      flow.words[record + CommandWord.priceHigh] = 1;
  }
}
const engine = new ExchangeEngine();
const events = new RecordBuffer(EVENT_WORDS, 1024, () => {});
let at = 0;
const run = (commands: number): void => {
  for (let i = 0; i < commands; i++, at += COMMAND_WORDS) {
    // A time of today: too large for a small integer, so that a number kept on the heap would show.
    writeTimestamp(flow.words, at, 1_700_000_000_000_000 + at);
    engine.apply(flow.words, at, events);
  }
};

run(flow.prologue);
if (process.argv[2] === "told") openStreams();
run(WARM_COMMANDS);
const bytes: number[] = [];
for (let i = 0; i < STRETCHES; i++) bytes.push(await heapBytesPer(STRETCH_COMMANDS, run));
console.log(JSON.stringify({ bytes, sequence: engine.sequence }));

function openStreams(): void {
  const words = new Int32Array(COMMAND_WORDS);
  const terms = {
    kind: "session_open",
    session: 1n,
    who: "key",
    instance: 0,
    flags: 0,
    deadMan_ms: 0,
  } as const;
  for (let account = 0; account < engine.genesis.accountsMax; account++) {
    writeSessionCommand(words, 0, { ...terms, account });
    engine.apply(words, 0, events);
  }
}
