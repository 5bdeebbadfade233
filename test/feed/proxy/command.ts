// The seeded runs of the feed handler on demand, their figures as a table, to stdout or into the named document between its two marks.
//
//   npm run feed-proxy                                  1,000 runs; status 1 when one does not end in the engine's books
//   npm run feed-proxy -- --runs 5000 --seed 7 --write docs/RELIABILITY.md

import { parseArgs } from "node:util";
import { writePart } from "../../../tools/document.ts";
import { ProxyFigures } from "./figures.ts";
import { proxyRun } from "./run.ts";

const RUNS = 1_000;
/** Breaches told of in words. */
const WRONG_SHOWN = 20;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: String(RUNS) },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    write: { type: "string" },
  },
});
const [runs, seed] = [values.runs, values.seed].map(Number);
if (!(Number.isSafeInteger(runs) && runs > 0 && Number.isSafeInteger(seed)))
  throw new Error("--runs and --seed take whole numbers, runs from 1 on");

const figures = new ProxyFigures();
for (let i = 0; i < runs; i++) figures.add(seed + i, proxyRun(seed + i));
const text = `${figures.table()}\n\n\`npm run feed-proxy -- --runs ${runs} --seed ${seed}\`.`;
console.log(text);
for (const line of figures.wrong.slice(0, WRONG_SHOWN)) console.log(line);
if (values.write !== undefined && figures.wrong.length === 0) writePart(values.write, "feed proxy", text);
process.exitCode = figures.wrong.length === 0 ? 0 : 1;
