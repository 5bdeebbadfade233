// Where a real node says its time goes: every stage a request passes is told of, and those it does not pass are not.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectOrderEntry } from "../../src/client/index.ts";
import {
  type Configuration,
  configurationOf,
  createLog,
  type RunningNode,
  startNode,
} from "../../src/node/index.ts";
import { STAGES } from "../../src/runtime/index.ts";

/** What a request passes in a node without replicas. */
const ALONE = STAGES.filter((stage) => stage !== "replicate");

let directory = "";
let node: RunningNode | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-latency-"));
});
afterEach(async () => {
  await node?.stop();
  node = undefined;
  rmSync(directory, { recursive: true, force: true });
});

/** A node that has taken 500 orders, one after another, and counted them. */
async function traded(some: Partial<Configuration>): Promise<RunningNode> {
  const ports = { orderPort: 0, httpPort: 0, segmentBytes: 4_194_304, dataDir: directory };
  const loaded = configurationOf({ ...ports, ...some });
  node = await startNode(loaded, createLog({ level: "silent" }));
  const client = await connectOrderEntry({ host: "127.0.0.1", port: node.orderPort });
  for (let id = 1; id <= 500; id++)
    await client.submit({ id, symbol: 0, side: "buy", price: id, quantity: 1 });
  await client.close();
  await expect.poll(() => node?.status().stageTotals.whole?.count).toBe(500);
  return node;
}

test.each(["spread", "single"] as const)("with threads %s every stage is told of", async (threads) => {
  const busy = await traded({ threads });
  const { stageTotals, gateWaits } = busy.status();
  expect(Object.keys(stageTotals)).toEqual(ALONE);
  for (const stage of ["journal", "gate", "send"] as const)
    expect(stageTotals[stage]?.count).toBeGreaterThan(450);
  for (const stage of ["receive", "decode", "sequence", "match", "encode"] as const)
    expect(stageTotals[stage]?.count).toBeGreaterThan(0);
  // On one thread the journal is done before the gate looks.
  if (threads === "spread") expect(gateWaits.disk).toBeGreaterThan(0);
  else expect(gateWaits).toEqual({ disk: 0 });
  const page = await (await fetch(`http://127.0.0.1:${busy.httpPort}/metrics`)).text();
  for (const stage of ALONE)
    expect(page).toMatch(
      new RegExp(`^seriatim_stage_latency_seconds_count\\{stage="${stage}"\\} [1-9]`, "m"),
    );
});

test("without a journal there is none to tell of, and nobody is waited for", async () => {
  const { stageTotals, gateWaits } = (await traded({ durability: "off" })).status();
  expect(Object.keys(stageTotals)).toEqual(ALONE.filter((stage) => stage !== "journal"));
  expect(gateWaits).toEqual({ disk: 0 });
});

test("the documentation tells of every stage, in the order a request meets them", () => {
  const page = readFileSync(new URL("../../docs/latency.md", import.meta.url), "utf8");
  const listed = Array.from(page.matchAll(/^\| `(\w+)` \|/gm), ([, name]) => name);
  expect(listed).toEqual([...STAGES]);
});
