// One side of the cache's stress test on a thread of its own; answers with its report.

import { parentPort, workerData } from "node:worker_threads";
import { type HammerPlan, hammer } from "./hammer.ts";

parentPort?.postMessage(hammer(workerData as HammerPlan));
