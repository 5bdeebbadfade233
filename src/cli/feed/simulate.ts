// `seriatim feed simulate`: a server of ticks/1 with prices that nobody trades.

import { type Command, Option } from "commander";
import { counted } from "../../base/index.ts";
import { Market } from "../../feed/index.ts";
import { TICK_CLIENTS_MAX, TickSimulator } from "../../feed-runtime/index.ts";
import { TICK_SYMBOLS_MAX, TICKS_PORT } from "../../protocol/index.ts";
import { formatHostPort, usageError, wholeNumber } from "../arguments.ts";
import { onStopSignals } from "../signals.ts";
import { stdout } from "../stdout.ts";
import { parseFaults } from "./faults.ts";

const RATE_MAX = 500_000;
const SEED_MAX = 0xffffffff;
const CLIENTS_MAX = 10_000;
const TIME_SCALE_MAX = 1_000_000;
const DURATION_MAX_S = 1_000_000;
const EVERY_MAX_S = 3_600;

const EXAMPLES = `
Each symbol's price is a geometric Brownian motion, 7 of 10 ticks are quotes and 3 trades. Ticks are made while a client is connected;
the same seed gives the first client the same stream. --time-scale 3600 lets an hour of prices pass in a second. There is no TLS and
no logon: who reaches the port reads it.

Faults for tests of clients, on each connection by themselves: gap=100 (every so many frames a number is left out; gap=0.01: by
chance), fragment=7 (writes of so many bytes), corrupt=0.01:header (also payload, checksum, any), disconnect=5000:reset:whole (after
so many frames; without reset it is finished, without whole within a frame), stall=1000:5 (after so many frames, for 5 seconds). A
name alone takes a value of its own.

Examples:
  seriatim feed simulate
  seriatim feed simulate --symbols 500 --rate 100000 --market bull --time-scale 3600
  seriatim feed simulate --port 0 --duration 60 --faults gap=100 corrupt=0.001`;

interface SimulateOptions {
  readonly host: string;
  readonly port: number;
  readonly symbols: number;
  readonly rate: number;
  readonly seed: number;
  readonly market: Market;
  readonly timeScale: number;
  readonly clients: number;
  readonly duration?: number;
  readonly every: number;
  readonly faults?: readonly string[];
}

export function registerSimulate(feed: Command): void {
  feed
    .command("simulate")
    .summary("serve simulated ticks over ticks/1")
    .description("Serves simulated trades and quotes over ticks/1, until a signal ends it.")
    .option("--host <address>", "where to listen", "127.0.0.1")
    .option("--port <n>", "its port; 0 takes a free one", wholeNumber("--port", 0, 65_535), TICKS_PORT)
    .option("--symbols <n>", "how many", wholeNumber("--symbols", 1, TICK_SYMBOLS_MAX), 100)
    .option("--rate <n>", "ticks a second", wholeNumber("--rate", 1, RATE_MAX), 10_000)
    .option("--seed <n>", "of prices and faults", wholeNumber("--seed", 0, SEED_MAX), 1)
    .addOption(
      new Option("--market <name>", "where prices drift").choices(Object.keys(Market)).default("neutral"),
    )
    .option("--time-scale <n>", "simulated seconds in a second", parseTimeScale, 1)
    .option(
      "--clients <n>",
      "clients at once; the next one is closed",
      wholeNumber("--clients", 1, CLIENTS_MAX),
      TICK_CLIENTS_MAX,
    )
    .option("--faults <fault...>", "what to do wrong, see below")
    .option("--duration <s>", "seconds to serve", wholeNumber("--duration", 1, DURATION_MAX_S))
    .option("--every <s>", "seconds between two status lines", wholeNumber("--every", 1, EVERY_MAX_S), 5)
    .addHelpText("after", EXAMPLES)
    .action(simulate);
}

/** A number above 0: `0.5`, `3600`. */
function parseTimeScale(text: string): number {
  const value = /^[0-9]{1,7}(\.[0-9]{1,6})?$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= TIME_SCALE_MAX) return value;
  throw usageError(
    `--time-scale: ${JSON.stringify(text)} is not a number above 0 and up to ${TIME_SCALE_MAX}`,
  );
}

async function simulate(options: SimulateOptions): Promise<void> {
  const { host, port, symbols, rate, seed, market, timeScale, clients, duration, every } = options;
  const faults = options.faults === undefined ? undefined : parseFaults(options.faults);
  const simulator = new TickSimulator({
    ...{ symbols, rate, seed, market, timeScale, faults, clientsMax: clients },
  });
  const ended = Promise.withResolvers<undefined>();
  onStopSignals(() => ended.resolve(undefined));
  const listening = await simulator.listen({ host, port });
  const what = `${counted(symbols, "symbol")}, ${rate} ticks a second, ${market}, seed ${seed}`;
  stdout.write(`ticks/1 on ${formatHostPort(host, listening)}: ${what}\n`);
  if (duration !== undefined) setTimeout(() => ended.resolve(undefined), duration * 1_000).unref();
  const reports = reportEvery(simulator, every);
  const failure = await Promise.race([ended.promise, simulator.server.failed]);
  clearInterval(reports);
  await simulator.close();
  stdout.write(summary(simulator));
  if (failure !== undefined) throw failure;
}

/** On standard error, so that the summary can be piped alone. */
function reportEvery(simulator: TickSimulator, every_s: number): NodeJS.Timeout {
  let before = simulator.made;
  let seconds = 0;
  return setInterval(() => {
    seconds += every_s;
    const made = simulator.made - before;
    before = simulator.made;
    const { server, ticksSkipped } = simulator;
    const { queueBytes, quotesConflated, framesDropped } = server.counters();
    const slow = `${quotesConflated} conflated, ${framesDropped} dropped, ${queueBytes} bytes wait`;
    const rate = `${Math.round(made / every_s)} ticks a second, ${ticksSkipped} skipped`;
    process.stderr.write(`${seconds} s: ${counted(server.clients, "client")}, ${rate}, ${slow}\n`);
  }, every_s * 1_000);
}

/** What there was, a line each, as `name value`. */
function summary({ made, ticksSkipped, server }: TickSimulator): string {
  const { injected, queueBytes: _, ...counters } = server.counters();
  const rows: [string, number][] = [
    ["ticksMade", made],
    ["ticksSkipped", ticksSkipped],
    ["clientsRefused", server.clientsRefused],
    ...Object.entries(counters),
    ...Object.entries(injected).map(([name, count]): [string, number] => [`injected.${name}`, count]),
  ];
  return rows.map(([name, count]) => `${name} ${count}\n`).join("");
}
