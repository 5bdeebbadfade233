// A node that publishes, as its operator and its readers see it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { connectOrderEntry } from "../../../src/client/index.ts";
import { configurationOf, createLog, type RunningNode, startNode } from "../../../src/node/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import { dropCopyText } from "../../../src/protocol/index.ts";
import { TapePublisher } from "../../../src/tape-runtime/index.ts";
import { readTopic } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "seriatim-publishing-"));
const lines: string[] = [];
let node: RunningNode | undefined;
afterEach(async () => {
  await node?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("both sides of a trade are in the topic when their answers are out, and the node says how far it has published", async () => {
  const log = createLog({ level: "info", human: false, write: (line) => lines.push(line) });
  const started = await startNode(
    configurationOf({
      ...{ orderPort: 0, httpPort: 0, dataDir: folder, segmentBytes: 2_097_152, ordersMax: 1_000 },
      ...{ tapePort: 0, tapePublish: ["reports"], tapeStaging: 2, tapeDelivery: 2 },
    }),
    log,
  );
  node = started;
  const orders = await connectOrderEntry({ host: "127.0.0.1", port: started.orderPort, account: 2 });
  await orders.submit({ id: 1, symbol: 0, side: "sell", price: 100, quantity: 5 });
  await orders.submit({ id: 2, symbol: 0, side: "buy", price: 100, quantity: 3 });
  await orders.close();
  const { durablePosition } = started.status();
  await expect.poll(() => started.status().tape?.published).toBe(durablePosition);
  const read = () => readTopic(started.tapePort, "reports");
  // That was handed to the tape, whose disk may still be at it.
  await expect.poll(async () => (await read()).records.length).toBe(4);
  const topic = await read();
  const checksums = new NativeChecksums();
  const told = topic.records.map(({ key, value }) => JSON.parse(dropCopyText(key, value, checksums) ?? ""));
  expect(told).toMatchObject([
    { account: 2, event: "accepted", id: "1", lastQuantity: 5 },
    { account: 2, event: "accepted", id: "2", lastQuantity: 3 },
    { account: 2, event: "traded", id: "2", liquidity: "taker", leaves: 0 },
    { account: 2, event: "traded", id: "1", liquidity: "maker", leaves: 2, cumulative: 3, last: true },
  ]);
  const stranger = { port: started.tapePort, topic: "exchange.reports", publisher: 2 };
  await expect(TapePublisher.connect(stranger)).rejects.toMatchObject({ code: "NOT_ALLOWED" });
  const metrics = await (await fetch(`http://127.0.0.1:${started.httpPort}/metrics`)).text();
  expect(metrics).toMatch(new RegExp(`^seriatim_tape_published_position ${durablePosition}$`, "m"));
  const said = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === "publishes to the tape");
  expect(said).toMatchObject([{ topics: ["exchange.reports"] }]);
});
