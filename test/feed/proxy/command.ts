// The seeded runs of the feed handler on demand, their figures as a table, to stdout or into the named document between its two marks.
//
//   npm run feed-proxy                                  1,000 runs; status 1 when one does not end in the engine's books
//   npm run feed-proxy -- --runs 5000 --seed 7 --write docs/RELIABILITY.md

import { partOf } from "../../../tools/document.ts";
import { runOptions, SEED } from "../../../tools/run-options.ts";
import { ProxyFigures } from "./figures.ts";
import { proxyRun } from "./run.ts";

const RUNS = 1_000;
/** Breaches told of in words. */
const WRONG_SHOWN = 20;

const { runs, seed, write } = runOptions(import.meta.url, { runs: { unless: RUNS, least: 1 }, seed: SEED }, [
  "write",
]);
const writeTable = partOf(write, "feed proxy");

const figures = new ProxyFigures();
for (let i = 0; i < runs; i++) figures.add(seed + i, proxyRun(seed + i));
const text = `${figures.table()}\n\n\`npm run feed-proxy -- --runs ${runs} --seed ${seed}\`.`;
console.log(text);
for (const line of figures.wrong.slice(0, WRONG_SHOWN)) console.log(line);
if (figures.wrong.length === 0) writeTable(text);
process.exitCode = figures.wrong.length === 0 ? 0 : 1;
