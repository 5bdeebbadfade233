// The simulated traders' own thread: clients of the node's order port like any other. What happens to them is said to the
// node, which logs it.
//
//   this thread                         the node's thread
//   trading, lost, back  -> message --> logs it
//   cancels, closes      <- message --- "stop"
//   failed               -> message --> logs it, and goes on without them

import { parentPort, workerData } from "node:worker_threads";
import { SeriatimError } from "../base/index.ts";
import { FIRST_ACCOUNT, startTraders, TRADERS } from "../lab/index.ts";
import { letOthersGoFirst, SystemClock } from "../platform/index.ts";

export interface TradersWorkerData {
  readonly host: string;
  readonly port: number;
  /** Orders a second. */
  readonly rate: number;
  /** Of the node: the traders' are the last of them if there are not more than enough. */
  readonly accountsMax: number;
  /** The node's own key, where nobody may trade without one. */
  readonly key?: { readonly name: string; readonly private: string };
}

export type TradersWorkerMessage =
  | { readonly kind: "trading"; readonly traders: number; readonly symbols: number }
  | { readonly kind: "lost"; readonly why: string }
  | { readonly kind: "back" }
  | { readonly kind: "failed"; readonly why: string };

// Like clients on other machines: they don't take the exchange's processor.
letOthersGoFirst();

/** The same market at every start. */
const SEED = 1;

const { host, port, rate, accountsMax, key } = workerData as TradersWorkerData;

function say(message: TradersWorkerMessage): void {
  parentPort?.postMessage(message);
}

async function trade(stopAsked: Promise<void>): Promise<void> {
  if (accountsMax < TRADERS) {
    const message = `they need ${TRADERS} accounts, but accounts-max is ${accountsMax}`;
    throw new SeriatimError("TOO_FEW_ACCOUNTS", message);
  }
  const simulation = await startTraders({
    ...{ host, port, rate, seed: SEED, key, clock: new SystemClock() },
    firstAccount: Math.min(FIRST_ACCOUNT, accountsMax - TRADERS),
    onLost: (why) => say({ kind: "lost", why: why.message }),
    onBack: () => say({ kind: "back" }),
  });
  say({ kind: "trading", traders: TRADERS, symbols: simulation.symbols.length });
  const failure = await Promise.race([stopAsked, simulation.failed]);
  await simulation.stop();
  if (failure !== undefined) throw failure;
}

async function run(): Promise<void> {
  const stopAsked = new Promise<void>((resolve) => parentPort?.once("message", () => resolve()));
  try {
    await trade(stopAsked);
  } catch (error) {
    const isKnown = error instanceof SeriatimError;
    say({ kind: "failed", why: isKnown ? error.message : `this is a bug in them: ${String(error)}` });
  } finally {
    parentPort?.close();
  }
}

await run();
