// What the system says of a process's threads, where there is /proc.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const hasThreadStates = existsSync("/proc/self/task");

/** Whether a thread of this name (15 bytes at most) of process `pid` waits for the kernel. */
export function sleeps(pid: number, name: string): boolean {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).some((task) =>
    readFileSync(join(tasks, task, "stat"), "utf8").includes(`(${name}) S`),
  );
}

/** Whether a thread of this process waits for somebody at the other end of a FIFO; as the kernel calls it, where it says so. */
export function opensFifo(): boolean {
  const tasks = "/proc/self/task";
  const waits = readdirSync(tasks).map((task) => readFileSync(join(tasks, task, "wchan"), "utf8"));
  return waits.includes("wait_for_partner") || waits.every((wait) => wait === "0");
}
