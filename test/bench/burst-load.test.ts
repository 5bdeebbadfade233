// The load that compares what a command costs: its bursts must be frames, or sizes would be compared.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Child } from "../../bench/child.ts";
import type { BurstOrder, BurstResult } from "../../bench/durability/burst-load.ts";
import { ExchangeProcess } from "../../bench/exchange-process.ts";
import { inspectJournal } from "../../src/journal/index.ts";
import { EXCHANGE_RECORDS } from "../../src/node/exchange-records.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";

test("a burst is one frame of the journal, and all of it is accepted", async () => {
  const directory = mkdtempSync(join(tmpdir(), "seriatim-burst-"));
  const load = new Child(new URL("../../bench/durability/bench.ts", import.meta.url).href, "burst-load");
  const dataDir = join(directory, "data");
  const node = await ExchangeProcess.start({ dataDir, durability: "fsync", marketData: "off" });
  try {
    const order: BurstOrder = { port: node.ports.port, requests: 100, run_ms: 50 };
    const before = await node.figures();
    const { bursts, refused } = await load.ask<BurstResult>(order);
    const after = await node.figures();
    expect(refused).toBe(0);
    expect(bursts).toBeGreaterThan(0);
    expect(after.position - before.position).toBe(bursts * order.requests);
    await node.end();
    const parts = { storage: new NodeStorage(), checksums: new NativeChecksums(), rules: EXCHANGE_RECORDS };
    // The first is the genesis.
    expect(inspectJournal({ ...parts, directory: join(dataDir, "journal") }).frames).toBe(1 + bursts);
  } finally {
    await Promise.all([node.end(), load.end()]);
    rmSync(directory, { recursive: true, force: true });
  }
});
