// The nodes of a cluster as processes, each with its keys, its data directory and its ports, which it keeps over all its
// lives: whoever is told an address once finds the node there again.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SeriatimError } from "../../src/base/index.ts";
import { askNode } from "../../src/cli/admin-client.ts";
import { generateKey, readOwnKey } from "../../src/runtime/index.ts";
import { reservePorts } from "../support/ports.ts";
import { NodeProcess } from "./node-process.ts";

export type NodeName = "north" | "south" | "east";
const NODE_NAMES: readonly NodeName[] = ["north", "south", "east"];

const SEGMENT_BYTES = 2_097_152;
/** Catching up, and being known as gone, take a fraction of it. */
const WAIT_MS = 60_000;
/** Between two looks at a node. */
const LOOK_MS = 20;
/** Of a promotion; each takes a second at least. */
const TRIES_MAX = 20;

/** Of a node. */
const PORTS = 4;

interface Ports {
  readonly order: number;
  readonly http: number;
  readonly admin: number;
  readonly replication: number;
}

export interface Health {
  readonly status: "ok" | "degraded" | "halted";
  readonly reason?: string;
  readonly position: number;
  /** Of a primary: how each node of its cluster stands. */
  readonly nodes: readonly { readonly connected: boolean; readonly persisted: number }[];
}

export class ClusterProcesses {
  readonly names: readonly NodeName[];
  readonly #directory: string;
  readonly #ports: ReadonlyMap<NodeName, Ports>;
  readonly #running = new Map<NodeName, NodeProcess>();

