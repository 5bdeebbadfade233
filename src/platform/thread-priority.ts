// How much of a busy processor a thread gets beside the others. Where there are more threads than cores, those that serve
// spectators must not make those wait that trade.

import { readlinkSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";
import { basename } from "node:path";

/**
 * Lets the threads of normal priority go before the calling thread, until it ends. Linux gives each thread a priority of its
 * own; elsewhere nothing happens.
 */
export function letOthersGoFirst(): void {
  try {
    // "<process>/task/<thread>" of whoever asks; a synchronous call is made by the calling thread.
    const thread = Number(basename(readlinkSync("/proc/thread-self")));
    setPriority(thread, Math.max(getPriority(), constants.priority.PRIORITY_BELOW_NORMAL));
  } catch {
    // No such file, or not allowed: then all threads are equal.
  }
}
