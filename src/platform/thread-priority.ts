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

/**
 * Work between two rests. A thread that wakes on a core where another runs waits for that one's time slice and the next tick of
 * the system's clock, 4 ms and more, whatever their priorities; when the other goes to sleep it runs at once.
 */
const WORK_MS = 0.5;
/** Long enough to give the core away; with what sleeping and waking take, a third of the work. */
const REST_MS = 0.1;

/** For a thread with much to do: to be called every fraction of a millisecond, sleeps a moment when it is time to. */
export function restNowAndThen(): () => void {
  const nobody = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let awakeSince_ms = performance.now();
  return () => {
    if (performance.now() - awakeSince_ms < WORK_MS) return;
    Atomics.wait(nobody, 0, 0, REST_MS);
    awakeSince_ms = performance.now();
  };
}
