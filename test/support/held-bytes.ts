// Memory outside of the heap that something still refers to.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export async function heldBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // What is freed by one collection is given back behind it.
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().arrayBuffers;
}
