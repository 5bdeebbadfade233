// examples/recorder.ts against a simulator of ticks.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
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

// Each run left its recording, of megabytes, where nobody looks.
test("recorder.ts leaves no directory of its own behind, whether it fails or is ended by a signal", async () => {
  const folder = mkdtempSync(join(tmpdir(), "seriatim-example-"));
  vi.stubEnv("TMPDIR", folder);
  onTestFinished(() => {
    killExamples();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  const failed = new Example("recorder.ts", "127.0.0.1", "1", "0.1");
  expect((await failed.ended()).status).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
  const ended = new Example("recorder.ts", "127.0.0.1", "1", "600");
  await ended.prints("recording 127.0.0.1:1 for 600 s");
  expect(readdirSync(folder)).toHaveLength(1);
  ended.child.kill("SIGINT");
  expect((await ended.ended()).status).toBe(130);
  expect(readdirSync(folder)).toEqual([]);
});

test("recorder.ts says why there is nothing to play back", async () => {
  onTestFinished(killExamples);
  const folder = mkdtempSync(join(tmpdir(), "seriatim-example-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { status, errors } = await new Example("recorder.ts", "127.0.0.1", "1", "0.1", folder).ended();
  expect(errors).toMatch(/^there is nothing to play back of 127\.0\.0\.1:1: .*ECONNREFUSED.*\n$/);
  expect(status).toBe(1);
});
