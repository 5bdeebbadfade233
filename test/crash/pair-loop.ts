// SIGKILL of a primary, of its replica, or of both, again and again under load, under a policy drawn for the log. Judged
// as kill-loop.ts does, whenever a primary was killed; at the end both nodes have the same files.
//
//   both run, orders are taken -> load -> SIGKILL -> (the primary's log is read) -> the dead start again

import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Prng } from "../../src/base/index.ts";
import type { OrderEntryClient } from "../../src/client/index.ts";
import { generateKey } from "../../src/runtime/index.ts";
import { Crowd, entriesInLog } from "./crowd.ts";
import { KillFigures } from "./kill-figures.ts";
import type { KillPlan } from "./kill-loop.ts";
import { NodeProcess } from "./node-process.ts";

const SEGMENT_BYTES = 2_097_152;
/** From the first order to the kill. */
const LOAD_MS = [20, 600] as const;
/** A primary takes orders when its replica has caught up: far longer than that ever takes. */
const READY_MS = 60_000;
const POLICIES = ["disk+ram", "disk+ram", "two-disks", "ram"] as const;
const VICTIMS = ["the primary", "the replica", "both nodes"] as const;

export class PairLoop {
  readonly figures = new KillFigures();
  readonly #directory: string;
  readonly #prng: Prng;
  readonly #crowd = new Crowd();
  #port = 0;
  readonly #policy: (typeof POLICIES)[number];
  #primary: NodeProcess | undefined;
  #replica: NodeProcess | undefined;
  /** What is in the log of a primary that was killed and is not judged yet. */
  #entries: Map<string, number> | undefined;

  constructor({ directory, seed }: KillPlan) {
    this.#directory = directory;
    this.#prng = new Prng(seed);
    this.#policy = this.#prng.pick([...POLICIES]);
    for (const name of ["north", "south"])
      generateKey(name, "replica", join(directory, `${name}.key`), join(directory, "keys.json"));
  }

  async round(): Promise<void> {
    const { primary, clients } = await this.#bothRun();
    const trading = this.#crowd.trade(clients);
    await sleep(this.#prng.between(...LOAD_MS));
    const victim = this.#prng.pick([...VICTIMS]);
    const row = this.figures.row(`${victim}, policy ${this.#policy}`);
    row.kills++;
    this.figures.current = row;
    if (victim !== "the primary") {
      await this.#replica?.end("SIGKILL");
      this.#replica = undefined;
    }
    if (victim !== "the replica") {
      await primary.end("SIGKILL");
      this.#primary = undefined;
      this.#entries = entriesInLog(this.#data("north"));
    }
    for (const client of clients) client.destroy();
    await trading;
  }

  #data(name: string): string {
    return join(this.#directory, name);
  }

  async #bothRun(): Promise<{ primary: NodeProcess; clients: OrderEntryClient[] }> {
    this.#port ||= await freePort();
    this.#replica ??= NodeProcess.launch([
      ...this.#argsOf("south"),
      ...["--replica-of", `127.0.0.1:${this.#port}`],
    ]);
    const begun = performance.now();
    const started = this.#primary === undefined;
    const primary = await this.#runningPrimary();
    await this.#takesOrders(primary);
    if (started) this.figures.started(performance.now() - begun, primary.stderr);
    const clients = await this.#crowd.connect(primary.orderPort);
    if (this.#entries !== undefined) await this.#crowd.judge(clients, this.#entries, this.figures);
    this.#entries = undefined;
    return { primary, clients };
  }

  async #runningPrimary(): Promise<NodeProcess> {
    const policy = ["--replication-port", String(this.#port), "--ack-policy", this.#policy];
    this.#primary ??= await NodeProcess.start([...this.#argsOf("north"), ...policy]);
    return this.#primary;
  }

  #argsOf(name: string): string[] {
    const keys = ["--keys", join(this.#directory, "keys.json")];
    const own = ["--node-key", join(this.#directory, `${name}.key`)];
    const rest = ["--segment-bytes", String(SEGMENT_BYTES), "--log-level", "info"];
    return ["--data-dir", this.#data(name), ...keys, ...own, ...rest];
  }

  async #takesOrders(primary: NodeProcess): Promise<void> {
    for (const end = performance.now() + READY_MS; performance.now() < end; await sleep(20)) {
      const response = await fetch(`http://127.0.0.1:${primary.httpPort}/healthz`);
      if (((await response.json()) as { status: string }).status === "ok") return;
    }
    throw new Error(`no orders are taken within ${READY_MS} ms\n${primary.stderr}\n${this.#replica?.stderr}`);
  }

  /** Judges what the last rounds left, ends both in order, and compares their files. */
  async finish(): Promise<void> {
    if (this.#primary !== undefined) {
      await this.#primary.end("SIGKILL");
      this.#primary = undefined;
      this.#entries = entriesInLog(this.#data("north"));
    }
    const { primary, clients } = await this.#bothRun();
    await Promise.all(clients.map((client) => client.close()));
    const ends = [await primary.end("SIGTERM"), await this.#replica?.end("SIGTERM")];
    if (ends.some((status) => status !== 0)) this.figures.wrong.push(`the last nodes ended with ${ends}`);
    const [north, south] = ["north", "south"].map((name) => filesOf(join(this.#data(name), "journal")));
    for (const [file, bytes] of north)
      if (!bytes.equals(south.get(file) ?? Buffer.of()))
        this.figures.wrong.push(`${file} is not the same file on both nodes`);
  }
}

/** The journal's files by name. */
function filesOf(journal: string): Map<string, Buffer> {
  return new Map(readdirSync(journal).map((file) => [file, readFileSync(join(journal, file))]));
}

/** Free now, and nobody is given it for a while. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
