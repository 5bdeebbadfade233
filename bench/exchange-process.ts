// The nodes of a bench, each a process of its own: an exchange that tells what it has used, and a replica as
// `seriatim start` runs it.

import type { Configuration, NodeStatus } from "../src/node/index.ts";
import { Child } from "./child.ts";
import type { Standstill } from "./standstill.ts";

export interface ExchangePorts {
  readonly port: number;
  readonly httpPort: number;
  readonly replicationPort: number;
}

export type ExchangeQuestion = "figures" | "snapshot" | "watch" | "standstill";

/** What a node has used and where it is, by now. */
export interface ExchangeFigures {
  /** Processor time of all its threads since its start. */
  readonly cpu_us: number;
  readonly status: NodeStatus["status"];
  readonly position: number;
  /** Of the last whole second. */
  readonly latency: NodeStatus["latency"];
}

/** What bin/seriatim tells V8 when it starts a node (docs/adr/garbage.md). */
export const START_FLAGS = ["--semi-space-growth-factor=1", "--no-parallel-scavenge"];
/** Until replicas have logged on and orders are taken, on a loaded machine. */
const SERVING_MS = 30_000;
const LOOK_MS = 100;

/** The argument of a bench's exchange: free ports, and no snapshots in the middle of a measurement. */
export function settingsText(settings: Partial<Configuration>): string {
  const ofCluster = settings.nodeKey === undefined ? {} : { replicationPort: 0 };
  return JSON.stringify({ orderPort: 0, httpPort: 0, snapshotEvery: 0, ...ofCluster, ...settings });
}

export class ExchangeProcess {
  readonly ports: ExchangePorts;
  readonly #child: Child;

  private constructor(child: Child, ports: ExchangePorts) {
    this.#child = child;
    this.ports = ports;
  }

  static async start(settings: Partial<Configuration>): Promise<ExchangeProcess> {
    const child = new Child(import.meta.url, "gateway/exchange", [settingsText(settings)], START_FLAGS);
    try {
      return new ExchangeProcess(child, await child.answer<ExchangePorts>());
    } catch (error) {
      await child.end();
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  figures(): Promise<ExchangeFigures> {
    return this.#child.ask("figures" satisfies ExchangeQuestion);
  }

  /** Resolves when a snapshot of all that is durable has been taken. */
  snapshot(): Promise<unknown> {
    return this.#child.ask("snapshot" satisfies ExchangeQuestion);
  }

  /** From now on how long the thread that matches stands still. */
  watch(): Promise<unknown> {
    return this.#child.ask("watch" satisfies ExchangeQuestion);
  }

  /** How long it did since then. */
  standstill(): Promise<Standstill> {
    return this.#child.ask("standstill" satisfies ExchangeQuestion);
  }

  /** Resolves when orders are taken. */
  async serving(): Promise<void> {
    const late = Date.now() + SERVING_MS;
    while ((await this.figures()).status !== "ok") {
      if (Date.now() > late) throw new Error("an exchange of the bench takes no orders");
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  end(): Promise<void> {
    return this.#child.end();
  }
}
