// A real disk that runs full under load: the node refuses orders with a reason while there is still room for what is
// under way, says so, and takes orders again when the disk has room. Everything it acknowledged is there after a
// restart. Needs the right to mount a small file system in memory.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectOrderEntry } from "../../src/client/index.ts";
import { createLog } from "../../src/node/index.ts";
import { TestCluster } from "../node/cluster-support.ts";
import { until } from "../support/until.ts";
import { killNodes, NodeProcess } from "./node-process.ts";
import { OrderLedger } from "./order-ledger.ts";

/** Two segments of 2 MiB and a little: the third can't be made. */
const SMALL = "size=5m";
/** The second can't. */
const SMALLER = "size=3m";
const ARGS = ["--segment-bytes", "2097152"];

const disk = mkdtempSync(join(tmpdir(), "seriatim-disk-"));
let refusal: string | undefined;

beforeAll(() => {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", SMALL, "seriatim-test", disk], { stdio: "pipe" });
  } catch (error) {
    refusal = String((error as { stderr?: Buffer }).stderr ?? error).trim();
  }
});
afterAll(() => {
  killNodes();
  // Lazily: a process that was just killed may hold it for another moment.
  if (refusal === undefined) execFileSync("umount", ["-l", disk]);
  rmSync(disk, { recursive: true, force: true });
});

async function health(node: NodeProcess): Promise<{ readonly status: string; readonly reason?: string }> {
  const response = await fetch(`http://127.0.0.1:${node.httpPort}/healthz`);
  return (await response.json()) as { status: string; reason?: string };
}

/** Why one order far from the market is refused; "taken" when it is not. */
async function refusalOfOrder(node: NodeProcess): Promise<string> {
  const client = await connectOrderEntry({ host: "127.0.0.1", port: node.orderPort });
  const answer = await client.submit({ id: 1, symbol: 0, side: "buy", price: 1, quantity: 1 });
  await client.close();
  return answer.accepted ? "taken" : answer.reason;
}

test("a full disk has orders refused until there is room, and nothing acknowledged is lost", async ({
  skip,
}) => {
  skip(refusal !== undefined, `no file system can be mounted (${refusal})`);
  const node = await NodeProcess.start(["--data-dir", join(disk, "data"), ...ARGS]);
  const ledgers = Array.from({ length: 16 }, () => new OrderLedger());
  // Each trades until an order is refused.
  await Promise.all(
    ledgers.map(async (ledger, i) => {
      await ledger.trade(
        await connectOrderEntry({ host: "127.0.0.1", port: node.orderPort, account: i + 1 }),
      );
    }),
  );
  expect(await refusalOfOrder(node)).toBe("DiskFull");
  expect(await health(node)).toMatchObject({
    status: "degraded",
    reason: expect.stringMatching(
      /^new orders are refused: .*journal-\d+\.seg\.tmp: no space left on the disk/,
    ),
  });
  const lines = node.stderr
    .trim()
    .split("\n")
    .filter((line) => line.includes("no room for the log"));
  expect(lines).toHaveLength(1);

  execFileSync("mount", ["-o", "remount,size=64m", disk]);
  while ((await refusalOfOrder(node)) !== "taken") await sleep(100);
  expect((await health(node)).status).toBe("ok");
  expect(await node.end("SIGTERM")).toBe(0);
  const again = await NodeProcess.start(["--data-dir", join(disk, "data"), ...ARGS]);
  let acknowledged = 0;
  for (const [i, ledger] of ledgers.entries()) {
    const client = await connectOrderEntry({
      host: "127.0.0.1",
      port: again.orderPort,
      account: i + 1,
      window: 1024,
    });
    const sure = ledger.orders.filter((order) => order.entered === "yes" && order.cancelled === "no");
    acknowledged += sure.length;
    for (let from = 0; from < sure.length; from += 512) {
      const some = sure.slice(from, from + 512);
      const answers = await Promise.all(some.map(({ id }) => client.cancel({ id, symbol: id % 4 })));
      expect(answers.filter((answer) => !answer.accepted)).toEqual([]);
    }
    await client.close();
  }
  expect(acknowledged).toBeGreaterThan(1_000);
  expect(await again.end("SIGTERM")).toBe(0);
});

// It said ok until it ended.
test("a replica with no room for its next segment says so before it ends, and no more when there is room", async ({
  skip,
}) => {
  skip(refusal !== undefined, `no file system can be mounted (${refusal})`);
  const small = mkdtempSync(join(tmpdir(), "seriatim-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", SMALLER, "seriatim-test", small]);
  const cluster = new TestCluster("north", "south");
  const lines: string[] = [];
  try {
    const { replicationPort } = await cluster.startPrimary({ ackPolicy: "disk" });
    const write = (line: string) => line.includes("room for the log") && lines.push(line);
    const log = createLog({ level: "warn", human: true, write });
    const south = await cluster.follow("south", replicationPort, { dataDir: join(small, "south") }, log);
    await until(() => /^no room for the log to grow, this replica ends/.test(south.status().reason ?? ""));
    expect([south.status().status, lines.length]).toEqual(["degraded", 1]);
    execFileSync("mount", ["-o", "remount,size=64m", small]);
    await until(() => south.status().status === "ok");
    expect(lines[1]).toContain("there is room for the log again");
  } finally {
    await cluster.end();
    execFileSync("umount", ["-l", small]);
    rmSync(small, { recursive: true, force: true });
  }
});
