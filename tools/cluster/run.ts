// `npm run cluster`: an exchange on three nodes of this machine, to try out what happens when one is lost.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { onStopSignals } from "../../src/cli/signals.ts";
import { acquireDirectoryLock, NodeStorage } from "../../src/platform/index.ts";
import { freePorts, isFree } from "../free-port.ts";
import { buildPageIfStale } from "../page.ts";
import { Cluster, promoteCommand, tradeCommand } from "./cluster.ts";
import { type ClusterPlan, PORTS_NEEDED, planCluster } from "./plan.ts";

const USAGE = `usage: npm run cluster -- [options]

Runs an exchange on three nodes of this machine until Ctrl-C: a primary and two replicas, with keys, pages and simulated traders.

  --data-dir DIR   where the nodes keep their data; without it in a temporary directory that is removed at the end
  --simulate N     orders a second of simulated traders; 0 = none (default: 200)
  --free-ports     takes free ports instead of 8080-8082 (pages), 9009-9011 (orders), 9019-9021 (administrators),
                   9029-9031 (replication)

A port or a directory that is in use is told in one line, exit status 1: nothing is started.
`;
/** The longest name, and what separates it from what is said. */
const NAME_CHARS = 9;

interface Options {
  readonly "data-dir"?: string | undefined;
  readonly simulate: string;
  readonly "free-ports": boolean;
}

function say(name: string, line: string): void {
  process.stdout.write(`${name.padEnd(NAME_CHARS)}${line}\n`);
}

function parseOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        "data-dir": { type: "string" },
        simulate: { type: "string", default: "200" },
        "free-ports": { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    if (/^[0-9]{1,6}$/.test(values.simulate)) return values;
    throw new Error(`--simulate: ${values.simulate} is no number`);
  } catch (error) {
    process.stderr.write(`cluster: ${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

function tellHow(cluster: Cluster, directory: string, isTemporary: boolean): void {
  const { plan, leader, members } = cluster;
  say("cluster", `is ready: data in ${directory}${isTemporary ? ", removed at the end" : ""}`);
  for (const { name, ports } of plan.nodes) {
    const role = name === leader.name ? "primary" : "replica";
    const where = `http://127.0.0.1:${ports.http}`;
    say("cluster", `  ${name.padEnd(6)}${role}  ${where}  process ${members.get(name)?.pid ?? "gone"}`);
  }
  say("cluster", `the primary's page shows all nodes; lose it: kill -9 ${members.get(leader.name)?.pid}`);
  const [next] = plan.nodes.filter((node) => node !== leader);
  say("cluster", `and let ${next.name} lead: ${promoteCommand(plan, next)}`);
  say("cluster", `a program that trades through all of that: ${tradeCommand(plan)}`);
  say("cluster", "Ctrl-C ends all");
}

/** The cluster, not started; a directory or a port that it can't have ends the program with one line. */
async function openCluster(): Promise<Cluster> {
  try {
    new NodeStorage().makeDirectory(directory);
    const plan = planCluster(directory, ports);
    await expectUnused(plan);
    await expectFree(plan);
    return new Cluster(plan, directory, Number(options.simulate), say);
  } catch (error) {
    process.stderr.write(`cluster: ${(error as Error).message}\n`);
    removeTemporary();
    process.exit(1);
  }
}

/** Its nodes would say so too, each behind what the others say. */
async function expectUnused({ nodes }: ClusterPlan): Promise<void> {
  for (const { dataDir } of nodes) {
    if (existsSync(dataDir)) await (await acquireDirectoryLock(dataDir)).release();
  }
}

/** A replica's order port too, which it takes when it leads. */
async function expectFree({ nodes }: ClusterPlan): Promise<void> {
  for (const port of nodes.flatMap((node) => Object.values(node.ports))) {
    if (await isFree(port)) continue;
    throw new Error(
      `port ${port} on 127.0.0.1 is in use; \`npm run cluster -- --free-ports\` takes free ones`,
    );
  }
}

function removeTemporary(): void {
  if (given === undefined) rmSync(directory, { recursive: true, force: true });
}

const options = parseOptions();
const given = options["data-dir"];
const ports = options["free-ports"] ? await freePorts(PORTS_NEEDED) : undefined;
await buildPageIfStale();
const directory = given ?? mkdtempSync(join(tmpdir(), "seriatim-cluster-"));
const cluster = await openCluster();
let stopped: Promise<void> | undefined;

function stop(): Promise<void> {
  stopped ??= cluster.stop().finally(removeTemporary);
  return stopped;
}

/** Ends all that is left, unless that was asked for before. */
async function fail(what: string): Promise<void> {
  if (stopped === undefined) {
    process.stderr.write(`cluster: ${what}\n`);
    process.exitCode = 1;
  }
  await stop();
}

onStopSignals(() => void stop());
try {
  await cluster.start();
  if (stopped === undefined) tellHow(cluster, directory, given === undefined);
  void cluster.lost.then(() => fail("no node is left"));
} catch (error) {
  await fail((error as Error).message);
}
