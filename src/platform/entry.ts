// Where threads and processes of ours start. The one place that knows: a URL to a .ts file is not rewritten when the
// project is compiled, so the ending is taken from the asking module, which is .ts in a checkout and .js when built.

import { setFlagsFromString } from "node:v8";

/** More calls than one program makes. */
const NEVER = 1_000_000_000;

/** The URL of the module `name` beside the one whose `import.meta.url` is given. */
export function entryBeside(moduleUrl: string, name: string): URL {
  // Its address may have a query behind it: a test runner's.
  if (!new URL(moduleUrl).pathname.endsWith(".ts")) return new URL(`./${name}.js`, moduleUrl);
  keepStrippersApart();
  return new URL(`./${name}.ts`, moduleUrl);
}

/**
 * Node takes the types out of .ts files with a WebAssembly program, one per thread. After 1,000 calls out of it V8 compiles
 * those calls anew, for all threads; when two do that at once it may free the same code twice, and the process dies ("Check
 * failed: end > addr", or SIGSEGV; nodejs/node#64500). Built files have no types and no such program.
 */
function keepStrippersApart(): void {
  setFlagsFromString(`--wasm-wrapper-tiering-budget=${NEVER}`);
}
