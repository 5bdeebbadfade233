// A node with simulated traders on a thread of their own: they come with it, go before it, and never take it along.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import {
  type Configuration,
  configurationOf,
  createLog,
  type RunningNode,
  startNode,
} from "../../src/node/index.ts";
import { until } from "../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "seriatim-simulated-"));
const nodes: RunningNode[] = [];
let logged = "";
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop().catch(() => {});
  logged = "";
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(settings: Partial<Configuration>): Promise<RunningNode> {
  const small = { orderPort: 0, httpPort: 0, durability: "off", ordersMax: 10_000, symbols: ["A"] } as const;
  const write = (line: string) => {
    logged += line;
  };
  const log = createLog({ level: "info", human: true, write });
  const node = await startNode(configurationOf({ ...small, ...settings }), log);
  nodes.push(node);
  return node;
}

test.each(["spread", "single"] as const)(
  "with threads %s they trade, and their quotes end with the node",
  async (threads) => {
    const files: Partial<Configuration> = { durability: "buffered", segmentBytes: 4_194_304 };
    const journal = { dataDir: join(folder, threads), threads, ...files };
    const node = await start({ ...journal, simulate: 1_000 });
    await until(() => node.status().trades > 10);
    expect(node.status().ordersResting).toBeGreaterThan(10);
    expect(logged).toContain("simulated traders trade traders=8 symbols=1\n");
    const { position } = node.status();
    await node.stop();
    expect(logged).not.toMatch(/ (warn|error) /);
    const again = await start(journal);
    expect(again.status().position).toBeGreaterThan(position);
    expect(again.status().ordersResting).toBe(0);
  },
);

test("where nobody trades without a logon they log on", async () => {
  const node = await start({ simulate: 1_000, openOrderEntry: "off" });
  await until(() => node.status().trades > 10);
  expect(logged).not.toMatch(/ (warn|error) /);
});

test("an exchange of few accounts gives them the last ones, one of too few has none and goes on", async () => {
  const few = await start({ simulate: 1_000, accountsMax: 10 });
  await until(() => few.status().trades > 0);
  expect(logged).not.toMatch(/ (warn|error) /);
  const tooFew = await start({ simulate: 1_000, accountsMax: 7 });
  await until(() => logged.includes("warn"));
  expect(logged).toContain("there are no simulated traders: they need 8 accounts, but accounts-max is 7\n");
  expect(tooFew.status()).toMatchObject({ status: "ok", position: 2 });
});

test("when the node halts it does not wait for them", async () => {
  const dataDir = join(folder, "halts");
  const settings = { dataDir, durability: "buffered", segmentBytes: 4_194_304, simulate: 1_000 } as const;
  const node = await start(settings);
  await until(() => node.status().ordersResting > 10);
  rmSync(dataDir, { recursive: true });
  expect(await node.failed).toMatchObject({ code: "DATA_DIRECTORY_GONE" });
  await expect(node.stop()).rejects.toMatchObject({ code: "DATA_DIRECTORY_GONE" });
});
