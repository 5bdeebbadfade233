// A process of its own, started with few descriptors: it opens a data directory, takes every descriptor that is left, and prints what
// opening one more says and whether the directory is still there.

import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDataDirectory } from "../../src/runtime/index.ts";

const [, , path] = process.argv;
const { journal, isStillThere } = await openDataDirectory(path);
mkdirSync(journal);
writeFileSync(join(journal, "journal-0000000001.seg"), "");
await isStillThere();
let refusal = "";
while (refusal === "") {
  try {
    openSync(path, "r");
  } catch (error) {
    refusal = (error as NodeJS.ErrnoException).code ?? "";
  }
}
process.stdout.write(`${refusal} ${await isStillThere()}\n`, () => process.exit());
