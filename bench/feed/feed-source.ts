// The exchange side of the bench of subscribers, a process of its own: an engine that is given commands at a steady rate, and its
// feeds over TCP. `open` answers with a port; `go` answers when the time is over. Packets are stamped by the machine's monotonic
// clock, which the readers have too.

import { type Clock, RecordBuffer } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { MarketFeeds } from "../../src/feed-runtime/index.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import { ChannelKind, COMMAND_WORDS, EVENT_WORDS, writeTimestamp } from "../../src/protocol/index.ts";
import { type Flow, MIXED, recordFlow } from "../engine/flows.ts";

export type FeedSourceOrder =
  | { readonly open: true }
  | { readonly go: { readonly duration_ms: number; readonly commandsPerSecond: number } };

export interface FeedSourceResult {
  /** Processor time of this process, all of its threads, for each event of the engine. */
  readonly usPerEvent: number;
}

/** Commands of the flow behind its prologue: enough for all runs. */
const COMMANDS = 400_000;
/** Before anybody comes: a history that somebody may ask for again. */
const BEFORE = 60_000;
const STEP_MS = 1;

class MonotonicClock implements Clock {
  wallMicros(): number {
    return this.monotonicMicros();
  }
  monotonicMicros(): number {
    const [seconds, nanos] = process.hrtime();
    return seconds * 1e6 + Math.floor(nanos / 1e3);
  }
}

class Exchange {
  readonly feeds: MarketFeeds;
  events = 0;
  readonly #flow: Flow;
  readonly #engine = new ExchangeEngine();
  readonly #clock = new MonotonicClock();
  readonly #records: RecordBuffer;
  #at = 0;

  constructor(flow: Flow) {
    this.#flow = flow;
    this.feeds = new MarketFeeds(
      { channels: Object.values(ChannelKind), tcp: { host: "127.0.0.1", port: 0 }, udp: [] },
      { clock: this.#clock, checksums: new NativeChecksums(), ended: () => {}, onUdpError: () => {} },
    );
    this.#records = new RecordBuffer(EVENT_WORDS, 512, (records) => {
      this.events += records.count;
      this.feeds.onEvents(records, this.#clock.wallMicros());
    });
    // The genesis comes first: without it there is nothing to tell of.
    this.#apply(flow.prologue, () => {});
    this.feeds.begin(this.#engine);
    this.feeds.onReset();
    for (let left = BEFORE; left > 0; left -= 500) this.run(500);
  }

  run(commands: number): void {
    this.#apply(commands, () => this.feeds.endCommand(this.#flow.words, this.#at));
    this.feeds.flush();
  }

  #apply(commands: number, applied: () => void): void {
    const { words, prologue } = this.#flow;
    for (let i = 0; i < commands; i++) {
      if (this.#at >= words.length) this.#at = prologue * COMMAND_WORDS;
      writeTimestamp(words, this.#at, this.#clock.wallMicros());
      this.#engine.apply(words, this.#at, this.#records);
      this.#records.drain();
      applied();
      this.#at += COMMAND_WORDS;
    }
  }
}

let exchange: Exchange | undefined;

async function obey(order: FeedSourceOrder): Promise<unknown> {
  if ("open" in order) {
    await exchange?.feeds.close();
    exchange = new Exchange(recordFlow(MIXED, COMMANDS, 1));
    const { tcp } = await exchange.feeds.open();
    return { port: tcp };
  }
  const { duration_ms, commandsPerSecond } = order.go;
  const began_ms = performance.now();
  const before = { events: exchange?.events ?? 0, cpu: process.cpuUsage() };
  let done = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsed_ms = performance.now() - began_ms;
      const due = Math.floor((elapsed_ms * commandsPerSecond) / 1e3) - done;
      exchange?.run(due);
      done += due;
      if (elapsed_ms < duration_ms) return;
      clearInterval(timer);
      resolve();
    }, STEP_MS);
  });
  const { user, system } = process.cpuUsage(before.cpu);
  const events = (exchange?.events ?? 0) - before.events;
  return { usPerEvent: (user + system) / events } satisfies FeedSourceResult;
}

process.on("message", (order: FeedSourceOrder) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
