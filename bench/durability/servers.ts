// The nodes that the durability bench compares: one per way to keep what is acknowledged, the last two with a replica of
// their own on the same machine and the same disk.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fdatasyncSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Configuration } from "../../src/node/index.ts";
import { generateKey } from "../../src/runtime/index.ts";
import { ExchangeProcess } from "../exchange-process.ts";
import { launcherPath } from "../launcher.ts";

export const SERVERS = ["journal off", "buffered", "fsync", "disk+ram", "two-disks"] as const;
export type ServerName = (typeof SERVERS)[number];

/** Names on the keys; whoever is asked for a key has one of his own directory. */
const PRIMARY = "primary";
const REPLICA = "replica";

export class Server {
  readonly name: ServerName;
  readonly node: ExchangeProcess;
  readonly #directory: string;
  readonly #replica: ChildProcess | undefined;

  private constructor(
    name: ServerName,
    directory: string,
    node: ExchangeProcess,
    replica: ChildProcess | undefined,
  ) {
    this.name = name;
    this.#directory = directory;
    this.node = node;
    this.#replica = replica;
  }

  /** Resolves when it takes orders. `directory`: its own, which exists. */
  static async start(name: ServerName, directory: string): Promise<Server> {
    const isCluster = name === "disk+ram" || name === "two-disks";
    const node = await ExchangeProcess.start(settingsOf(name, directory));
    const replica = isCluster ? startReplica(directory, node.ports.replicationPort) : undefined;
    const server = new Server(name, directory, node, replica);
    try {
      await node.serving();
      return server;
    } catch (error) {
      await server.end();
      throw error;
    }
  }

  /** Of its processes. */
  get pids(): number[] {
    const replica = this.#replica?.pid;
    return replica === undefined ? [this.node.pid] : [this.node.pid, replica];
  }

  /** What was only given to the system goes to the disk now, so that the next case doesn't pay for it. */
  settle(): void {
    if (this.name !== "buffered") return;
    const journal = join(this.#directory, PRIMARY, "journal");
    for (const file of readdirSync(journal)) {
      const descriptor = openSync(join(journal, file), "r+");
      fdatasyncSync(descriptor);
      closeSync(descriptor);
    }
  }

  async end(): Promise<void> {
    await this.node.end();
    const replica = this.#replica;
    if (replica === undefined || replica.exitCode !== null || replica.signalCode !== null) return;
    await new Promise((resolve) => {
      replica.once("exit", resolve);
      replica.kill("SIGTERM");
    });
  }
}

/** Of all nodes: what is compared is how orders are kept, and nobody looks on. */
const HIDDEN = { marketData: "off" } as const;

function settingsOf(name: ServerName, directory: string): Partial<Configuration> {
  return { ...HIDDEN, ...keptAs(name, directory) };
}

function keptAs(name: ServerName, directory: string): Partial<Configuration> {
  if (name === "journal off") return { durability: "off" };
  const dataDir = join(directory, PRIMARY);
  if (name === "buffered" || name === "fsync") return { dataDir, durability: name };
  const keys = join(directory, "keys.json");
  const nodeKey = join(directory, `${PRIMARY}.key`);
  generateKey(PRIMARY, "replica", nodeKey, keys);
  generateKey(REPLICA, "replica", join(directory, `${REPLICA}.key`), keys);
  return { dataDir, keys, nodeKey, ackPolicy: name };
}

/** Told to end when it is no more needed; its primary says whether it is there. */
function startReplica(directory: string, primaryPort: number): ChildProcess {
  const place = [
    ...["--data-dir", join(directory, REPLICA), "--keys", join(directory, "keys.json")],
    ...["--node-key", join(directory, `${REPLICA}.key`), "--replica-of", `127.0.0.1:${primaryPort}`],
  ];
  const run = ["--order-port", "0", "--http-port", "0", "--replication-port", "0", "--snapshot-every", "0"];
  const args = [
    launcherPath(),
    "start",
    ...place,
    ...run,
    "--market-data",
    HIDDEN.marketData,
    "--log-level",
    "error",
  ];
  return spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
}
