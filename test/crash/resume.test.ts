// A node that is killed between request and answer, and started again on its data directory: a resuming client loses nothing
// and executes nothing twice. Judged by the journal, computed again. The orders never rest, so nothing but their request
// numbers keeps them from being executed twice.

import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { connectResumingOrderEntry, type OrderAnswer } from "../../src/client/index.ts";
import { reservePorts } from "../support/ports.ts";
import { killNodes, NodeProcess } from "./node-process.ts";
import { type Recount, recount } from "./recount.ts";

const SEED = Number(process.env.SERIATIM_SEED ?? Date.now() % 1_000_000);
const KILLS = Number(process.env.SERIATIM_KILLS ?? 2);

/** The least there is: it is prepared soon. */
const SEGMENT_BYTES = 2_097_152;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seriatim-resume-"));
});
afterEach(() => {
  killNodes();
  rmSync(folder, { recursive: true, force: true });
});

/** Of the segment that is being prepared. */
function preparedBytes(): number {
  const journal = join(folder, "journal");
  const name = readdirSync(journal).find((file) => file.endsWith(".tmp"));
  return name === undefined ? 0 : statSync(join(journal, name)).size;
}

const order = (id: number) =>
  ({ id, symbol: id % 4, side: "buy", price: 100, quantity: 1, timeInForce: "ioc" }) as const;

/** Every answer is the one and only execution of its order. */
function expectOnce(answers: readonly OrderAnswer[], accepts: Recount["accepts"]): void {
  const told = answers.map((answer) => [Number(answer.id), answer.accepted ? [answer.sequence] : answer]);
  expect(told).toEqual(answers.map(({ id }) => [Number(id), accepts.get(`1:${id}`)]));
  expect(accepts.size).toBe(answers.length);
}

test("orders that were taken and not answered are answered by the node that comes back, and executed once", async () => {
  const held = join(folder, "held");
  const args = ["--data-dir", folder, "--segment-bytes", String(SEGMENT_BYTES)];
  const [port] = await reservePorts(1);
  const node = await NodeProcess.start(args, { faults: { FAULT_HELD: held }, orderPort: port });
  const client = await connectResumingOrderEntry({ addresses: [{ port }], account: 1, patience_ms: 30_000 });
  const before = await client.submit(order(1));
  // The next segment is prepared, so the next thing that is synced is the next frame.
  await expect.poll(preparedBytes).toBe(SEGMENT_BYTES);
  await sleep(200);
  // From here on the disk takes commands and never says that they are safe: they are in the journal, unanswered.
  writeFileSync(held, "");
  const unanswered = Array.from({ length: 40 }, (_, i) => client.submit(order(i + 2)));
  await expect.poll(() => recount(folder).accepts.size).toBe(41);
  expect(client.inFlight).toBe(40);
  expect(await node.end("SIGKILL")).toBe("SIGKILL");
  rmSync(held);
  const again = await NodeProcess.start(args, { orderPort: port });
  const answers = [before, ...(await Promise.all(unanswered))];
  await client.close();
  expect(await again.end("SIGTERM")).toBe(0);
  const { accepts, repeats } = recount(folder);
  expectOnce(answers, accepts);
  expect(repeats).toBe(40);
});

test(`${KILLS} kills at any moment under load lose nothing, execute nothing twice, and nobody notices`, async () => {
  console.log(`seed ${SEED}`);
  const prng = new Prng(SEED);
  const args = ["--data-dir", folder, "--snapshot-every", "500"];
  const [port] = await reservePorts(1);
  let node = await NodeProcess.start(args, { orderPort: port });
  const client = await connectResumingOrderEntry({ addresses: [{ port }], account: 1, patience_ms: 30_000 });
  const answers: Promise<OrderAnswer>[] = [];
  let isOver = false;
  const trading = (async () => {
    while (!isOver) {
      if (client.writable) answers.push(client.submit(order(answers.length + 1)));
      else await client.ready();
      if (answers.length % 16 === 0) await sleep(1);
    }
  })();
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(prng.between(100, 400));
    expect(await node.end("SIGKILL")).toBe("SIGKILL");
    node = await NodeProcess.start(args, { orderPort: port });
  }
  isOver = true;
  await trading;
  const told = await Promise.all(answers);
  await client.close();
  expect(await node.end("SIGTERM")).toBe(0);
  const { accepts, repeats } = recount(folder);
  expectOnce(told, accepts);
  console.log(`${KILLS} kills, ${told.length} orders, each executed once; ${repeats} answered again`);
}, 120_000);
