// All faults of a ticks/1 server together, against our client, on demand: its figures, and status 1 when anything false was
// delivered, or the client was not live within 5 s after they stopped. Beside it stalls of 5 s and 35 s: quiet, given up after 30 s.
//
//   npm run faulty-ticks                            for 60 s
//   npm run faulty-ticks -- --seconds 600 --seed 7

import { runOptions, SEED } from "../../../tools/run-options.ts";
import { allFaults, realStalls } from "./all-faults.ts";

/** Connections that stand more than 5 s, so that waits between them stay short. */
const RATE = 400;
const FRAMES_PER_CONNECTION = 3_000;

const { seconds, seed } = runOptions(
  import.meta.url,
  { seconds: { unless: 60, least: 0.1, isWhole: false }, seed: SEED },
  [],
);
const QUIET = "open, live, quiet, not quiet";
const GIVEN_UP = "open, live, quiet, waiting LIVENESS, connecting, open, live";

const [figures, stalls] = await Promise.all([
  allFaults({ seconds, seed, rate: RATE, framesPerConnection: FRAMES_PER_CONNECTION }),
  realStalls(seed),
]);
const [short, long] = [stalls.short.join(", "), stalls.long.join(", ")];
console.log(figures);
console.log(`a stall of 5 s: ${short} (${stalls.lost} frames lost)\na stall of 35 s: ${long}`);
const { checksumIncidents, typeIncidents, gapIncidents, regressions } = figures.countersAfter;
const isClean = checksumIncidents + typeIncidents + gapIncidents + regressions === 0;
const stallsShow = short === QUIET && stalls.lost === 0 && long.startsWith(GIVEN_UP);
process.exitCode = figures.falseTicks === 0 && figures.isLiveAgain && isClean && stallsShow ? 0 : 1;
