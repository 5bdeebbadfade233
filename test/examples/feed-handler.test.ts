// examples/feed-handler.ts against a simulator of ticks, and against an exchange's own feed.

import { afterEach, expect, test } from "vitest";
import { TickSimulator } from "../../src/feed-runtime/index.ts";
import { configurationOf, createLog, type RunningNode, startNode } from "../../src/node/index.ts";
import { NetTransport, SystemClock } from "../../src/platform/index.ts";
import { Example, killExamples } from "./example.ts";

let simulator: TickSimulator | undefined;
let node: RunningNode | undefined;
afterEach(async () => {
  killExamples();
  await simulator?.close();
  await node?.stop();
  node = undefined;
});

async function simulate(): Promise<number> {
  const transport = new NetTransport({ connectionsMax: 80 });
  const stream = { symbols: 10, rate: 5_000, seed: 7, market: "neutral", timeScale: 1 } as const;
  simulator = new TickSimulator({ transport, clock: new SystemClock(), ...stream });
  return simulator.listen({ host: "127.0.0.1", port: 0 });
}

test("feed-handler.ts says every second what came of the symbols it is told, and ends after so many messages", async () => {
  const port = String(await simulate());
  const { status, output } = await new Example(
    "feed-handler.ts",
    "ticks",
    "localhost",
    port,
    "1200",
    "3,4",
  ).ended();
  expect(status).toBe(0);
  expect(output).toMatch(/^open\nlive\n/);
  const line =
    /\n\d+\/s, 0 gaps, 0 lost, 0 damaged, p50 \d+ us, p99 \d+ us; busiest SYM00[34] \d+\.\d\d \/ \d+\.\d\d\n/;
  expect(output).toMatch(line);
  expect(output).toMatch(/\nstopped\nended after 1200 messages: 0 gaps, 0 lost, 0 damaged\n$/);
});

test("feed-handler.ts ends in order by a signal", async () => {
  const handler = new Example("feed-handler.ts", "ticks", "127.0.0.1", String(await simulate()));
  await handler.prints("live");
  handler.child.kill("SIGINT");
  const { status, output } = await handler.ended();
  expect(status).toBe(0);
  expect(output).toMatch(/\nended after \d+ messages: 0 gaps, 0 lost, 0 damaged\n$/);
});

test("feed-handler.ts builds an exchange's books from its own feed, and every sum agrees", async () => {
  const settings = {
    orderPort: 0,
    httpPort: 0,
    mdPort: 0,
    durability: "off",
    ordersMax: 10_000,
    simulate: 2_000,
    threads: "single",
  } as const;
  node = await startNode(configurationOf(settings), createLog({ level: "silent" }));
  const handler = new Example("feed-handler.ts", "levels", "127.0.0.1", String(node.mdPort), "400");
  const { status, output } = await handler.ended();
  expect(status).toBe(0);
  expect(output).toMatch(/^connect/);
  const end = /\nstopped\nended after 400 messages: 0 gaps, 0 lost, 0 of (\d+) sums wrong\n$/.exec(output);
  expect(Number(end?.[1])).toBeGreaterThan(0);
});
