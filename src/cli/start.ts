// `seriatim start`: a running exchange until a signal ends it.

import type { Command } from "commander";
import { SeriatimError } from "../base/index.ts";
import {
  type Configuration,
  createLog,
  type Log,
  loadConfiguration,
  type RunningNode,
  type SettingName,
  startNode,
  unknownVariables,
  unknownVariableText,
} from "../node/index.ts";
import { formatHostPort } from "./arguments.ts";
import { endProcess } from "./ending.ts";
import { addNodeOptions } from "./setting-options.ts";
import { onStopSignals } from "./signals.ts";
import { stdout } from "./stdout.ts";

const EXAMPLES = `
A setting comes from its flag, else from its variable (--order-port: SERIATIM_ORDER_PORT), else from the file given by
--config or SERIATIM_CONFIG (JSON, keys like "order-port"), else it has its default. docs/configuration.md has them all.

SIGINT, SIGTERM or SIGHUP ends it in order: what is in flight is answered, and everything answered is on the disk, exit
status 0. A journal that fails, also while it is being closed, is exit status 1. A second signal ends it at once, with 1.
Where a disk hangs for good, it then kills itself and says so (SIGKILL).

Examples:
  seriatim start
  seriatim start --data-dir /var/lib/exchange --symbols BTC-USD:2:50,ETH-USD
  seriatim start --config exchange.json --order-port 9010
  seriatim start --durability off        no journal, for benchmarks
  seriatim start --keys cluster.json --node-key north.key
  seriatim start --keys cluster.json --node-key south.key --replica-of 127.0.0.1:9029 --data-dir south \\
                --http-port 8081`;

type Flags = { readonly [Name in SettingName]?: string } & { readonly config?: string };

export function registerStart(program: Command): void {
  const start = program
    .command("start")
    .description(
      "Runs an exchange until a signal ends it: order entry, page, market data, and the journal in --data-dir.",
    )
    .option("--config <file>", "JSON file with settings")
    .addHelpText("after", EXAMPLES)
    .action(run);
  addNodeOptions(start);
}

async function run({ config, ...flags }: Flags): Promise<void> {
  const loaded = loadConfiguration({ flags, environment: process.env, file: config });
  const { configuration } = loaded;
  const log = createLog({ level: configuration.logLevel });
  for (const unknown of unknownVariables(process.env)) log.warn(unknownVariableText(unknown));
  // Until it is ready a signal ends the process at once: nothing was answered yet, and the journal survives that.
  const node = await startNode(loaded, log);
  const stopAsked = firstSignal(log);
  if (node.role !== "primary") announce(`${lineOf(node, configuration)}\n`, log);
  void node.leads.then(() => announce(`${lineOf(node, configuration)}\n`, log));
  await Promise.race([stopAsked, node.failed]);
  await node.stop();
}

/** What it is now, and where: "is ready" when it leads, or is alone. */
function lineOf(node: RunningNode, configuration: Configuration): string {
  const { host, dataDir, durability, replicaOf, tlsCert } = configuration;
  const at = (port: number) => formatHostPort(host, port);
  const where = durability === "off" ? "NO JOURNAL (--durability off)" : `data in ${dataDir}`;
  const administrators = node.adminPort === 0 ? "" : `, administrators on 127.0.0.1:${node.adminPort}`;
  const feeds = feedsOf(node, configuration);
  const http = `${tlsCert === "" ? "http" : "https"}://${at(node.httpPort)}`;
  if (node.role === "replica")
    return `seriatim is a replica of ${replicaOf}: ${http}${feeds}${administrators}, ${where}`;
  const replicas = node.replicationPort === 0 ? "" : `, replicas on ${at(node.replicationPort)}`;
  const ports = `orders on ${at(node.orderPort)}, ${http}${feeds}${administrators}${replicas}`;
  const state = node.role === "primary" ? "is ready" : "waits for other nodes before it leads";
  return `seriatim ${state}: ${ports}, ${where}`;
}

/** Where market data and the tape are, beside the page. */
function feedsOf(
  { mdPort, feedPort, tapePort }: RunningNode,
  { host, feedHost, mdUdp, mdUdpV1, tapeHost }: Configuration,
): string {
  const datagrams = [mdUdp, mdUdpV1].filter((to) => to !== "").join(", ");
  return [
    mdPort === 0 ? "" : `, market data on ${formatHostPort(host, mdPort)}`,
    datagrams === "" ? "" : `, datagrams to ${datagrams}`,
    feedPort === 0 ? "" : `, ticks on ${formatHostPort(feedHost, feedPort)}`,
    tapePort === 0 ? "" : `, tape on ${formatHostPort(tapeHost, tapePort)}`,
  ].join("");
}

/** An exchange does not end because nobody hears that it runs. */
function announce(line: string, log: Log): void {
  try {
    if (!stdout.write(line)) log.warn("nobody reads standard output: the ready line was not printed");
  } catch (error) {
    if (!(error instanceof SeriatimError)) throw error;
    log.warn(`the ready line was not printed: ${error.message}`);
  }
}

/** Resolves at the first signal; whoever sends another one won't wait for the orderly stop. */
function firstSignal(log: Log): Promise<void> {
  return new Promise((resolve) => {
    onStopSignals(
      (signal) => {
        log.info({ signal }, "stopping");
        resolve();
      },
      (signal) => {
        process.stderr.write(`seriatim: ended by a second ${signal} before everything was closed\n`);
        void endProcess(1);
      },
    );
  });
}
