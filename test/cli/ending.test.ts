// How a process ends whose thread can't be ended: it waits in the kernel, as for a disk that hangs.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { hasThreadStates, sleeps } from "../support/threads.ts";
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

/** A process of the command line that runs `thread`, and is to end by `ending`: its exit status or signal, and what it says. */
async function endBy(thread: string, ending: string) {
  const program = `
    import { Worker } from "node:worker_threads";
    import { endProcess, main } from ${JSON.stringify(new URL("../../src/cli/main.ts", import.meta.url))};
    await main(["--version"]);
    new Worker(${JSON.stringify(thread)}, { eval: true, name: "the-thread" });
    process.stdin.once("data", () => { ${ending} });`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program]);
  let [printed, said] = ["", ""];
  child.stdout.on("data", (text: Buffer) => {
    printed += text.toString();
  });
  child.stderr.on("data", (text: Buffer) => {
    said += text.toString();
  });
  const closed = once(child, "close");
  try {
    await until(() => printed.includes("ready") && sleeps(child.pid ?? 0, "the-thread"));
    child.stdin.write("end");
    const [code, signal] = await closed;
    return { end: code ?? signal, said };
  } finally {
    child.kill("SIGKILL");
  }
}

/** With each of `statuses`. */
const endOf = (thread: string, ...statuses: readonly number[]) =>
  endBy(thread, `for (const status of ${JSON.stringify(statuses)}) void endProcess(status);`);

const KILLED = "seriatim: killed: a thread of it waits for a disk that hangs\n";

// One that had stopped in order was there for as long as the disk of its tape hung.
test.skipIf(!hasThreadStates)(
  "a thread whose disk hangs is not waited for, also behind an end in order",
  async () => {
    expect(await endOf(HANGS, 0)).toEqual({ end: "SIGKILL", said: KILLED });
  },
);

const BUG = "seriatim: this is a bug: a bug (SERIATIM_DEBUG=1 shows where)\n";

// It was there for as long as the disk hung, and served nobody.
test.skipIf(!hasThreadStates)("nor behind an exception that nobody caught", async () => {
  const ending = `throw new Error("a bug")`;
  expect(await endBy(HANGS, ending)).toEqual({ end: "SIGKILL", said: BUG + KILLED });
});

// What a turn of the event loop lets out behind a bug nobody knows.
test.skipIf(!hasThreadStates)(
  "behind it nothing else happens, and the status is a failure's, also behind an end in order",
  async () => {
    const ending = `void endProcess(0); setImmediate(() => console.error("went on")); throw new Error("a bug");`;
    expect(await endBy(RUNS, ending)).toEqual({ end: 1, said: BUG });
  },
);

test.skipIf(!hasThreadStates).each([
  [[0], 0],
  [[1, 0], 1],
  [[0, 1], 1],
])("threads that can be ended are, and the highest status counts: %j", async (all, end) => {
  expect(await endOf(RUNS, ...all)).toEqual({ end, said: "" });
});
