// The end of this process, which waits for no disk. process.exit waits for every thread, and one whose disk hangs does not end: a node
// that has stopped, or failed, would be there for as long as that lasts, serve nobody, and be started again by nobody.

import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { within } from "../platform/index.ts";

/** For threads to end, and calls on files; milliseconds, unless the machine is very busy or the disk hangs. */
const END_MS = 5_000;
const KILLED = "seriatim: killed: a thread of it waits for a disk that hangs";
/** Between two looks whether such calls are left. */
const LOOK_MS = 20;

const threads = new Set<Worker>();

/** Keeps account of this process's threads from now on. */
export function watchThreads(): void {
  process.on("worker", (thread) => {
    threads.add(thread);
    thread.once("exit", () => threads.delete(thread));
  });
}

let ending: Promise<void> | undefined;
let worst = 0;

/**
 * Ends this process with `status`, the highest that it is called with: what fails behind an end in order is a failure. It is killed,
 * with a line that says why, when a thread of it has not ended within END_MS: whoever waits for its end sees SIGKILL then.
 */
export function endProcess(status: number): Promise<void> {
  worst = Math.max(worst, status);
  ending ??= end();
  return ending;
}

async function end(): Promise<void> {
  if (!(await endThreads())) {
    process.stderr.write(`${KILLED}\n`);
    process.kill(process.pid, "SIGKILL");
  }
  process.exit(worst);
}

/**
 * Ends this process now: behind a bug nobody knows what the next turn of its event loop would let out. So it can't look itself whether
 * its threads end; a process that lives as long as this one does so, and kills it when they have not within END_MS.
 */
export function endAtOnce(status: number): never {
  // The pipe to it is closed when this process is gone, so it never kills another one.
  const killer = `
    setTimeout(() => {
      console.error(${JSON.stringify(KILLED)});
      process.kill(${process.pid}, "SIGKILL");
    }, ${END_MS});
    process.stdin.on("close", () => process.exit()).resume();`;
  try {
    const stdio = ["pipe", "ignore", "inherit"] as const;
    spawn(process.execPath, ["--eval", killer], { stdio: [...stdio] }).on("error", () => {});
  } catch {
    // There is no room for it: whoever started this process has to see for himself.
  }
  process.exit(Math.max(worst, status));
}

/** Whether nothing is left that process.exit would wait for. Who watches over a thread is not told: it has not failed. */
async function endThreads(): Promise<boolean> {
  for (const thread of threads) thread.removeAllListeners().on("error", () => {});
  const ended = Promise.all(Array.from(threads, (thread) => thread.terminate()));
  return within(ended.then(callsDone), END_MS);
}

async function callsDone(): Promise<void> {
  while (process.getActiveResourcesInfo().some(isOfDisk)) await sleep(LOOK_MS);
}

/** A call on a file, on a thread of the runtime's pool: it can't be ended either. */
function isOfDisk(resource: string): boolean {
  return resource.startsWith("FSReq");
}
