// Tells the JIT compiler how far it may inline. A process-wide setting, so programs make it, libraries don't: the command
// line and the benchmarks call it first of all; who embeds a node or the engine may, too. And where it works for a thread
// that lets others go first. Why and how much: docs/adr/compiler-settings.md.

import { setFlagsFromString } from "node:v8";
import type { Worker } from "node:worker_threads";

/** Bytecodes that may be inlined into one function, in all; V8's default is 920. */
const INLINED_BYTES_MAX = 8_000;
/** Beyond so many not even a getter is inlined, whatever budget is left: above the budget. V8's default is 4,600. */
const INLINED_BYTES_ABSOLUTE_MAX = 20_000;
/** Bytecodes of a single function that may be inlined; V8's default is 460. */
const INLINED_FUNCTION_BYTES_MAX = 1_000;

/** To be called before the code that shall profit has become hot. */
export function inlineDeeply(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_BYTES_MAX}`);
  setFlagsFromString(`--max-inlined-bytecode-size-absolute=${INLINED_BYTES_ABSOLUTE_MAX}`);
  setFlagsFromString(`--max-inlined-bytecode-size=${INLINED_FUNCTION_BYTES_MAX}`);
}

/** Threads on their way that are to compile by themselves. */
let starting = 0;

/**
 * Starts a thread by `start` whose code is compiled on itself, and so at its priority. Otherwise V8 does it on helpers that
 * all threads share: they are of normal priority, and where cores are few they hold up whoever trades. V8 asks when it makes
 * the thread's heap, so the setting is of the process only until the thread runs.
 */
export function compilingByItself(start: () => Worker): Worker {
  if (starting++ === 0) setFlagsFromString("--no-concurrent-recompilation");
  let isStarting = true;
  const started = (): void => {
    if (!isStarting) return;
    isStarting = false;
    if (--starting === 0) setFlagsFromString("--concurrent-recompilation");
  };
  try {
    // One that ends before it runs has an exit only.
    return start().once("online", started).once("exit", started);
  } catch (error) {
    started();
    throw error;
  }
}
