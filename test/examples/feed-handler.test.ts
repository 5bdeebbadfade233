// examples/feed-handler.ts against a simulator of ticks.

import { afterEach, expect, test } from "vitest";
import { TickSimulator } from "../../src/feed-runtime/index.ts";
import { NetTransport, SystemClock } from "../../src/platform/index.ts";
import { Example, killExamples } from "./example.ts";

let simulator: TickSimulator | undefined;
afterEach(async () => {
  killExamples();
  await simulator?.close();
});

async function simulate(): Promise<number> {
  const transport = new NetTransport({ connectionsMax: 80 });
  const stream = { symbols: 10, rate: 5_000, seed: 7, market: "neutral", timeScale: 1 } as const;
  simulator = new TickSimulator({ transport, clock: new SystemClock(), ...stream });
  return simulator.listen({ host: "127.0.0.1", port: 0 });
}

test("feed-handler.ts says every second what came of the symbols it is told, and ends after so many messages", async () => {
  const port = String(await simulate());
  const { status, output } = await new Example("feed-handler.ts", "localhost", port, "1200", "3,4").ended();
  expect(status).toBe(0);
  expect(output).toMatch(/^open\nlive\n/);
  const line = /\n\d+\/s, 0 gaps, 0 lost, p50 \d+ us, p99 \d+ us; busiest SYM00[34] \d+\.\d\d \/ \d+\.\d\d\n/;
  expect(output).toMatch(line);
  expect(output).toMatch(/\nstopped\nended after 1200 messages: 0 lost, 0 damaged\n$/);
});

test("feed-handler.ts ends in order by a signal", async () => {
  const handler = new Example("feed-handler.ts", "127.0.0.1", String(await simulate()));
  await handler.prints("live");
  handler.child.kill("SIGINT");
  const { status, output } = await handler.ended();
  expect(status).toBe(0);
  expect(output).toMatch(/\nended after \d+ messages: 0 lost, 0 damaged\n$/);
});
