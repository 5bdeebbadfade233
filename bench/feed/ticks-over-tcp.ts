// The simulator of ticks/1 to one client and to fifty: messages a second that all of them read without a loss, how late a
// tick is read at a steady rate, and what the same two processes do when they move bytes and nothing else.

import {
  ChunkPool,
  EncodedTick,
  TICK_STAGE_LIMITS,
  TickGenerator,
  TickSession,
} from "../../src/feed/index.ts";
import { heapBytesPer } from "../allocations.ts";
import { Child } from "../child.ts";
import { type BenchCase, measure, type RatioWanted, type Row, summarize } from "../harness.ts";
import type { ReadersOrder, ReadersResult } from "./tick-readers.ts";
import type { SourceKind, SourceOrder, SourceResult } from "./tick-source.ts";

const DURATION_ms = 1_500;
const CLIENTS = 50;
/** Of a tick, 7 quotes and 3 trades: what a byte of the pump is worth in messages. */
const TICK_BYTES = 0.7 * 44 + 0.3 * 32;
const RATE = 500_000;

interface Run {
  readonly kind: SourceKind;
  readonly rate: number;
  readonly connections: number;
}

const ONE = "1 client, as fast as it reads";
const MANY = `${CLIENTS} clients, as fast as they read, together`;
const PUMP_ONE = `bare pump, 1 connection, in ticks of ${TICK_BYTES.toFixed(1)} bytes`;
const PUMP_MANY = `bare pump, ${CLIENTS} connections, likewise`;
const RATIOS: readonly RatioWanted[] = [
  { name: "1 client / bare pump", of: ONE, to: PUMP_ONE },
  { name: `${CLIENTS} clients / bare pump`, of: MANY, to: PUMP_MANY },
];

export async function benchTicksOverTcp(rounds: number): Promise<Row[]> {
  const source = new Child(import.meta.url, "tick-source");
  const readers = new Child(import.meta.url, "tick-readers");
  try {
    const rows = await measure(casesOf(source, readers), RATIOS, rounds);
    rows.push(
      summarize("heap per tick made, queued and handed over", "bytes", "lower", [await heapPerTick()]),
    );
    return rows;
  } finally {
    await Promise.all([source.end(), readers.end()]);
  }
}

function casesOf(source: Child, readers: Child): BenchCase[] {
  const run = async ({ kind, rate, connections }: Run): Promise<ReadersResult> => {
    const order: SourceOrder = { open: kind, rate, connections };
    const { port } = await source.ask<{ port: number }>(order);
    const parses = kind !== "pump";
    await readers.ask({ port, connections, parses } satisfies ReadersOrder);
    const { lost } = await source.ask<SourceResult>({
      go: { duration_ms: DURATION_ms },
    } satisfies SourceOrder);
    const result = await readers.ask<ReadersResult>({ report: true } satisfies ReadersOrder);
    if (result.lost > 0) throw new Error(`${result.lost} frames or bytes were lost on the way`);
    // Late steps of a busy machine: the rate was not that one.
    return lost === 0 ? result : { ...result, p99_us: Number.POSITIVE_INFINITY };
  };
  const rate = (name: string, wanted: Run, atLeast?: number): BenchCase => ({
    ...{ name, unit: "messages/s", better: "higher" },
    ...(atLeast === undefined ? {} : { aim: { atLeast } }),
    run: async () => {
      const { frames, bytes, seconds } = await run(wanted);
      return (wanted.kind === "pump" ? bytes / TICK_BYTES : frames) / seconds;
    },
  });
  const late = (name: string, wanted: Run): BenchCase => ({
    ...{ name, unit: "us", better: "lower" },
    run: async () => (await run(wanted)).p99_us,
  });
  return [
    rate(ONE, { kind: "flat", rate: 1, connections: 1 }, RATE),
    rate(PUMP_ONE, { kind: "pump", rate: 0, connections: 1 }),
    rate(MANY, { kind: "flat", rate: 1, connections: CLIENTS }, 5 * RATE),
    rate(PUMP_MANY, { kind: "pump", rate: 0, connections: CLIENTS }),
    ...[10_000, 100_000].map((asked) =>
      rate(
        `1 client, ${asked} ticks/s asked for`,
        { kind: "paced", rate: asked, connections: 1 },
        0.99 * asked,
      ),
    ),
    late(`p99, ${RATE} ticks/s to 1 client`, { kind: "paced", rate: RATE, connections: 1 }),
    late(`p99, 20000 ticks/s to ${CLIENTS} clients`, { kind: "paced", rate: 20_000, connections: CLIENTS }),
  ];
}

/** The way of a tick without sockets. */
async function heapPerTick(): Promise<number> {
  const generator = new TickGenerator({ symbols: 100, rate: RATE, seed: 7, market: "neutral", timeScale: 1 });
  const session = new TickSession({ limits: TICK_STAGE_LIMITS, seed: 7 }, new ChunkPool(), 0);
  const tick = new EncodedTick();
  const make = (count: number): void => {
    for (let i = 0; i < count; i++) {
      generator.next();
      tick.encode(generator.tick);
      session.offer(tick, 0);
      if (i % 512 === 0) while (session.next(0)) session.written(0);
    }
  };
  make(2_000_000);
  return heapBytesPer(1_000_000, make);
}
