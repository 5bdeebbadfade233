// Gigabytes a second out of a topic that lies on the disk (and, as it was just written, in the system's memory) to one subscriber and to
// ten who read the same, beside what iperf3 moves.

import { TAPE_PAYLOAD_BYTES_MAX } from "../../src/protocol/index.ts";
import { Child } from "../child.ts";
import { type BenchCase, measure, type Row } from "../harness.ts";
import type { Scratch } from "../scratch.ts";
import type { ReadersOrder, ReadersResult } from "./readers.ts";
import { withSide } from "./sides.ts";

/** 384 MiB: less than is kept. */
const BATCHES = 192;
const SHAPE = { payloadBytes: TAPE_PAYLOAD_BYTES_MAX, recordBytes: 1_024, ack: 1 } as const;

export async function benchDelivery({ directory }: Scratch, rounds: number): Promise<Row[]> {
  const load = new Child(import.meta.url, "load");
  const readers = new Child(import.meta.url, "readers");
  const topic = "bench-1";
  try {
    return await withSide("broker", directory, SHAPE.payloadBytes, async (broker) => {
      const filling = { connections: 1, batches: BATCHES, window: 4, order: 1, rate: 0, isBesideSlow: false };
      const { records } = await broker.take(load, { ...SHAPE, ...filling });
      const read = (name: string, subscribers: number): BenchCase => ({
        ...{ name, unit: "GB/s", better: "higher" },
        run: async () => {
          const order: ReadersOrder = { port: broker.ports[0], topic, subscribers, records };
          const { bytes, seconds } = await readers.ask<ReadersResult>(order);
          return bytes / seconds / 1e9;
        },
      });
      return measure([read("1 subscriber", 1), read("10 subscribers together", 10)], [], rounds);
    });
  } finally {
    await Promise.all([load.end(), readers.end()]);
  }
}
