// Which cores a process may use, by util-linux's taskset: so what a node takes is told apart from what others on the same
// machine do to it.

import { execFileSync } from "node:child_process";
import { cpus } from "node:os";

const last = cpus().length - 1;
/** A core for whom it is about, and all but that for everybody else. */
export const Cores = { First: "0", Others: `1-${last}`, All: `0-${last}` } as const;

/** Why processes can't be kept to cores here, in a few words; undefined: they can. */
export function whyNotKept(): string | undefined {
  if (last === 0) return "the machine has one core";
  try {
    keepTo(Cores.All, [process.pid]);
    return undefined;
  } catch {
    return "taskset (util-linux) can't be run here";
  }
}

/** All threads of each process, and those that they start. */
export function keepTo(cores: string, processes: readonly number[]): void {
  for (const pid of processes) {
    execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", cores, String(pid)], { stdio: "ignore" });
  }
}
