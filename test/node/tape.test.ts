// The tape of a node: on its own thread, beside an exchange that does not need it.

import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  type Configuration,
  configurationOf,
  createLog,
  type RunningNode,
  startNode,
} from "../../src/node/index.ts";
import { TapePublisher } from "../../src/tape-runtime/index.ts";
import { killNodes, NodeProcess } from "../crash/node-process.ts";

// The tape's thread lets those go first that trade: a machine that is busy with other things keeps it waiting.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const lines: string[] = [];
const log = createLog({ level: "warn", human: false, write: (line) => lines.push(line) });
let folder = "";
let node: RunningNode | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seriatim-node-tape-"));
  lines.length = 0;
});
afterEach(async () => {
  await node?.stop().catch(() => {});
  node = undefined;
  killNodes();
  rmSync(folder, { recursive: true, force: true });
});

/** An exchange that keeps nothing, with a small tape. */
async function start(some: Partial<Configuration> = {}): Promise<RunningNode> {
  const ports = { orderPort: 0, httpPort: 0, tapePort: 0 };
  const small = { tapeStaging: 2, tapeDelivery: 2, ordersMax: 1_000, tapeDataDir: join(folder, "tape") };
  const { ...all } = {
    ...ports,
    ...small,
    durability: "off" as const,
    dataDir: join(folder, "data"),
    ...some,
  };
  node = await startNode(configurationOf(all), log);
  return node;
}

test("a node's tape listens, says its figures, and ends with the node", async () => {
  const { tapePort, status, stop } = await start().then((started) => ({
    tapePort: started.tapePort,
    status: () => started.status(),
    stop: () => started.stop(),
  }));
  expect(tapePort).toBeGreaterThan(0);
  await expect.poll(() => status().tape?.figures?.staging.buffers).toBe(2);
  expect(status()).toMatchObject({ status: "ok", tape: { figures: { port: tapePort, topicsTotal: 0 } } });
  const publisher = await TapePublisher.connect({ port: tapePort, topic: "t", publisher: 1, ack: 2 });
  await publisher.publishBatch([{ value: "one" }, { value: "two" }]);
  await publisher.close();
  await expect.poll(() => status().tape?.figures?.topics[0]?.nextRecord).toBe(3);
  const metrics = await (await fetch(`http://127.0.0.1:${node?.httpPort}/metrics`)).text();
  for (const line of [
    "seriatim_tape_up 1",
    'seriatim_tape_batches_total{step="acknowledged"} 1',
    'seriatim_tape_topic_next_record{topic="t"} 3',
    "seriatim_tape_staging_in_use 0",
  ])
    expect(metrics).toContain(`${line}\n`);
  await stop();
  expect(lines).toEqual([]);
  await new Promise<Server>((resolve) => {
    const server = createServer().listen(tapePort, "127.0.0.1", () => server.close(() => resolve(server)));
  });
});

test("a tape that fails leaves the exchange as it is: degraded, one line of error, a metric, and orders go on", async () => {
  const started = await start({ tapeSegmentBytes: 8_388_608 });
  const publisher = await TapePublisher.connect({
    ...{ port: started.tapePort, topic: "t", publisher: 1, ack: 2, reconnectFor_ms: 0 },
  });
  await publisher.publishBatch([{ value: "one" }]);
  // As if somebody had cleaned up: the next file of the topic can't be made.
  rmSync(join(folder, "tape", "topics"), { recursive: true });
  const value = Buffer.alloc(1_000_000);
  const published = Promise.all(
    Array.from({ length: 10 }, () => publisher.publishBatch([{ value }])).map((batch) =>
      batch.catch(() => {}),
    ),
  );
  await expect.poll(() => started.status().status).toBe("degraded");
  await published;
  const { reason, takesOrders, tape } = started.status();
  expect([takesOrders, tape?.failure]).toEqual([true, reason]);
  expect(reason).toMatch(/topics\/00000001.*\(ENOENT\)$/);
  const errors = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === "error");
  expect(errors).toMatchObject([{ msg: `${reason}; the exchange goes on without the tape` }]);
  const metrics = await (await fetch(`http://127.0.0.1:${started.httpPort}/metrics`)).text();
  expect(metrics).toMatch(/^seriatim_tape_up 0$/m);
  expect((await publisher.closed)?.code).toBeDefined();
  await started.stop();
});

test("a node without a tape has none, and makes no directory for it", async () => {
  const started = await start({ tapePort: -1, tapeStaging: 32, tapeDelivery: 16, tapeDataDir: "" });
  expect([started.tapePort, started.status().tape, existsSync(join(folder, "data"))]).toEqual([
    0,
    undefined,
    false,
  ]);
});

test("a tape that can't begin is a start that fails, in one line, with everything closed again", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as { port: number };
  await expect(start({ tapePort: port })).rejects.toThrow(`tape-port ${port} on 127.0.0.1 is in use`);
  await new Promise((resolve) => taken.close(resolve));
  mkdirSync(join(folder, "tape", "journal"), { recursive: true });
  await expect(start({ tapePort: port })).rejects.toMatchObject({
    code: "FOREIGN_DIRECTORY",
    message: `${join(folder, "tape")} is an exchange's, not a tape's: it holds journal`,
  });
  rmSync(join(folder, "tape"), { recursive: true });
  expect((await start({ tapePort: port })).tapePort).toBe(port);
});

test("a node's tape is exposed by no other rule than a listener's of its own", async () => {
  await expect(start({ tapeHost: "0.0.0.0" })).rejects.toThrow(
    /^tape-host 0\.0\.0\.0 can be reached by other machines, which needs TLS .* and a key with topics/,
  );
});

test("a node's tape that has synced behind its writer ends without a word, and closes no file twice", async () => {
  const paths = ["--data-dir", join(folder, "data"), "--tape-data-dir", join(folder, "tape")];
  const program = await NodeProcess.start([...paths, "--tape-port", "0", "--orders-max", "1000"]);
  const publisher = await TapePublisher.connect({
    ...{ port: program.tapePort, topic: "t", publisher: 1, ack: 1 },
  });
  const records = Array.from({ length: 16 }, () => ({ value: Buffer.alloc(60_000, 7) }));
  for (let i = 0; i < 20; i++) await publisher.publishBatch(records);
  await publisher.close();
  expect(await program.end("SIGTERM")).toBe(0);
  expect(program.stderr.split("\n").filter((line) => !line.startsWith('{"level":"info"'))).toEqual([""]);
});
