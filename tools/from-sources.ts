// Lets a program of this repository import the package by its name without building it: `seriatim/client` is then
// src/client/index.ts. Every entry of the manifest's `exports` has its source where its built file would lie. In a test run it is
// the bundle's (tools/bundle.ts), which lies as a package does.
//
//   node --import ./tools/from-sources.ts examples/market-maker.ts

import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

const root = new URL("../", import.meta.url);
const { exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
  readonly exports: Readonly<Record<string, { readonly default?: string }>>;
};

const { TEST_LAUNCHER } = process.env;

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
