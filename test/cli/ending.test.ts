// How a process ends whose thread can't be ended: it waits in the kernel, as for a disk that hangs.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { until } from "../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "seriatim-ending-"));
const fifo = join(folder, "fifo");
execFileSync("mkfifo", [fifo]);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RUNS = `
  import { openSync, writeSync } from "node:fs";
  import { parentPort } from "node:worker_threads";
  parentPort.on("message", () => {});
  writeSync(1, "ready");`;
/** Opening it waits for somebody who writes to it. */
const HANGS = `${RUNS} openSync(${JSON.stringify(fifo)});`;

/** Whether the thread of process `pid` waits for the kernel. */
function sleeps(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).some((task) =>
    readFileSync(join(tasks, task, "stat"), "utf8").includes("(the-thread) S"),
  );
}

/** A process that runs `thread`, and then is to end with each of `statuses`: its exit status or signal, and what it says. */
async function endOf(thread: string, ...statuses: readonly number[]) {
  const program = `
    import { Worker } from "node:worker_threads";
    import { endProcess, watchThreads } from ${JSON.stringify(new URL("../../src/cli/ending.ts", import.meta.url))};
    watchThreads();
    new Worker(${JSON.stringify(thread)}, { eval: true, name: "the-thread" });
    process.stdin.once("data", () => {
      for (const status of ${JSON.stringify(statuses)}) void endProcess(status);
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program]);
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said += text.toString();
  });
  const closed = once(child, "close");
  try {
    await once(child.stdout, "data");
    await until(() => sleeps(child.pid ?? 0));
    child.stdin.write("end");
    const [code, signal] = await closed;
    return { end: code ?? signal, said };
  } finally {
    child.kill("SIGKILL");
  }
}

const hasTasks = existsSync("/proc/self/task");

// One that had stopped in order was there for as long as the disk of its tape hung.
test.skipIf(!hasTasks)(
  "a thread whose disk hangs is not waited for, also behind an end in order",
  async () => {
    const said = "seriatim: killed: a thread of it waits for a disk that hangs\n";
    expect(await endOf(HANGS, 0)).toEqual({ end: "SIGKILL", said });
  },
);

test.skipIf(!hasTasks).each([[[0]], [[1, 0]]])(
  "threads that can be ended are, and the first status counts: %j",
  async (all) => {
    expect(await endOf(RUNS, ...all)).toEqual({ end: all[0], said: "" });
  },
);
