// `seriatim traders`: simulated traders against any running exchange, counted line by line.

import type { Command } from "commander";
import { counted, SeriatimError } from "../base/index.ts";
import {
  FIRST_ACCOUNT,
  INSTRUMENTS_TRADED_MAX,
  type SimulationCounts,
  startTraders,
  TRADERS,
  type TraderSimulation,
} from "../lab/index.ts";
import { SIMULATED_RATE, SIMULATED_RATE_MAX } from "../node/index.ts";
import { SystemClock } from "../platform/index.ts";
import { reasonName } from "../protocol/index.ts";
import { parseHostPort, usageError, wholeNumber } from "./arguments.ts";
import { readsEnvironment } from "./environment.ts";
import { addLogonOptions, type LogonOptions, logonOf } from "./logon-options.ts";
import { exchangeAddress } from "./send.ts";
import { onStopSignals } from "./signals.ts";
import { stdout } from "./stdout.ts";

const FIRST_ACCOUNT_MAX = 0xffffffff - TRADERS;
const DURATION_MAX_S = 1_000_000;
const REPORT_MAX_S = 3_600;

const EXAMPLES = `
There are ${TRADERS} traders: market makers that quote on many levels, investors, and takers. Each has a connection and an account of
its own, --account and the ones after it. Fair prices walk at random; the same seed gives the same prices. At most ${INSTRUMENTS_TRADED_MAX}
instruments are traded. When the exchange goes away they try again until it is back; at the end their quotes are cancelled.

Two runs on the same accounts spoil each other's orders. An exchange's own traders (npm start, --simulate) have the accounts from
${FIRST_ACCOUNT} on, so say another --account beside them.

With --key they log on, with a key that is good for all their accounts; else they use the open mode.

Without HOST:PORT the exchange is where SERIATIM_HOST and SERIATIM_ORDER_PORT say, else at 127.0.0.1:9009.

Examples:
  seriatim traders
  seriatim traders 127.0.0.1:9010 --rate 500 --seed 7
  seriatim traders --symbols BTC-USD,ETH-USD --duration 60
  seriatim traders --account 2000       beside the traders of npm start`;

interface TradersOptions extends LogonOptions {
  readonly rate: number;
  readonly seed: number;
  readonly account: number;
  readonly symbols?: readonly string[];
  readonly duration?: number;
  readonly every: number;
}

export function registerTraders(program: Command): void {
  const command = program
    .command("traders")
    .description("Lets simulated traders trade on a running exchange, until a signal ends them.")
    .argument("[host:port]", "where the exchange takes orders")
    .option("--rate <n>", "orders a second", wholeNumber("--rate", 1, SIMULATED_RATE_MAX), SIMULATED_RATE)
    .option(
      "--seed <n>",
      "seed of prices and decisions",
      wholeNumber("--seed", 0, Number.MAX_SAFE_INTEGER),
      1,
    )
    .option("--symbols <name,...>", "instruments to trade; by default all", parseNames)
    .option(
      "--account <n>",
      "account of the first trader: the exchange must have them all, by default 0 to 65535",
      wholeNumber("--account", 0, FIRST_ACCOUNT_MAX),
      FIRST_ACCOUNT,
    )
    .option(
      "--duration <s>",
      "seconds to trade; by default until a signal comes",
      wholeNumber("--duration", 1, DURATION_MAX_S),
    )
    .option(
      "--every <s>",
      "seconds between two lines of figures",
      wholeNumber("--every", 1, REPORT_MAX_S),
      5,
    );
  readsEnvironment(addLogonOptions(command)).addHelpText("after", EXAMPLES).action(trade);
}

function parseNames(text: string): string[] {
  const names = text.split(",");
  if (names.every((name) => name !== "")) return names;
  throw usageError(`--symbols: ${JSON.stringify(text)} has an empty name`);
}

/** `host:port`, an IPv6 address in brackets; without it, what the environment says. */
export function parseAddress(
  text: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): { host: string; port: number } {
  return text === undefined ? exchangeAddress({}, environment) : parseHostPort(text);
}

async function trade(address: string | undefined, options: TradersOptions): Promise<void> {
  const { host, port } = parseAddress(address, process.env);
  const { rate, seed, symbols, account, duration, every } = options;
  const ended = Promise.withResolvers<undefined>();
  // Whatever becomes of the output: the traders are stopped in order, so that no quote of theirs stays.
  let outputFailure: SeriatimError | undefined;
  const say = (line: string): void => {
    if (outputFailure !== undefined) return;
    try {
      if (!stdout.write(`${line}\n`)) ended.resolve(undefined);
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      outputFailure = error;
      ended.resolve(undefined);
    }
  };
  // Until they trade a signal ends the process at once: nothing of theirs rests yet.
  const simulation = await startTraders({
    ...{ host, port, rate, seed, symbols, firstAccount: account, clock: new SystemClock() },
    ...logonOf(options),
    onLost: (why) => say(`${why.message}; trying again`),
    onBack: () => say("connected again"),
  });
  onStopSignals(() => ended.resolve(undefined));
  const what = `${TRADERS} traders on ${simulation.symbols.join(", ")}`;
  say(`${what}: about ${counted(rate, "order")} a second, seed ${seed}`);
  if (duration !== undefined) setTimeout(() => ended.resolve(undefined), duration * 1_000).unref();
  const reports = reportEvery(simulation, every, say);
  const failure = await Promise.race([ended.promise, simulation.failed]);
  clearInterval(reports);
  await simulation.stop();
  const { orders, fills, rejects } = simulation.counts;
  say(`ended: ${counted(orders, "order")}, ${counted(fills, "fill")}, ${rejects} rejected`);
  const why = failure ?? outputFailure;
  if (why !== undefined) throw why;
}

function reportEvery(
  simulation: TraderSimulation,
  every_s: number,
  say: (line: string) => void,
): NodeJS.Timeout {
  let before = simulation.counts;
  let seconds = 0;
  return setInterval(() => {
    seconds += every_s;
    const now = simulation.counts;
    say(`${seconds} s: ${describeInterval(every_s, before, now)}`);
    before = now;
  }, every_s * 1_000);
}

function describeInterval(every_s: number, before: SimulationCounts, now: SimulationCounts): string {
  const orders = now.orders - before.orders;
  const reasons = [...now.rejectsByReason]
    .map(([reason, count]) => ({ reason, count: count - (before.rejectsByReason.get(reason) ?? 0) }))
    .filter(({ count }) => count > 0)
    .map(({ reason, count }) => `${reasonName(reason)} ${count}`);
  const why = reasons.length === 0 ? "" : ` (${reasons.join(", ")})`;
  const rate = Math.round(orders / every_s);
  const rejected = `${now.rejects - before.rejects} rejected${why}`;
  const fills = counted(now.fills - before.fills, "fill");
  return `${counted(orders, "order")} (${rate} a second), ${fills}, ${rejected}`;
}
