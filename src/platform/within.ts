// Bounded waiting: every wait of an orderly stop has an end.

import type { Worker } from "node:worker_threads";

/** For a thread that is told to end and does not wait for the system. */
export const THREAD_END_MS = 1_000;

/** Waits for `work`, but no longer than `most_ms`; whether it was done by then. */
export async function within(work: Promise<unknown>, most_ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, most_ms, false);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Ends a thread at once. One that waits for a disk that hangs can't be ended before that answers: after THREAD_END_MS nobody waits for it.
 */
export async function endThread(worker: Worker): Promise<void> {
  if (!(await within(worker.terminate(), THREAD_END_MS))) worker.unref();
}
