// The machine's own Node, where it is one that can't run the program: what the launcher is for.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** The path of a Node older than 24, if there is one. */
export function olderNode(): string | undefined {
  return ["/usr/bin/node", "/usr/local/bin/node"].find((path) => {
    if (!existsSync(path)) return false;
    const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
    return Number.parseInt(stdout.slice(1), 10) < 24;
  });
}
