// examples/recorder.ts against a simulator of ticks.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { TICK_CLIENTS_MAX, TICK_CONNECTIONS_SPARE, TickSimulator } from "../../src/feed-runtime/index.ts";
import { NetTransport, SystemClock } from "../../src/platform/index.ts";
import { Example, killExamples } from "./example.ts";

test("recorder.ts plays back the bytes that the feed sent", async () => {
  const transport = new NetTransport({ connectionsMax: TICK_CLIENTS_MAX + TICK_CONNECTIONS_SPARE });
  const simulator = new TickSimulator({
    ...{
      transport,
      clock: new SystemClock(),
      symbols: 10,
      rate: 5_000,
      seed: 3,
      market: "neutral",
      timeScale: 1,
    },
  });
  const port = await simulator.listen({ host: "127.0.0.1", port: 0 });
  const folder = mkdtempSync(join(tmpdir(), "seriatim-example-"));
  onTestFinished(async () => {
    killExamples();
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const example = new Example("recorder.ts", "127.0.0.1", String(port), "0.5", join(folder, "recording"));
  const { status, output } = await example.ended();
  const [, bytes] = /^recorded (\d+) bytes to /m.exec(output) ?? [];
  expect(Number(bytes)).toBeGreaterThan(5_000);
  expect(output.endsWith(`played back: the same ${bytes} bytes\n`)).toBe(true);
  expect(status).toBe(0);
});

test("recorder.ts says why there is nothing to play back", async () => {
  onTestFinished(killExamples);
  const folder = mkdtempSync(join(tmpdir(), "seriatim-example-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { status, errors } = await new Example("recorder.ts", "127.0.0.1", "1", "0.1", folder).ended();
  expect(errors).toMatch(/^there is nothing to play back of 127\.0\.0\.1:1: .*ECONNREFUSED.*\n$/);
  expect(status).toBe(1);
});
