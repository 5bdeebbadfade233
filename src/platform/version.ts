// What this package is and where it lies, from its package.json: two folders up in a checkout, three in the built files.

import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname } from "node:path";
import { assert } from "../base/index.ts";

/** The version of this package, such as `0.1.0`. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(packageFile(), "utf8")) as { version: string };
  return version;
}

/** The directory of this package. */
export function packageDirectory(): string {
  return dirname(packageFile());
}

function packageFile(): string {
  const path = findPackageJSON("..", import.meta.url);
  assert(path !== undefined, "the package has a package.json above its files");
  return path;
}
