// What the system says of a process's threads, where there is /proc.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const hasThreadStates = existsSync("/proc/self/task");

/** A file of each of a process's threads; a thread may end while it is looked at. */
function told(pid: number | "self", file: "stat" | "wchan"): string[] {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).flatMap((task) => {
    try {
      return [readFileSync(join(tasks, task, file), "utf8")];
    } catch {
      return [];
    }
  });
}

/** Whether a thread of this name (15 bytes at most) of process `pid` waits for the kernel. */
export function sleeps(pid: number, name: string): boolean {
  return told(pid, "stat").some((stat) => stat.includes(`(${name}) S`));
}

/** Whether a thread of this process waits for somebody at the other end of a FIFO; as the kernel calls it, where it says so. */
export function opensFifo(): boolean {
  const waits = told("self", "wchan");
  return waits.includes("wait_for_partner") || waits.every((wait) => wait === "0");
}
