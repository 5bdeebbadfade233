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