  private constructor(directory: string, ports: ReadonlyMap<NodeName, Ports>) {
    this.names = [...ports.keys()];
    this.#directory = directory;
    this.#ports = ports;
    for (const name of this.names) generateKey(name, "replica", this.#key(name), this.#keys);
    generateKey("ann", "admin", this.#key("ann"), this.#keys);
  }

  /** Of 2 or 3 nodes, none of which runs yet; what they keep is in `directory`. */
  static async make(directory: string, nodes: number): Promise<ClusterProcesses> {
    const all = await reservePorts(nodes * PORTS);
    const ports = new Map<NodeName, Ports>();
    NODE_NAMES.slice(0, nodes).forEach((name, i) => {
      const [order, http, admin, replication] = all.slice(i * PORTS);
      ports.set(name, { order, http, admin, replication });
    });
    return new ClusterProcesses(directory, ports);
  }

  get #keys(): string {
    return join(this.#directory, "keys.json");
  }

  #key(name: string): string {
    return join(this.#directory, `${name}.key`);
  }

  /** The file of a new key that may trade, or read, for `account`; for nodes that start after it. */
  addKey(name: string, role: "trader" | "reader", account: number): string {
    const path = this.#key(name);
    generateKey(name, role, path, this.#keys, { accounts: [account] });
    return path;
  }

  data(name: NodeName): string {
    return join(this.#directory, name);
  }

  ports(name: NodeName): Ports {
    const ports = this.#ports.get(name);
    if (ports === undefined) throw new Error(`this cluster has no ${name}`);
    return ports;
  }

  /** The process of a node that runs. */
  node(name: NodeName): NodeProcess {
    const node = this.#running.get(name);
    if (node === undefined) throw new Error(`${name} does not run`);
    return node;
  }

  runs(name: NodeName): boolean {
    return this.#running.has(name);
  }

  /** Starts a node and waits for nothing. */
  launch(name: NodeName, ...args: string[]): NodeProcess {
    const { order, http, admin, replication } = this.ports(name);
    const own = ["--data-dir", this.data(name), "--keys", this.#keys, "--node-key", this.#key(name)];
    const ports = ["--admin-port", String(admin), "--replication-port", String(replication)];
    const rest = ["--segment-bytes", String(SEGMENT_BYTES), "--log-level", "info"];
    const options = { orderPort: order, httpPort: http };
    const node = NodeProcess.launch([...own, ...ports, ...rest, ...args], options);
    this.#running.set(name, node);
    return node;
  }

  async end(name: NodeName, signal: "SIGKILL" | "SIGTERM"): Promise<number | string> {
    const node = this.node(name);
    this.#running.delete(name);
    return await node.end(signal);
  }

  /** Waits until a node ends by itself; its exit status. Ask before it can have ended. */
  async endsItself(name: NodeName): Promise<number | string | undefined> {
    const ended = this.node(name).ended();
    const status = await this.within(ended, `${name} does not end`);
    this.#running.delete(name);
    return status;
  }

  /** What a node says of itself; undefined when it can't be asked. */
  async #health(name: NodeName): Promise<Health | undefined> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.ports(name).http}/healthz`);
      return (await response.json()) as Health;
    } catch {
      return undefined;
    }
  }

  /** Waits until a node is of this health. */
  becomes(name: NodeName, status: Health["status"]): Promise<Health> {
    return this.#until(name, `${name} is not ${status}`, (health) => health.status === status);
  }

  /** Waits until all nodes have on their disks what their primary has, which goes on no more. */
  async allHave(primary: NodeName): Promise<number> {
    const has = ({ position, nodes }: Health) =>
      nodes.length > 0 && nodes.every(({ connected, persisted }) => connected && persisted === position);
    const { position } = await this.#until(primary, `not all nodes have what ${primary} has`, has);
    return position;
  }

  /** Waits until all nodes follow their primary. */
  async allFollow(primary: NodeName): Promise<void> {
    const follow = ({ nodes }: Health) => nodes.length > 0 && nodes.every(({ connected }) => connected);
    await this.#until(primary, `not all nodes follow ${primary}`, follow);
  }

  /** Position and hash of a node's state, as a snapshot that it takes now says. */
  async state(name: NodeName): Promise<string> {
    const said = (await this.admin(name, "snapshot")) as { position?: number; stateHash?: string };
    if (said.stateHash === undefined) throw new Error(`no snapshot of ${name}: ${JSON.stringify(said)}`);
    return `${said.position} ${said.stateHash}`;
  }

  /** Waits until a node has sequenced, or stored, `wanted`. */
  async reaches(name: NodeName, wanted: number): Promise<void> {
    await this.#until(
      name,
      `${name} does not reach position ${wanted}`,
      ({ position }) => position >= wanted,
    );
  }

  async #until(name: NodeName, missing: string, isSo: (health: Health) => boolean): Promise<Health> {
    for (const end = performance.now() + WAIT_MS; performance.now() < end; await sleep(LOOK_MS)) {
      const health = await this.#health(name);
      if (health !== undefined && isSo(health)) return health;
    }
    throw this.#late(missing);
  }

  /** Waits for `what`, which comes within a bound, or throws `missing` with what all nodes have said. */
  async within<T>(what: Promise<T> | undefined, missing: string): Promise<T | undefined> {
    const cancel = new AbortController();
    const late = sleep(WAIT_MS, undefined, { signal: cancel.signal }).then(() => {
      throw this.#late(missing);
    });
    try {
      return await Promise.race([what, late]);
    } finally {
      late.catch(() => {});
      cancel.abort();
    }
  }

  #late(what: string): Error {
    const said = [...this.#running].map(([who, { stderr }]) => `${who}:\n${stderr}`);
    return new Error(`${what} within ${WAIT_MS} ms\n${said.join("\n")}`);
  }

  /** An administrator's command, and its answer. */
  async admin(name: NodeName, command: string): Promise<object> {
    const key = readOwnKey(this.#key("ann"));
    return JSON.parse(
      await askNode({ host: "127.0.0.1", port: this.ports(name).admin }, key, command),
    ) as object;
  }

  /** Tells `name` to lead, again when it has not heard enough of the others in time: the machine may be busy. */
  async promote(name: NodeName): Promise<object> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.admin(name, "promote");
      } catch (error) {
        if ((error as SeriatimError).code !== "REFUSED" || tries === TRIES_MAX) throw error;
      }
    }
  }

  /** The segments of a node's journal by name. */
  journal(name: NodeName): Map<string, Buffer> {
    const journal = join(this.data(name), "journal");
    const segments = readdirSync(journal).filter((file) => file.endsWith(".seg"));
    return new Map(segments.map((file) => [file, readFileSync(join(journal, file))]));
  }

  /** The files that are not the same on both nodes. */
  differences(one: NodeName, other: NodeName): string[] {
    const [ours, theirs] = [this.journal(one), this.journal(other)];
    const names = new Set([...ours.keys(), ...theirs.keys()]);
    return [...names].filter((file) => !ours.get(file)?.equals(theirs.get(file) ?? Buffer.of()));
  }
}
