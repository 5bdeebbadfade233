// What hostile clients do to a node beside a legitimate one, and what is looked at: the legitimate client's round trips, the node's
// memory, and why it ended connections. A scene is many rounds of three moments: a quiet one; one beside the attack; one in which
// the same attackers attack a bare sink and leave the node alone, which shows what is the machine's. A quantile is of the round trips
// of all moments of a kind together: one hiccup of the machine is a few of thousands, and a slow minute of it is in all three kinds.
// Before the rounds node and sink are attacked until what that has them do is compiled, as what the legitimate client has the node
// do is in any quiet moment; what the client sees meanwhile is told apart.

import { readFileSync } from "node:fs";
import { Child } from "../../bench/child.ts";
import type { PacedOrder, PacedResult } from "../../bench/durability/paced-load.ts";
import type { NodeProcess } from "../crash/node-process.ts";
import type { AttackOrder } from "./attacker.ts";
import type { AttackName, Counts } from "./attacks.ts";
import type { SinkOrder, SinkPorts } from "./sink.ts";

export interface Scene {
  readonly attack: AttackName;
  /** In words, for the table. */
  readonly title: string;
  /** Of whatever the attack counts. */
  readonly count: number;
  /** The attack goes on until the node has judged so many frames: what stands behind a frame that ends a connection is not. */
  readonly judged?: number;
  /** It goes on until it has sent so many messages. */
  readonly messages?: number;
  /** How long it goes on in a round; it may end sooner when its count is reached. MOMENT_MS and the settling when left out. */
  readonly ms?: number;
  /** ROUNDS when left out: of an attack that takes longer to do what it does, fewer. */
  readonly rounds?: number;
  /** The sink ends a connection that has sent something, as the node does in this scene. */
  readonly sinkEnds?: boolean;
}

/** Of all rounds, in microseconds. */
interface Quantiles {
  readonly p50_us: number;
  readonly p99_us: number;
}

export interface SceneResult {
  readonly scene: Scene;
  readonly counts: Counts;
  readonly quiet: Quantiles;
  readonly beside: Quantiles;
  /** Beside the attack's first WARM_MS. */
  readonly cold: Quantiles;
  /** p99 as a multiple of the quiet one: beside the attack, and beside the one on the sink. */
  readonly ratio: number;
  readonly control: number;
  /** The least and the greatest that `ratio` is with any one round left out. */
  readonly within: readonly [number, number];
  /** Requests of the legitimate client that were refused. */
  readonly refused: number;
  /** The most memory that the node had by then, since it was started. */
  readonly peak_bytes: number;
  /** Connections that the node ended during it, by reason. */
  readonly closes: Counts;
}

/** What the legitimate client does: so little that it never waits for itself. */
const RATE = 500;
/** Of a quiet moment, and of the others unless the scene says more: short, so that the three kinds have the same of the machine. */
const MOMENT_MS = 1_000;
const ROUNDS = 12;
/** So many connections share the rate. */
const CONNECTIONS = 4;
/** From an attack's first moment on V8 compiles what the node does for it, some ten seconds in the life of a process. */
export const WARM_MS = 15_000;
/** Attacks of the warm-up are numbered from here on: other mutations than in the rounds. */
const WARM_ROUND = 10_000;
/** An attack ends by itself; so much later it has not. */
const LATE_MS = 60_000;
/** From the start of an attack until it is at work. */
const SETTLE_MS = 300;
/** An attack that goes on until enough is judged is asked for in pieces of so many milliseconds, and given up after so many. */
const PIECE_MS = 10_000;
const JUDGED_MS = 900_000;

export class Stage {
  readonly #node: NodeProcess;
  readonly #seed: number;
  readonly #keyFile: string;
  readonly #client = new Child(import.meta.resolve("../../bench/child.ts"), "durability/paced-load");
  readonly #attacker = new Child(import.meta.url, "attacker");
  readonly #sink = new Child(import.meta.url, "sink");

  /** `keyFile`: of a trader that the node knows. */
  constructor(node: NodeProcess, seed: number, keyFile: string) {
    this.#node = node;
    this.#keyFile = keyFile;
    this.#seed = seed;
  }

