// The receiving side of the bench of ticks/1, a process of its own: clients that read every frame, or, beside the pump, bytes.
// The first order connects them, the second is answered when all connections have ended.

import { connect } from "node:net";
import { LatencyTracker, type Tick, TickIntake } from "../../src/feed/index.ts";
import { READ_PER_WORD_BYTES } from "./tick-pace.ts";

export type ReadersOrder =
  | { readonly port: number; readonly connections: number; readonly parses: boolean }
  | { readonly report: true };

export interface ReadersResult {
  readonly bytes: number;
  /** Ticks and heartbeats; 0 where only bytes are read. */
  readonly frames: number;
  /** Numbers that did not come, and bytes that were no frame. */
  readonly lost: number;
  /** From the first byte to the last. */
  readonly seconds: number;
  readonly p50_us: number;
  readonly p99_us: number;
}

const LANE = 4294967296;
/** A Subscribe to everything. */
const WORD = Buffer.from([0xff, 0, 0]);
/** Where everything is read into. */
const memory = Buffer.alloc(256 * 1_024);

class Readers {
  readonly ended: Promise<void>;
  bytes = 0;
  readonly intakes: TickIntake[] = [];
  readonly latency = new LatencyTracker();
  #first_ms = 0;
  #last_ms = 0;
  #now_ns = 0;
  #open = 0;
  readonly #end = Promise.withResolvers<void>();

  constructor() {
    this.ended = this.#end.promise;
  }

  get seconds(): number {
    return (this.#last_ms - this.#first_ms) / 1e3;
  }

  connect(port: number, parses: boolean): Promise<void> {
    const onTick = (tick: Tick): void =>
      this.latency.record(this.#now_ns - (tick.timestampHigh * LANE + tick.timestampLow));
    const listener = { onTrade: onTick, onQuote: onTick };
    const intake = parses ? new TickIntake({ listener, numbering: "connection" }) : undefined;
    if (intake !== undefined) this.intakes.push(intake);
    let unsaid = 0;
    const callback = (count: number): boolean => {
      this.#note(count);
      if (intake === undefined) return true;
      intake.push(memory, 0, count);
      unsaid += count;
      for (; unsaid >= READ_PER_WORD_BYTES; unsaid -= READ_PER_WORD_BYTES) socket.write(WORD);
      return true;
    };
    const socket = connect({ host: "127.0.0.1", port, noDelay: true, onread: { buffer: memory, callback } });
    return new Promise((resolve, reject) => {
      socket.on("connect", () => {
        this.#open++;
        resolve();
      });
      // Its end is told to whoever reads it as a stream, too.
      socket
        .resume()
        .on("error", reject)
        .on("close", () => {
          if (--this.#open === 0) this.#end.resolve();
        });
    });
  }

  #note(count: number): void {
    const [seconds, nanos] = process.hrtime();
    this.#now_ns = seconds * 1e9 + nanos;
    this.#last_ms = this.#now_ns / 1e6;
    if (this.bytes === 0) this.#first_ms = this.#last_ms;
    this.bytes += count;
  }
}

let readers = new Readers();

async function obey(order: ReadersOrder): Promise<unknown> {
  if ("report" in order) return report();
  readers = new Readers();
  for (let i = 0; i < order.connections; i++) await readers.connect(order.port, order.parses);
  return {};
}

async function report(): Promise<ReadersResult> {
  await readers.ended;
  const sum = (of: (intake: TickIntake) => number): number =>
    readers.intakes.reduce((total, intake) => total + of(intake), 0);
  const { p50_ns, p99_ns } = readers.latency.summary();
  return {
    bytes: readers.bytes,
    frames: sum(({ counters }) => counters.trades + counters.quotes + counters.heartbeats),
    lost: sum(({ counters }) => counters.framesLost + counters.skippedBytes),
    seconds: readers.seconds,
    p50_us: p50_ns / 1e3,
    p99_us: p99_ns / 1e3,
  };
}

process.on("message", (order: ReadersOrder) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
