// What publishing the exchange's own feed costs the thread that follows the log: the copy of the engine alone, with all three channels and
// nobody listening, and with subscribers that take what they are given. A turn of the thread is so many commands, as under load. And
// heap bytes per command that the channels add.

import { RecordBuffer } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import {
  ChannelPublisher,
  FeedDesk,
  type FeedSession,
  SERVING_LIMITS,
  ServingCounters,
} from "../../src/feed/index.ts";
import { NativeChecksums, SystemClock } from "../../src/platform/index.ts";
import {
  ChannelKind,
  COMMAND_WORDS,
  EVENT_WORDS,
  encodeMdRequest,
  MdRequestType,
  writeTimestamp,
} from "../../src/protocol/index.ts";
import { heapBytesPer } from "../allocations.ts";
import { type Flow, MIXED, recordFlow } from "../engine/flows.ts";
import { type BenchCase, measure, type RatioWanted, type Row, summarize } from "../harness.ts";

const COMMANDS = 200_000;
const COMMANDS_PER_TURN = 256;
const ALLOCATING_COMMANDS = 100_000;
const WARM_COMMANDS = 300_000;
/** The time of every command: one number on the heap, so that what passes it on allocates none. */
const TIMESTAMP_US = 1_700_000_000_000_000;
const ALONE = "copy of the engine alone";
const SUBSCRIBERS = [0, 10, 1_000];
const FILTERED = 1_000;
const WITH_FILTERS = "three channels, 1,000 subscribers of one symbol each";

/** A copy of the exchange as the web's thread has it, at the end of the flow's prologue. */
class Copy {
  /** Events since the prologue. */
  events = 0;
  readonly #words: Int32Array;
  readonly #engine = new ExchangeEngine();
  readonly #records: RecordBuffer;
  #publisher: ChannelPublisher | undefined;
  #desk: FeedDesk | undefined;
  #at = 0;

  constructor(flow: Flow) {
    this.#words = flow.words;
    this.#records = new RecordBuffer(EVENT_WORDS, 512, (records) => {
      this.events += records.count;
      this.#publisher?.onEvents(records, TIMESTAMP_US);
    });
    this.run(flow.prologue);
    this.events = 0;
  }

  /** `symbolsOf`: what each subscriber wants; all when left out. */
  publish(subscribers: number, symbolsOf: (subscriber: number) => readonly number[] = () => []): this {
    const [source, clock, checksums] = [this.#engine, new SystemClock(), new NativeChecksums()];
    const publisher = new ChannelPublisher({ source, clock, checksums });
    publisher.onReset();
    this.#publisher = publisher;
    if (subscribers === 0) return this;
    const counters = new ServingCounters();
    const desk = new FeedDesk({ market: publisher, checksums, clock, limits: SERVING_LIMITS, counters });
    for (let i = 0; i < subscribers; i++) subscribe(desk, symbolsOf(i));
    while (desk.turn());
    this.#desk = desk;
    return this;
  }

  run(commands: number): void {
    for (let left = commands; left > 0; left -= COMMANDS_PER_TURN) {
      for (let i = Math.min(left, COMMANDS_PER_TURN); i > 0; i--) this.#apply();
      this.#publisher?.endTurn();
      if (this.#desk !== undefined) while (this.#desk.turn());
    }
  }

  #apply(): void {
    this.#engine.apply(this.#words, this.#at, this.#records);
    this.#records.drain();
    this.#publisher?.endCommand(this.#words, this.#at);
    this.#at += COMMAND_WORDS;
  }
}

/** One that wants every price level of these symbols, and takes at once what it is sent. */
function subscribe(desk: FeedDesk, symbols: readonly number[]): void {
  const seat = desk.enter({ send: () => true, close: () => {} }, "127.0.0.1");
  const { session } = seat as { session: FeedSession };
  session.received(
    encodeMdRequest({
      ...{ type: MdRequestType.Subscribe, channel: ChannelKind.Levels, conflate: false },
      ...{ epoch: 0, from: 0, symbols },
    }),
  );
}

/** Nanoseconds per event of a fresh copy. */
function timed(copy: Copy): number {
  const start = process.hrtime.bigint();
  copy.run(COMMANDS);
  return Number(process.hrtime.bigint() - start) / copy.events;
}

/** Heap bytes per command, warm. */
function allocatedBy(copy: Copy): Promise<number> {
  copy.run(WARM_COMMANDS);
  return heapBytesPer(ALLOCATING_COMMANDS, (count) => copy.run(count));
}

function recorded(commands: number): Flow {
  const flow = recordFlow(MIXED, commands, 1);
  for (let at = 0; at < flow.words.length; at += COMMAND_WORDS) writeTimestamp(flow.words, at, TIMESTAMP_US);
  return flow;
}

const withSubscribers = (count: number): string =>
  count === 0
    ? "three channels, nobody listens"
    : `three channels, ${count.toLocaleString("en")} subscribers`;

export async function benchPublishing(rounds: number): Promise<Row[]> {
  const flow = recorded(COMMANDS);
  const caseOf = (name: string, run: () => number): BenchCase => ({
    name,
    unit: "ns/event",
    better: "lower",
    run,
  });
  const cases = [
    caseOf(ALONE, () => timed(new Copy(flow))),
    ...SUBSCRIBERS.map((count) => caseOf(withSubscribers(count), () => timed(new Copy(flow).publish(count)))),
    caseOf(WITH_FILTERS, () => timed(new Copy(flow).publish(FILTERED, (i) => [i % MIXED.symbols]))),
  ];
  const ratios = SUBSCRIBERS.map(
    (count): RatioWanted => ({
      ...{
        name: `${withSubscribers(count)} / alone`,
        of: withSubscribers(count),
        to: ALONE,
        better: "lower",
      },
    }),
  );
  const rows = await measure(cases, ratios, rounds);
  const warmth = recorded(WARM_COMMANDS + 2 * ALLOCATING_COMMANDS);
  const bytes = (await allocatedBy(new Copy(warmth).publish(0))) - (await allocatedBy(new Copy(warmth)));
  return [
    ...rows,
    summarize("heap allocated per command by three channels", "bytes", "lower", [Math.max(0, bytes)]),
  ];
}
