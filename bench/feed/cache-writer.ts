// Writes quotes to a cache as fast as it goes, on a thread of its own, until it is told to end.

import { workerData } from "node:worker_threads";
import { SymbolCache } from "../../src/feed/index.ts";
import { QuoteSource } from "./symbol-cache.ts";

const { shared, running } = workerData as { shared: SharedArrayBuffer; running: SharedArrayBuffer };
const source = new QuoteSource(SymbolCache.attach(shared));
const end = new Int32Array(running);
while (Atomics.load(end, 0) === 0) source.quotes(1_000);
