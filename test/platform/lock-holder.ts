// A process that tries to take the lock of the directory it is given, says how that went in one line, and stays.

import { acquireDirectoryLock } from "../../src/platform/index.ts";

try {
  await acquireDirectoryLock(process.argv[2]);
  console.log("held");
} catch (error) {
  console.log((error as Error).message);
}
setInterval(() => {}, 60_000);
