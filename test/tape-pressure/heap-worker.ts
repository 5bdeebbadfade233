// Loaded before a broker (node --import): tells the parent once a second what the main thread's heap holds, in bytes.

import { isMainThread } from "node:worker_threads";

const WORD_MS = 1_000;

if (isMainThread) {
  setInterval(() => process.send?.(process.memoryUsage().heapUsed), WORD_MS).unref();
  process.channel?.unref();
}
