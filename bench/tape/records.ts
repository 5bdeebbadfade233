// Records of 1 KiB a second: as the wire takes them, in batches made beforehand, and through the client library, record by record.

import { Child } from "../child.ts";
import { type BenchCase, measure, type Row } from "../harness.ts";
import type { Scratch } from "../scratch.ts";
import type { LibraryOrder, LibraryResult } from "./library.ts";
import { type RunningSide, withSide } from "./sides.ts";

const SHAPE = { payloadBytes: 1024 * 1024, recordBytes: 1_024, ack: 1, order: 1 } as const;
const RECORDS = 1_000_000;

export function benchRecords({ directory }: Scratch, rounds: number): Promise<Row[]> {
  return withSide("broker", directory, SHAPE.payloadBytes, async (broker) => {
    const load = new Child(import.meta.url, "load");
    const library = new Child(import.meta.url, "library");
    try {
      return await measure([made(broker, load), throughLibrary(broker, library)], [], rounds);
    } finally {
      await Promise.all([load.end(), library.end()]);
    }
  });
}

function made(broker: RunningSide, load: Child): BenchCase {
  return {
    ...{ name: "records of 1 KiB in batches of 1 MiB, 4 connections", unit: "records/s", better: "higher" },
    run: async () => {
      const batches = Math.floor(RECORDS / 4 / 1_024);
      const terms = { connections: 4, batches, window: 8, rate: 0, isBesideSlow: false };
      const { records, seconds } = await broker.take(load, { ...SHAPE, ...terms });
      return records / seconds;
    },
  };
}

function throughLibrary({ ports: [port] }: RunningSide, library: Child): BenchCase {
  return {
    ...{ name: "records of 1 KiB through one TapePublisher", unit: "records/s", better: "higher" },
    run: async () => {
      const order: LibraryOrder = { port, records: RECORDS, valueBytes: 1_024 };
      const { seconds } = await library.ask<LibraryResult>(order);
      return RECORDS / seconds;
    },
  };
}
