import { readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { restNowAndThen } from "../../src/platform/index.ts";

const MODULE = new URL("../../src/platform/thread-priority.ts", import.meta.url).href;

/** Field 19 of /proc/PID/stat, counted behind the name in brackets (proc(5)). */
function nicenessOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
}

test.runIf(process.platform === "linux")(
  "a thread that lets others go first has a lower priority, and no other thread has",
  async () => {
    const body = `
      import { readFileSync } from "node:fs";
      import { parentPort } from "node:worker_threads";
      import { letOthersGoFirst } from ${JSON.stringify(MODULE)};
      letOthersGoFirst();
      parentPort.postMessage(readFileSync("/proc/thread-self/stat", "utf8"));`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(body)}`));
    const stat = await new Promise<string>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    await worker.terminate();
    const here = readFileSync(`/proc/self/task/${basename(readlinkSync("/proc/thread-self"))}/stat`, "utf8");
    expect(nicenessOf(stat)).toBe(Math.max(nicenessOf(here), 10));
  },
);

test.runIf(process.platform === "linux")("a thread that rests now and then sleeps again and again", () => {
  const switches = (): number =>
    Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(readFileSync("/proc/thread-self/status", "utf8"))?.[1]);
  const before = switches();
  const rest = restNowAndThen();
  // Of its own time: on a busy machine it may not run for long. Both together: how the system divides them it estimates anew each time.
  const worked_ms = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1e3;
  };
  const until = worked_ms() + 20;
  while (worked_ms() < until) rest();
  expect(switches() - before).toBeGreaterThanOrEqual(3);
});
