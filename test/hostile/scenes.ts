// What hostile clients do to a node beside a legitimate one, and what is looked at: the legitimate client's round trips with and
// without them, the node's memory, and why it ended connections. Each scene is measured beside its own quiet moment.

import { readFileSync } from "node:fs";
import { Child } from "../../bench/child.ts";
import type { PacedOrder, PacedResult } from "../../bench/durability/paced-load.ts";
import type { NodeProcess } from "../crash/node-process.ts";
import type { AttackOrder } from "./attacker.ts";
import type { AttackName, Counts } from "./attacks.ts";

export interface Scene {
  readonly attack: AttackName;
  /** In words, for the table. */
  readonly title: string;
  /** Of whatever the attack counts. */
  readonly count: number;
  /** The attack goes on until the node has judged so many frames: what stands behind a frame that ends a connection is not. */
  readonly judged?: number;
  /** The longest it goes on; it may end sooner when its count is reached. */
  readonly ms: number;
}

export interface SceneResult {
  readonly scene: Scene;
  readonly counts: Counts;
  readonly quiet: PacedResult;
  readonly beside: PacedResult;
  /** The most memory that the node had by then, since it was started. */
  readonly peak_bytes: number;
  /** Connections that the node ended during it, by reason. */
  readonly closes: Counts;
}

/** What the legitimate client does: so little that it never waits for itself. */
const RATE = 500;
/** Of the quiet measurement, and between two looks beside the attack. */
const MEASURED_MS = 4_000;
/** So many connections share the rate. */
const CONNECTIONS = 4;
/** An attack ends by itself; so much later it has not. */
const LATE_MS = 60_000;
/** From the start of an attack until it is at work. */
const SETTLE_MS = 300;

export class Stage {
  readonly #node: NodeProcess;
  readonly #seed: number;
  readonly #keyFile: string;
  readonly #client = new Child(import.meta.resolve("../../bench/child.ts"), "durability/paced-load");
  readonly #attacker = new Child(import.meta.url, "attacker");

  /** `keyFile`: of a trader that the node knows. */
  constructor(node: NodeProcess, seed: number, keyFile: string) {
    this.#node = node;
    this.#keyFile = keyFile;
    this.#seed = seed;
  }

  async play(scene: Scene): Promise<SceneResult> {
    const quiet = await this.#measure(MEASURED_MS);
    const before = await this.#figures();
    const { orderPort, httpPort } = this.#node;
    const { attack, count, ms } = scene;
    const target = { orderPort, httpPort, keyFile: this.#keyFile, seed: this.#seed, ms, count };
    const order: AttackOrder = { attack, target };
    const attacked = this.#attack(order, before.judged + (scene.judged ?? 0));
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const [beside, counts] = await Promise.all([this.#measure(Math.min(ms, MEASURED_MS)), attacked]);
    const after = await this.#figures();
    const closes = Object.entries(after.closes).map(
      ([why, n]) => [why, n - (before.closes[why] ?? 0)] as const,
    );
    const told = scene.judged === undefined ? counts : { ...counts, judged: after.judged - before.judged };
    return {
      ...{ scene, counts: told, quiet, beside, peak_bytes: peakOf(this.#node.pid) },
      closes: Object.fromEntries(closes.filter(([, n]) => n > 0)),
    };
  }

  /** Once, or again and again until the node has judged so many frames since its start. */
  async #attack(order: AttackOrder, until: number): Promise<Counts> {
    const sums: Record<string, number> = {};
    const late = Date.now() + order.target.ms;
    for (let round = 0; ; round++) {
      const target = { ...order.target, seed: order.target.seed + round };
      const counts = await this.#attacker.ask<Counts>({ ...order, target }, target.ms + LATE_MS);
      for (const [name, n] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + n;
      if ((await this.#figures()).judged >= until || Date.now() > late) return sums;
    }
  }

  #measure(ms: number): Promise<PacedResult> {
    const requests = Math.round((RATE * ms) / 1e3 / 2) * 2;
    const order: PacedOrder = {
      ...{ port: this.#node.orderPort, connections: CONNECTIONS, rate: RATE, requests, kind: "pairs" },
    };
    return this.#client.ask<PacedResult>(order);
  }

  /** From the node's metrics: ended connections by reason, and frames that were taken or ended their connection. */
  async #figures(): Promise<{ readonly closes: Counts; readonly judged: number }> {
    const text = await (await fetch(`http://127.0.0.1:${this.#node.httpPort}/metrics`)).text();
    const rows = text.matchAll(/^seriatim_connections_closed_total\{reason="([^"]+)"\} (\d+)$/gm);
    const closes = Object.fromEntries([...rows].map(([, why, n]) => [why, Number(n)]));
    const [, frames = "0"] = /^seriatim_frames_received_total (\d+)$/m.exec(text) ?? [];
    return { closes, judged: Number(frames) + (closes.Malformed ?? 0) };
  }

  async end(): Promise<void> {
    await Promise.all([this.#client.end(), this.#attacker.end()]);
  }
}

/** The most memory a process has had, by Linux. */
function peakOf(pid: number): number {
  const [, kib = "0"] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1_024;
}
