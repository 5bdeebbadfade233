// Gigabytes a second into one topic, in batches of 2 MiB, with 1, 8 and 64 connections; how much of it is left with one slow publisher
// beside fifteen, with exactly-once order, and when every ack waits for the disk.

import { TAPE_PAYLOAD_BYTES_MAX } from "../../src/protocol/index.ts";
import { Child } from "../child.ts";
import { type BenchCase, measure, type RatioWanted, type Row } from "../harness.ts";
import type { Scratch } from "../scratch.ts";
import { hasIperf3, iperf3 } from "./iperf3.ts";
import { type LoadShape, RunningSide, type Side } from "./sides.ts";

/** Of one run, over all connections: a second or so. */
const BATCHES = 768;
const CONNECTIONS = [1, 8, 64] as const;
const FAST = 15;
const FULL: LoadShape = {
  ...{ payloadBytes: TAPE_PAYLOAD_BYTES_MAX, recordBytes: 1_024, connections: 1, batches: BATCHES },
  ...{ window: 4, order: 1, ack: 1, rate: 0, isBesideSlow: false },
};

const SIDES = { broker: "broker", pump: "bare pump", twin: "blocking twin" } as const;
const ALL_SIDES: readonly Side[] = ["broker", "pump", "twin", "durable twin"];

function nameOf(side: keyof typeof SIDES, connections: number): string {
  return `${SIDES[side]}, ${connections} x 2 MiB`;
}

function across(connections: number): Pick<LoadShape, "connections" | "batches"> {
  return { connections, batches: Math.ceil(BATCHES / connections) };
}

export async function benchIngest({ directory }: Scratch, rounds: number): Promise<Row[]> {
  const load = new Child(import.meta.url, "load");
  const running = new Map<Side, RunningSide>();
  const run = (name: string, side: Side, shape: Partial<LoadShape>): BenchCase => ({
    ...{ name, unit: "GB/s", better: "higher" },
    run: async () => {
      const result = await running.get(side)?.take(load, { ...FULL, ...shape });
      return result === undefined ? 0 : result.bytes / result.seconds / 1e9;
    },
  });
  const cases: BenchCase[] = [];
  const ratios: RatioWanted[] = [];
  const hasIperf = await hasIperf3();
  for (const connections of CONNECTIONS) {
    for (const side of ["broker", "pump", "twin"] as const)
      cases.push(run(nameOf(side, connections), side, across(connections)));
    const of = nameOf("broker", connections);
    ratios.push(
      { name: `${of} / bare pump`, of, to: nameOf("pump", connections), aim: { atLeast: 0.8 } },
      { name: `${of} / blocking twin`, of, to: nameOf("twin", connections), aim: { atLeast: 1 } },
    );
    if (!hasIperf) continue;
    const to = `iperf3, ${connections}`;
    const port = IPERF3_PORT + connections;
    cases.push({ name: to, unit: "GB/s", better: "higher", run: () => iperf3(port, connections) });
    ratios.push({ name: `${of} / iperf3`, of, to });
  }
  cases.push(...variants(run));
  try {
    for (const side of ALL_SIDES)
      running.set(side, await RunningSide.begin(side, directory, FULL.payloadBytes));
    return await measure(cases, [...ratios, ...VARIANT_RATIOS], rounds);
  } finally {
    await Promise.all([load.end(), ...[...running.values()].map((side) => side.end())]);
  }
}

/** Nothing else of this project listens here. */
const IPERF3_PORT = 15_200;

const UNORDERED = "broker, 8 x 2 MiB, order 0";
const EXACTLY_ONCE = "broker, 8 x 2 MiB, order 2";
const DURABLE = "broker, 8 x 2 MiB, ack 2";
const DURABLE_TWIN = "blocking twin, 8 x 2 MiB, ack 2";
const FIFTEEN = `broker, ${FAST} x 2 MiB`;
const BESIDE_SLOW = `broker, ${FAST} x 2 MiB beside a slow one`;

const VARIANT_RATIOS: readonly RatioWanted[] = [
  { name: "order 2 / order 0", of: EXACTLY_ONCE, to: UNORDERED, aim: { atLeast: 0.5 } },
  { name: "ack 2 / blocking twin, ack 2", of: DURABLE, to: DURABLE_TWIN, aim: { atLeast: 1 } },
  { name: "15 beside a slow one / 15", of: BESIDE_SLOW, to: FIFTEEN },
];

function variants(run: (name: string, side: Side, shape: Partial<LoadShape>) => BenchCase): BenchCase[] {
  return [
    run(UNORDERED, "broker", { ...across(8), order: 0 }),
    run(EXACTLY_ONCE, "broker", { ...across(8), order: 2 }),
    run(DURABLE, "broker", { ...across(8), ack: 2 }),
    run(DURABLE_TWIN, "durable twin", { ...across(8), ack: 2 }),
    run(FIFTEEN, "broker", across(FAST)),
    run(BESIDE_SLOW, "broker", { ...across(FAST), isBesideSlow: true }),
  ];
}
