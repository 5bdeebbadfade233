// The nodes of a cluster in one process, over real sockets and files, each in a directory of its own below one that goes with
// the test.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { run } from "../../src/cli/main.ts";
import { stdout } from "../../src/cli/stdout.ts";
import { connectOrderEntry, type OrderEntryClient } from "../../src/client/index.ts";
import {
  type Configuration,
  configurationOf,
  createLog,
  type RunningNode,
  startNode,
} from "../../src/node/index.ts";
import { makeToken, tokenDigest } from "../../src/platform/index.ts";
import { generateKey } from "../../src/runtime/index.ts";
import { freePort } from "../../tools/free-port.ts";

export const log = createLog({ level: "silent" });
export const SEGMENT_BYTES = 2_097_152;

export class TestCluster {
  readonly directory = mkdtempSync(join(tmpdir(), "seriatim-cluster-"));
  readonly #undo: (() => Promise<void>)[] = [];

  constructor(...names: string[]) {
    for (const name of names) this.makeKey(name, "replica");
  }

  path(...names: string[]): string {
    return join(this.directory, ...names);
  }

  makeKey(name: string, role: "replica" | "admin"): void {
    generateKey(name, role, this.path(`${name}.key`), this.path("keys.json"));
  }

  /** A trader of an account; returns the token of its key. */
  makeTrader(name: string, account: number): string {
    const token = makeToken();
    const rights = { accounts: [account], token: tokenDigest(token) };
    generateKey(name, "trader", this.path(`${name}.key`), this.path("keys.json"), rights);
    return token;
  }

  settings(name: string, some: Partial<Configuration>): Partial<Configuration> {
    const ports = {
      orderPort: 0,
      httpPort: 0,
      replicationPort: 0,
      adminPort: 0,
      segmentBytes: SEGMENT_BYTES,
    };
    const keys = { keys: this.path("keys.json"), nodeKey: this.path(`${name}.key`) };
    return { ...ports, ...keys, dataDir: this.path(name), ...some };
  }

  async startPrimary(some: Partial<Configuration> = {}, toLog = log): Promise<RunningNode> {
    const node = await startNode(configurationOf(this.settings("north", some)), toLog);
    this.atEnd(() => node.stop());
    return node;
  }

  async follow(
    name: string,
    port: number,
    some: Partial<Configuration> = {},
    toLog = log,
  ): Promise<RunningNode> {
    const settings = this.settings(name, { replicaOf: `127.0.0.1:${port}`, ...some });
    const replica = await startNode(configurationOf(settings), toLog);
    this.atEnd(() => replica.stop());
    return replica;
  }

  /** An administrator's command, as the command line gives it with the key `ann`. */
  async admin(node: RunningNode, words: string) {
    const out = vi.spyOn(stdout, "write").mockImplementation(() => true);
    const err = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
    const at = `127.0.0.1:${node.adminPort}`;
    const status = await run(["admin", at, "--key", this.path("ann.key"), ...words.split(" ")]);
    const [said, failed] = [out, err].map((spy) => spy.mock.calls.map(([text]) => String(text)).join(""));
    out.mockRestore();
    err.mockRestore();
    return { status, answer: said === "" ? undefined : JSON.parse(said), failed: failed.replace(at, "NODE") };
  }

  async clientOf(node: RunningNode): Promise<OrderEntryClient> {
    const client = await connectOrderEntry({ host: "127.0.0.1", port: node.orderPort });
    this.atEnd(async () => client.destroy());
    return client;
  }

  /** The files of a node's journal by name. */
  filesOf(name: string): Map<string, Buffer> {
    const journal = this.path(name, "journal");
    return new Map(readdirSync(journal).map((file) => [file, readFileSync(join(journal, file))]));
  }

  expectSameFiles(one: string, other: string): void {
    const [ours, theirs] = [this.filesOf(one), this.filesOf(other)];
    expect([...theirs.keys()]).toEqual([...ours.keys()]);
    for (const [file, bytes] of ours)
      expect([file, bytes.equals(theirs.get(file) as Buffer)]).toEqual([file, true]);
  }

  /** The last first. */
  atEnd(step: () => Promise<void>): void {
    this.#undo.push(step);
  }

  async end(): Promise<void> {
    for (const step of this.#undo.reverse()) await step().catch(() => {});
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** One whose nodes know each other's replication ports before any of them listens: each may lead, and each follow. */
export class KnownCluster extends TestCluster {
  readonly #ports: ReadonlyMap<string, number>;

  private constructor(ports: ReadonlyMap<string, number>) {
    super(...ports.keys());
    this.#ports = ports;
  }

  static async of(...names: readonly string[]): Promise<KnownCluster> {
    const ports = new Map<string, number>();
    for (const name of names) ports.set(name, await freePort());
    return new KnownCluster(ports);
  }

  async start(name: string, some: Partial<Configuration>): Promise<RunningNode> {
    const settings = this.settings(name, { replicationPort: this.#ports.get(name) ?? 0, ...some });
    const node = await startNode(configurationOf(settings), log);
    this.atEnd(() => node.stop());
    return node;
  }

  /** Where all nodes but `name` are asked and followed. */
  others(name: string): string {
    const names = [...this.#ports.keys()].filter((other) => other !== name);
    return names.map((other) => this.at(other)).join(",");
  }

  at(name: string): string {
    return `127.0.0.1:${this.#ports.get(name)}`;
  }
}

let id = 0;
export const order = () => ({
  id: ++id,
  symbol: 0,
  side: "buy" as const,
  price: 100 + (id % 7),
  quantity: 1,
});

/** So many orders, all of which are accepted, some hundred in flight. */
export async function trade(client: OrderEntryClient, orders: number): Promise<void> {
  for (let left = orders; left > 0; left -= 500) {
    const answers = await Promise.all(
      Array.from({ length: Math.min(left, 500) }, () => client.submit(order())),
    );
    expect(answers.every((answer) => answer.accepted)).toBe(true);
  }
}
