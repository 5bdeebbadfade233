// The tape beside what moves the same bytes and does less: a bare pump, a blocking twin, iperf3. One machine, loopback and a real
// disk; each side keeps half a gigabyte of files, so that no run is measured against the disk's write-back of another.

import type { BenchResult, Row, SideTable } from "../harness.ts";
import { withScratch } from "../scratch.ts";
import { benchDelivery } from "./delivery.ts";
import { benchIngest } from "./ingest.ts";
import { benchLatency } from "./latency.ts";
import { benchRecords } from "./records.ts";

export function benchTape(rounds: number): Promise<BenchResult> {
  return withScratch(async (scratch) => {
    const rows: Row[] = [];
    const tables: SideTable[] = [];
    for (const part of [benchIngest, benchRecords, benchDelivery])
      rows.push(...(await part(scratch, rounds)));
    rows.push(...(await benchLatency(scratch, rounds)));
    const about = `Batches over TCP into a topic and out of it again, on ${scratch.fileSystem}`;
    return { bench: "tape", about, rounds, rows, tables };
  });
}
