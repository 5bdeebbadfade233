// Where the package's own launcher is, for benches that run nodes as `seriatim start` does.

import { existsSync } from "node:fs";
import { join } from "node:path";

/** In a checkout and in an installation. */
export function launcherPath(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, "bin", "seriatim"))) directory = join(directory, "..");
  return join(directory, "bin", "seriatim");
}
