// What an exchange begins with: the effect of all that its log holds.

import { SeriatimError } from "../base/index.ts";
import { EXCHANGE_APPLICATION, ExchangeEngine } from "../engine/index.ts";
import { highestSession, LOST_LOG_CODES } from "../journal/index.ts";
import {
  type Inheritance,
  openRuntime,
  type Runtime,
  type RuntimeOptions,
  type RuntimeStart,
} from "../runtime/index.ts";
import { EXCHANGE_RULES } from "./exchange-rules.ts";
import type { Log } from "./log.ts";

export interface History {
  readonly engine: ExchangeEngine;
  readonly runtime: Runtime;
  /** The highest high lane (u32) of the sessions in the log. */
  readonly lastSession: number;
}

/** What a replica of this exchange leaves to whoever leads in its place. */
export interface InheritedExchange extends Omit<Inheritance, "application"> {
  readonly engine: ExchangeEngine;
}

/** Opens snapshots and log and applies what is new to an engine, the inherited one if there is one; throws as openRuntime does. */
export async function recoverExchange(
  options: Omit<
    RuntimeOptions,
    "application" | "warm" | "rules" | "version" | "onReplayed" | "onSnapshotRefused"
  >,
  log: Log,
  inherited?: InheritedExchange,
): Promise<History> {
  const engine = inherited?.engine ?? new ExchangeEngine();
  const started = performance.now();
  let lastSession = inherited?.warm.session ?? 0;
  const opened = openRuntime({
    ...options,
    replication: options.replication && {
      ...options.replication,
      inLog: () => engine.administration,
    },
    application: engine,
    warm: inherited?.warm,
    rules: EXCHANGE_RULES,
    version: EXCHANGE_APPLICATION,
    onSnapshotRefused: (why) => log.warn(`a snapshot is not used: ${why}`),
    onReplayed: (words, at, count) => {
      lastSession = Math.max(lastSession, highestSession(words, at, count));
    },
  });
  const runtime = await opened.catch((error) => {
    throw withRemedy(error, engine, options);
  });
  if (inherited === undefined)
    report(runtime, Math.round(performance.now() - started), engine.restingOrders, log);
  lastSession = Math.max(lastSession, runtime.recovered.snapshot?.session ?? 0);
  return { engine, runtime, lastSession };
}

/** What is wrong, and what a person can do about it. */
function withRemedy(
  error: unknown,
  engine: ExchangeEngine,
  options: Pick<RuntimeOptions, "directory" | "replication">,
): unknown {
  if (!(error instanceof SeriatimError)) return error;
  const { exitCode, code, message } = error;
  const remedy = code === "CLUSTER_LOG" ? whatIsMissing(engine) : remedyOf(error, options);
  return remedy === "" ? error : new SeriatimError(code, `${message}${remedy}`, { exitCode, cause: error });
}

/** Who starts a node of a cluster as one that is alone has forgotten something. */
function whatIsMissing(engine: ExchangeEngine): string {
  // Replayed, to its end: before a genesis an engine has no state to ask.
  const { node } = engine.administration;
  const leader = node === "" ? "" : ` (${node} led last)`;
  return `${leader}: give its --node-key and --keys, and --replica-of when another node leads`;
}

/** Of the cause, where there is no journal at all. */
const NO_JOURNAL: readonly unknown[] = ["LOG_EMPTY", "ENOENT"];

function remedyOf(
  { code, cause }: SeriatimError,
  { directory, replication }: Pick<RuntimeOptions, "directory" | "replication">,
): string {
  if (!LOST_LOG_CODES.includes(code) || directory === undefined) return "";
  const hasNoJournal = cause instanceof SeriatimError && NO_JOURNAL.includes(cause.code);
  if (replication !== undefined && hasNoJournal)
    return ": start it as a replica (--replica-of), which goes on behind a snapshot that it was sent, and can be promoted";
  return `; 'seriatim journal repair ${directory.journal}' says what can serve instead`;
}

/** What may be missing: nobody can tell a frame that was never finished from one that rotted after it was acknowledged. */
function reportLoss(recovered: RuntimeStart, hasOthers: boolean, log: Log): void {
  const { wasTorn, cut_bytes, mayLack, created, finding } = recovered;
  const then = hasOthers
    ? "it leads when all other nodes were heard and have no more, or by force"
    : "alone, a node can't tell it from one that was acknowledged";
  if (wasTorn) log.warn({ cut_bytes, finding }, `the journal's end was torn and has been cut; ${then}`);
  else if (mayLack && hasOthers) {
    const why = created ? "was empty" : "was once empty, or lost a torn end, and nobody was asked since";
    log.warn({ position: recovered.position }, `this node's disk ${why}: ${then}`);
  }
}

function report({ recovered, primary }: Runtime, took_ms: number, orders: number, log: Log): void {
  const { position, snapshot, created } = recovered;
  reportLoss(recovered, primary !== undefined, log);
  if (snapshot === undefined) {
    log.info({ position, took_ms, orders }, created ? "began a new log" : "replayed the log");
  } else {
    const what = "restored a snapshot and replayed what the log says after it";
    log.info({ position, snapshot: snapshot.position, took_ms, orders }, what);
  }
}
