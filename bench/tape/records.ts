// Records of 1 KiB a second: as the wire takes them, in batches made beforehand, and through the client library, record by record.

import { Child } from "../child.ts";
import { type BenchCase, measure, type Row } from "../harness.ts";
import type { Scratch } from "../scratch.ts";
import type { LibraryOrder, LibraryResult } from "./library.ts";
import { loadOn, withSide } from "./sides.ts";

const SHAPE = { payloadBytes: 1024 * 1024, recordBytes: 1_024, ack: 1, order: 1 } as const;
const RECORDS = 1_000_000;

export async function benchRecords({ directory }: Scratch, rounds: number): Promise<Row[]> {
  const load = new Child(import.meta.url, "load");
  const library = new Child(import.meta.url, "library");
  const made: BenchCase = {
    ...{ name: "records of 1 KiB in batches of 1 MiB, 4 connections", unit: "records/s", better: "higher" },
    run: async () => {
      const terms = { connections: 4, batches: RECORDS / 4 / 1_024, window: 8, rate: 0, isBesideSlow: false };
      const { records, seconds } = await loadOn(load, "broker", directory, {
        ...SHAPE,
        ...terms,
        batches: Math.floor(terms.batches),
      });
      return records / seconds;
    },
  };
  const throughLibrary: BenchCase = {
    ...{ name: "records of 1 KiB through one TapePublisher", unit: "records/s", better: "higher" },
    run: () =>
      withSide("broker", directory, SHAPE, async ([port]) => {
        const order: LibraryOrder = { port, records: RECORDS, valueBytes: 1_024 };
        const { seconds } = await library.ask<LibraryResult>(order);
        return RECORDS / seconds;
      }),
  };
  try {
    return await measure([made, throughLibrary], [], rounds);
  } finally {
    await Promise.all([load.end(), library.end()]);
  }
}
