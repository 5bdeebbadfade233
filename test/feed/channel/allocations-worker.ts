// Run as a process of its own, so that nothing else allocates: prints the heap bytes per command of a warm copy of the engine with
// its channels on, of several stretches of the mixed flow.

import { heapBytesPer } from "../../../bench/allocations.ts";
import { MIXED, recordFlow } from "../../../bench/engine/flows.ts";
import { RecordBuffer } from "../../../src/base/index.ts";
import { ExchangeEngine } from "../../../src/engine/index.ts";
import { ChannelPublisher } from "../../../src/feed/index.ts";
import { inlineDeeply, NativeChecksums, SystemClock } from "../../../src/platform/index.ts";
import { COMMAND_WORDS, EVENT_WORDS, writeTimestamp } from "../../../src/protocol/index.ts";

/** Long enough for the compiler to finish on a busy machine. */
const WARM_COMMANDS = 300_000;
const STRETCH_COMMANDS = 50_000;
const STRETCHES = 4;
/** A stretch with a collection in it is repeated with a quarter, and so on: together less than half as much again. */
const FLOW_COMMANDS = WARM_COMMANDS + STRETCHES * STRETCH_COMMANDS * 1.5;
const COMMANDS_PER_TURN = 256;
/** One number on the heap for all commands: what its caller does with times is not the publisher's. */
const TIMESTAMP_US = 1_700_000_000_000_000;

// As the command line does.
inlineDeeply();
const { words, prologue } = recordFlow(MIXED, FLOW_COMMANDS, 1);
for (let at = 0; at < words.length; at += COMMAND_WORDS) writeTimestamp(words, at, TIMESTAMP_US);
const engine = new ExchangeEngine();
let publisher: ChannelPublisher | undefined;
const events = new RecordBuffer(EVENT_WORDS, 512, (records) => publisher?.onEvents(records, TIMESTAMP_US));
let at = 0;
const run = (commands: number): void => {
  for (let i = 0; i < commands; i++, at += COMMAND_WORDS) {
    engine.apply(words, at, events);
    events.drain();
    publisher?.endCommand(words, at);
    if (i % COMMANDS_PER_TURN === 0) publisher?.endTurn();
  }
};

run(prologue);
publisher = new ChannelPublisher({
  source: engine,
  clock: new SystemClock(),
  checksums: new NativeChecksums(),
});
publisher.onReset();
run(WARM_COMMANDS);
const bytes: number[] = [];
for (let i = 0; i < STRETCHES; i++) bytes.push(await heapBytesPer(STRETCH_COMMANDS, run));
const packets = publisher.channels.map((channel) => channel.packets);
console.log(JSON.stringify({ bytes, packets }));
