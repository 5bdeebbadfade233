// Lets a program of this repository import the package by its name without building it: `seriatim/client` is then
// src/client/index.ts. Every entry of the manifest's `exports` has its source where its built file would lie.
//
//   node --import ./tools/from-sources.ts examples/market-maker.ts

import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";

const root = new URL("../", import.meta.url);
const { exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
  readonly exports: Readonly<Record<string, { readonly default?: string }>>;
};

registerHooks({
  resolve(specifier, context, next) {
    const built = exports[specifier.replace(/^seriatim(?=\/|$)/, ".")]?.default;
    if (!/^seriatim(\/|$)/.test(specifier) || built === undefined) return next(specifier, context);
    const source = built.replace("./dist/", "").replace(/\.js$/, ".ts");
    return { url: new URL(source, root).href, shortCircuit: true };
  },
});
