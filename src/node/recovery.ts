// What an exchange begins with: the effect of all that its log holds.

import { ExchangeEngine } from "../engine/index.ts";
import { COMMAND_WORDS, CommandWord } from "../protocol/index.ts";
import { openRuntime, type Recovered, type Runtime, type RuntimeOptions } from "../runtime/index.ts";
import type { Log } from "./log.ts";

export interface History {
  readonly engine: ExchangeEngine;
  readonly runtime: Runtime;
  /** The highest high lane (u32) of the sessions in the log. */
  readonly lastSession: number;
}

/** Opens the log and applies it to a new engine; throws as openRuntime does. */
export async function recoverExchange(
  options: Omit<RuntimeOptions, "application" | "onReplayed">,
  log: Log,
): Promise<History> {
  const engine = new ExchangeEngine();
  const started = performance.now();
  let lastSession = 0;
  const runtime = await openRuntime({
    ...options,
    application: engine,
    onReplayed: (words, at, count) => {
      lastSession = Math.max(lastSession, highestSession(words, at, count));
    },
  });
  report(runtime.recovered, Math.round(performance.now() - started), engine.restingOrders, log);
  return { engine, runtime, lastSession };
}

function highestSession(words: Int32Array, at: number, count: number): number {
  let highest = 0;
  const end = at + count * COMMAND_WORDS;
  for (let lane = at + CommandWord.sessionHigh; lane < end; lane += COMMAND_WORDS) {
    const session = words[lane] >>> 0;
    if (session > highest) highest = session;
  }
  return highest;
}

function report(recovered: Recovered, took_ms: number, orders: number, log: Log): void {
  const { cut_bytes, finding, position } = recovered;
  if (cut_bytes > 0) {
    const what =
      "the journal's end was torn and has been cut; alone, a node can't tell it from one that was acknowledged";
    log.warn({ cut_bytes, finding }, what);
  }
  log.info({ position, took_ms, orders }, recovered.created ? "began a new log" : "replayed the log");
}
