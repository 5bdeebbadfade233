// Tells the JIT compiler how far it may inline. A process-wide setting, so programs make it, libraries don't: the command
// line and the benchmarks call it first of all; who embeds a node or the engine may, too.
// Why and how much: docs/adr/compiler-settings.md.

import { setFlagsFromString } from "node:v8";

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
