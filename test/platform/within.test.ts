// An end to every wait of an orderly stop, also for a thread that can't be ended.

import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test, vi } from "vitest";
import { endThread, within } from "../../src/platform/index.ts";
import { hasThreadStates, opensFifo, sleeps } from "../support/threads.ts";
import { until } from "../support/until.ts";

/** A thread that runs `body`, once it has said that it is about to. */
async function running(body: string): Promise<{ worker: Worker; exited: Promise<unknown> }> {
  const source = `const { parentPort } = require("node:worker_threads"); parentPort.postMessage("begun"); ${body}`;
  const worker = new Worker(source, { eval: true, name: "the-thread" });
  const exited = new Promise((resolve) => worker.once("exit", resolve));
  await new Promise((resolve) => worker.once("message", resolve));
  return { worker, exited };
}

test("a thread that works is ended at once", async () => {
  const { worker, exited } = await running("for (;;);");
  await endThread(worker);
  expect(await within(exited, 0)).toBe(true);
});

test.skipIf(!hasThreadStates)(
  "nobody waits for one whose disk hangs; it ends when that answers",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "within-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    // Opening it waits for who writes to it.
    const hanging = join(directory, "file");
    execFileSync("mkfifo", [hanging]);
    const open = `require("node:fs").openSync(${JSON.stringify(hanging)}, "r")`;
    const { worker, exited } = await running(`${open}; for (;;);`);
    await until(() => sleeps(process.pid, "the-thread") && opensFifo());
    await endThread(worker);
    expect(await within(exited, 0)).toBe(false);
    closeSync(openSync(hanging, constants.O_RDWR | constants.O_NONBLOCK));
    await exited;
  },
);

test("work that fails leaves no timer behind, which would keep its process for as long as it might have taken", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  await expect(within(Promise.reject(new Error("no")), 10_000)).rejects.toThrow("no");
  expect(vi.getTimerCount()).toBe(0);
});
