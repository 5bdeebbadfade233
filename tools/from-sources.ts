// Lets a program of this repository import the package by its name without building it: `seriatim/client` is then
// src/client/index.ts. Every entry of the manifest's `exports` has its source where its built file would lie. In a test run it is
// the bundle's (tools/bundle.ts), which lies as a package does.
//
//   node --import ./tools/from-sources.ts examples/market-maker.ts

import { existsSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import { isMainThread } from "node:worker_threads";

const root = new URL("../", import.meta.url);
const { exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
  readonly exports: Readonly<Record<string, { readonly default?: string }>>;
};

const { TEST_LAUNCHER } = process.env;

// Node says it with a stack trace. A thread's first file is another's to name; without a file there is code in its place.
const [, program] = process.argv;
if (isMainThread && program !== undefined && !existsSync(program)) {
  console.error(`there is no program ${relative(process.cwd(), program)}`);
  process.exit(2);
}

function placeOf(built: string): URL {
  if (TEST_LAUNCHER !== undefined) return new URL(`../${built}`, pathToFileURL(TEST_LAUNCHER));
  return new URL(built.replace("./dist/", "").replace(/\.js$/, ".ts"), root);
}

registerHooks({
  resolve(specifier, context, next) {
    const built = exports[specifier.replace(/^seriatim(?=\/|$)/, ".")]?.default;
    if (!/^seriatim(\/|$)/.test(specifier) || built === undefined) return next(specifier, context);
    return { url: placeOf(built).href, shortCircuit: true };
  },
});
