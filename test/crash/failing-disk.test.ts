// A node as a process whose disk fails: it ends by itself with one line and exit status 1, in whatever it was doing,
// and nothing is acknowledged that was not safe.

import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectOrderEntry, type OrderEntryClient } from "../../src/client/index.ts";
import { killNodes, NodeProcess } from "./node-process.ts";

const SEGMENT_BYTES = 2_097_152;

let folder = "";
let fault = "";
let held = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seriatim-failing-"));
  fault = join(folder, "fault");
  held = join(folder, "held");
});
afterEach(() => {
  killNodes();
  rmSync(folder, { recursive: true, force: true });
});

const turnOn = () => writeFileSync(fault, "");
const settings = (...more: string[]) => [
  ...["--data-dir", join(folder, "data"), "--segment-bytes", String(SEGMENT_BYTES), "--log-level", "silent"],
  ...more,
];

/** What became of one order: acknowledged, refused for a reason, or that the connection went. */
function enter(client: OrderEntryClient, id: number): Promise<string> {
  return client.submit({ id, symbol: 0, side: "buy", price: 10, quantity: 1 }).then(
    (answer) => (answer.accepted ? "acknowledged" : answer.reason),
    () => "lost",
  );
}

/** Waits until the next segment is prepared: from then on the only syncs are those of frames. */
async function prepared(): Promise<void> {
  const next = join(folder, "data/journal/journal-0000000002.seg.tmp");
  while ((statSync(next, { throwIfNoEntry: false })?.size ?? 0) < SEGMENT_BYTES) await sleep(5);
}

const connect = (node: NodeProcess) => connectOrderEntry({ host: "127.0.0.1", port: node.orderPort });

test.each(["spread", "single"])(
  "a sync that fails under load, threads %s: the node ends with 1, and what waited for it is not acknowledged",
  async (threads) => {
    const node = await NodeProcess.start(settings("--threads", threads), { faults: { FAULT_SYNC: fault } });
    const client = await connect(node);
    await prepared();
    expect(await enter(client, 1)).toBe("acknowledged");
    turnOn();
    const ended = node.ended();
    expect(await enter(client, 2)).toBe("lost");
    expect(await ended).toBe(1);
    expect(node.stderr).toMatch(/^seriatim: cannot sync .*\/journal-0000000001\.seg: .*\(EIO\)\n$/);
  },
);

test("a sync that fails when a signal has asked for the end, in mode flush: still 1", async () => {
  const node = await NodeProcess.start(settings("--durability", "flush"), { faults: { FAULT_SYNC: fault } });
  const client = await connect(node);
  await prepared();
  expect(await enter(client, 1)).toBe("acknowledged");
  turnOn();
  expect(await node.end("SIGTERM")).toBe(1);
  expect(node.stderr).toMatch(/^seriatim: cannot sync .*\(EIO\)\n$/);
});

/** A node with one order whose sync is held, and that has been asked to end: its port is closed. */
async function endingNode(): Promise<{
  node: NodeProcess;
  ended: Promise<unknown>;
  order: Promise<string>;
  other: OrderEntryClient;
}> {
  const node = await NodeProcess.start(settings(), { faults: { FAULT_SYNC: fault, FAULT_HELD: held } });
  const [client, other] = [await connect(node), await connect(node)];
  await prepared();
  expect(await enter(client, 1)).toBe("acknowledged");
  writeFileSync(held, "");
  const order = enter(client, 2);
  // Answered behind the order by the same session: so the order is in.
  await client.heartbeat();
  const ended = node.ended();
  node.signal("SIGTERM");
  while (
    await connect(node).then(
      () => true,
      () => false,
    )
  )
    await sleep(5);
  return { node, ended, order, other };
}

test("a sync that fails while the end waits for it: 1, and no acknowledgement", async () => {
  const { node, ended, order } = await endingNode();
  turnOn();
  rmSync(held);
  expect(await ended).toBe(1);
  expect(await order).toBe("lost");
  expect(node.stderr).toMatch(/^seriatim: cannot sync .*\(EIO\)\n$/);
});

test("a journal's thread that ends before it has read the log: the start fails in one line", async () => {
  const started = NodeProcess.start(settings(), { faults: { FAULT_THREAD: "1" } });
  await expect(started).rejects.toThrow(
    "the node ended with 1: seriatim: the journal's thread ended: Error: ended by a test",
  );
});

test("a journal's thread that ends without a word while it runs ends the node with 1", async () => {
  const node = await NodeProcess.start(settings(), { faults: { FAULT_EXIT: fault } });
  const client = await connect(node);
  await prepared();
  expect(await enter(client, 1)).toBe("acknowledged");
  turnOn();
  const ended = node.ended();
  expect(await enter(client, 2)).toBe("lost");
  expect(await ended).toBe(1);
  expect(node.stderr).toBe("seriatim: the journal's thread ended: exit code 0\n");
});

test("a second signal ends a node that waits for its disk at once, with 1 and a line", async () => {
  const { node, ended, order } = await endingNode();
  // Again and again: what follows the first one at once counts as the same request.
  const asking = setInterval(() => node.signal("SIGINT"), 50);
  expect(await ended).toBe(1);
  clearInterval(asking);
  expect(await order).toBe("lost");
  expect(node.stderr).toBe("seriatim: ended by a second SIGINT before everything was closed\n");
});

test("asked to end, a node answers what is in flight and refuses what comes meanwhile, then ends with 0", async () => {
  const { node, ended, order, other } = await endingNode();
  expect(await enter(other, 3)).toBe("ShuttingDown");
  rmSync(held);
  expect(await order).toBe("acknowledged");
  expect(await ended).toBe(0);
  expect(node.stderr).toBe("");
});
