// How long a batch waits for its ack at a tenth, half and nine tenths of what the broker took at full speed in the same round, timed
// from when the batch was due: so a stall counts for all it holds up.

import { Child } from "../child.ts";
import { type Row, summarize } from "../harness.ts";
import type { Scratch } from "../scratch.ts";
import { type LoadShape, type RunningSide, withSide } from "./sides.ts";

const SHARES = [0.1, 0.5, 0.9] as const;
/** Of one run. */
const SECONDS = 2;
const PEAK_BATCHES = 4_000;
const SHAPE: LoadShape = {
  ...{ payloadBytes: 64 * 1_024, recordBytes: 1_024, connections: 8, batches: PEAK_BATCHES / 8 },
  ...{ window: 32, order: 1, ack: 1, rate: 0, isBesideSlow: false },
};

export function benchLatency({ directory }: Scratch, rounds: number): Promise<Row[]> {
  return withSide("broker", directory, SHAPE.payloadBytes, async (broker) => {
    const load = new Child(import.meta.url, "load");
    try {
      const rows: Row[] = [];
      for (const ack of [1, 2]) rows.push(...(await latencyAt(load, broker, ack, rounds)));
      return rows;
    } finally {
      await load.end();
    }
  });
}

async function latencyAt(load: Child, broker: RunningSide, ack: number, rounds: number): Promise<Row[]> {
  const values = new Map<string, number[]>();
  const note = (name: string, value: number): void => {
    values.set(name, [...(values.get(name) ?? []), value]);
  };
  for (let round = -1; round < rounds; round++) {
    const peak = await broker.take(load, { ...SHAPE, ack });
    const batches_per_s = (SHAPE.connections * SHAPE.batches) / peak.seconds;
    if (round >= 0) note(peakName(ack), batches_per_s);
    for (const share of SHARES) {
      const rate = batches_per_s * share;
      const batches = Math.max(1, Math.floor((rate * SECONDS) / SHAPE.connections));
      const { p50_us, p99_us } = await broker.take(load, { ...SHAPE, ack, rate, batches });
      if (round < 0) continue;
      note(`ack ${ack}, ${100 * share} % of peak, p50`, p50_us);
      note(`ack ${ack}, ${100 * share} % of peak, p99`, p99_us);
    }
  }
  return Array.from(values, ([name, some]) =>
    name === peakName(ack)
      ? summarize(name, "batches/s", "higher", some)
      : summarize(name, "us", "lower", some),
  );
}

function peakName(ack: number): string {
  return `ack ${ack}, 8 connections, batches of 64 KiB, peak`;
}