  async play(scene: Scene): Promise<SceneResult> {
    const before = await this.#figures();
    const counts: Record<string, number> = {};
    const [quiet, beside, control]: PacedResult[][] = [[], [], []];
    const sink = await this.#sink.ask<SinkPorts>({ ends: scene.sinkEnds ?? false } satisfies SinkOrder);
    const { rounds = ROUNDS } = scene;
    await this.#measure(MOMENT_MS);
    const cold = await this.#warmUp(scene, counts);
    await this.#warmUp(scene, {}, sink);
    for (let round = 0; round < rounds; round++) {
      quiet.push(await this.#measure((MOMENT_MS * ROUNDS) / rounds));
      beside.push(await this.#beside(this.#orderOf(scene, round), counts));
      control.push(await this.#beside(this.#orderOf(scene, round, sink), {}));
    }
    await this.#goOn(scene, before.judged, counts);
    const after = await this.#figures();
    const told = scene.judged === undefined ? counts : { ...counts, judged: after.judged - before.judged };
    const all = [...quiet, ...beside, ...control, ...cold];
    return {
      ...{
        scene,
        counts: told,
        quiet: quantilesOf(quiet),
        beside: quantilesOf(beside),
        cold: quantilesOf(cold),
      },
      ...{ ratio: ratioOf(beside, quiet), control: ratioOf(control, quiet), within: rangeOf(beside, quiet) },
      refused: all.reduce((sum, { refused }) => sum + refused, 0),
      peak_bytes: peakOf(this.#node.pid),
      closes: difference(after.closes, before.closes),
    };
  }

  /** Of the node, or of a sink in its place. */
  #orderOf(
    { attack, count, ms = SETTLE_MS + MOMENT_MS }: Scene,
    round: number,
    ports: SinkPorts = this.#node,
  ): AttackOrder {
    const { orderPort, httpPort } = ports;
    const seed = this.#seed + round;
    return { attack, target: { orderPort, httpPort, keyFile: this.#keyFile, seed, ms, count } };
  }

  /** The attack again and again for WARM_MS, and what the legitimate client sees from its first moment on. */
  async #warmUp(
    scene: Scene,
    counts: Record<string, number>,
    ports: SinkPorts = this.#node,
  ): Promise<PacedResult[]> {
    const moments: PacedResult[] = [];
    const until = Date.now() + WARM_MS;
    for (let round = WARM_ROUND; Date.now() < until; round++)
      moments.push(await this.#beside(this.#orderOf(scene, round, ports), counts, 0));
    return moments;
  }

  /** The legitimate client, always on the node, while an attack is at work. */
  async #beside(
    order: AttackOrder,
    counts: Record<string, number>,
    settle_ms = SETTLE_MS,
  ): Promise<PacedResult> {
    const attacked = this.#attack(order, counts);
    await new Promise((resolve) => setTimeout(resolve, settle_ms));
    const [measured] = await Promise.all([this.#measure(order.target.ms - settle_ms), attacked]);
    return measured;
  }

  /** Again and again until it is enough; `before`: frames that the node had judged when the scene began. */
  async #goOn(scene: Scene, before: number, counts: Record<string, number>): Promise<void> {
    const { judged = 0, messages = 0 } = scene;
    const late = Date.now() + JUDGED_MS;
    for (let round = ROUNDS; Date.now() < late; round++) {
      if ((await this.#figures()).judged - before >= judged && (counts.messages ?? 0) >= messages) return;
      await this.#attack(this.#orderOf({ ...scene, ms: PIECE_MS }, round), counts);
    }
  }

  /** Adds what it did to `counts`. */
  async #attack(order: AttackOrder, counts: Record<string, number>): Promise<void> {
    const did = await this.#attacker.ask<Counts>(order, order.target.ms + LATE_MS);
    for (const [name, n] of Object.entries(did)) counts[name] = (counts[name] ?? 0) + n;
  }

  #measure(ms: number): Promise<PacedResult> {
    const requests = Math.round((RATE * ms) / 1e3 / 2) * 2;
    const order: PacedOrder = {
      ...{ port: this.#node.orderPort, connections: CONNECTIONS, rate: RATE, requests, kind: "pairs" },
      tellsAll: true,
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
    await Promise.all([this.#client.end(), this.#attacker.end(), this.#sink.end()]);
  }
}

/** Of the round trips of all moments together. */
function quantilesOf(moments: readonly PacedResult[]): Quantiles {
  const all_us = moments.flatMap((each) => each.all_us).sort((a, b) => a - b);
  const [p50_us, p99_us] = [50, 99].map((percent) => all_us[Math.ceil((all_us.length * percent) / 100) - 1]);
  return { p50_us, p99_us };
}

function ratioOf(beside: readonly PacedResult[], quiet: readonly PacedResult[]): number {
  return quantilesOf(beside).p99_us / quantilesOf(quiet).p99_us;
}

/** The least and the greatest that the ratio is without one of the rounds: whether one of them decided. */
function rangeOf(beside: readonly PacedResult[], quiet: readonly PacedResult[]): readonly [number, number] {
  const ratios = quiet.map((_, round) => ratioOf(beside.toSpliced(round, 1), quiet.toSpliced(round, 1)));
  return [Math.min(...ratios), Math.max(...ratios)];
}

/** What has been counted since. */
function difference(after: Counts, before: Counts): Counts {
  const grown = Object.entries(after).map(([why, n]) => [why, n - (before[why] ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, n]) => n > 0));
}

/** The most memory a process has had, by Linux. */
function peakOf(pid: number): number {
  const [, kib = "0"] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1_024;
}
