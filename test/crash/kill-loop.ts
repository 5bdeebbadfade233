// SIGKILL again and again on one data directory, begun anew now and then, at random moments: under load from several clients, and while the node
// starts (reading, cutting a torn end, preparing a segment). Judged from the clients' own ledgers, and from the log while
// no node runs. Every draw comes from the seed; when the signal arrives does not, so a seed repeats the plan, not the run.
//
//   start (maybe killed on the way, and again) -> judge what the last round left -> load -> SIGKILL -> read the log

import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Prng } from "../../src/base/index.ts";
import { hashOf, openExchange, replayedHash } from "../node/support.ts";
import { Crowd, entriesInLog } from "./crowd.ts";
import { KillFigures } from "./kill-figures.ts";
import { NodeProcess } from "./node-process.ts";

/** Small segments, so that kills also hit rotations. */
const SEGMENT_BYTES = 2_097_152;
/** From the first order to the kill. */
const LOAD_MS = [5, 250] as const;
/** The same in one round of four: a node looks once a second whether a snapshot is due. */
const LONG_LOAD_MS = [900, 3_000] as const;
/** Of ten starts so many are killed on the way. */
const KILLED_STARTS_OF_TEN = 3;

/** Few commands, so that kills also hit snapshots, and starts use them. */
const SNAPSHOT_EVERY = 500;
/** Of so many rounds one compares the state that snapshot and log give with the one of the whole log. */
const ROUNDS_PER_COMPARISON = 10;
/** After so many the log is begun anew: all of it is read in each round, so a thousand kills of one log would take most of their time for that. */
const ROUNDS_PER_LOG = 50;

/** Neither may lose anything to a process's end, only `flush` to a machine's. The default is drawn most. */
const MODES = ["fsync", "fsync", "fsync", "flush"] as const;
const THREADS = ["spread", "spread", "spread", "single"] as const;

/** How a node runs. */
interface Way {
  readonly mode: (typeof MODES)[number];
  readonly threads: (typeof THREADS)[number];
}

export interface KillPlan {
  /** Of its own; the first log is gone on with when it holds one. */
  readonly directory: string;
  readonly seed: number;
}

export class KillLoop {
  readonly figures = new KillFigures();
  readonly #directory: string;
  readonly #prng: Prng;
  #crowd = new Crowd();
  #rounds = 0;
  /** What the last start took: a killed one is killed within as much. */
  #start_ms = 500;

  constructor({ directory, seed }: KillPlan) {
    this.#directory = directory;
    this.#prng = new Prng(seed);
  }

  /** One more round: kills under load once, and maybe starts before it. */
  async round(): Promise<void> {
    const how = this.#draw();
    const { node, clients } = await this.#startAndJudge(how);
    const row = this.figures.row(`under load, ${how.mode}, threads ${how.threads}`);
    const trading = this.#crowd.trade(clients);
    const [least, most] = this.#prng.between(1, 4) === 1 ? LONG_LOAD_MS : LOAD_MS;
    await sleep(this.#prng.between(least, most));
    await node.end("SIGKILL");
    await trading;
    row.kills++;
    this.figures.current = row;
    if (++this.#rounds % ROUNDS_PER_COMPARISON === 0) await this.#compareStates();
    if (this.#rounds % ROUNDS_PER_LOG === 0) await this.#beginAnew();
  }

  /** What was found to be wrong stays where it is. */
  async #beginAnew(): Promise<void> {
    await this.finish();
    if (this.figures.wrong.length > 0) return;
    rmSync(this.#directory, { recursive: true });
    this.#crowd = new Crowd();
  }

  /** No node runs: what the newest snapshot and the log after it give is what the whole log gives. */
  async #compareStates(): Promise<void> {
    const { engine, runtime } = await openExchange(this.#directory, "single");
    const restored = hashOf(engine);
    await runtime.stop();
    const replayed = replayedHash(join(this.#directory, "journal"));
    this.figures.compared(runtime.recovered, restored === replayed);
  }

  /** Judges what the last round left, and ends the node in order. */
  async finish(): Promise<void> {
    const { node, clients } = await this.#startAndJudge(this.#draw());
    await Promise.all(clients.map((client) => client.close()));
    const status = await node.end("SIGTERM");
    await this.#compareStates();
    if (status !== 0) this.figures.wrong.push(`the last node ended with ${status}: ${node.stderr}`);
  }

  #draw(): Way {
    const [mode, threads] = [this.#prng.between(0, 3), this.#prng.between(0, 3)];
    return { mode: MODES[mode], threads: THREADS[threads] };
  }

  async #startAndJudge({ mode, threads }: Way) {
    const args = [
      ...["--data-dir", this.#directory, "--segment-bytes", String(SEGMENT_BYTES)],
      ...["--durability", mode, "--threads", threads, "--log-level", "info"],
      ...["--snapshot-every", String(SNAPSHOT_EVERY)],
    ];
    while (this.#prng.between(1, 10) <= KILLED_STARTS_OF_TEN) await this.#killStart(args);
    const entries = entriesInLog(this.#directory);
    const begun = performance.now();
    const node = await NodeProcess.start(args);
    this.#start_ms = performance.now() - begun;
    this.figures.started(this.#start_ms, node.stderr);
    const clients = await this.#crowd.connect(node.orderPort);
    await this.#crowd.judge(clients, entries, this.figures);
    return { node, clients };
  }

  /** What a start writes is judged with the next one that is let through. */
  async #killStart(args: readonly string[]): Promise<void> {
    const node = NodeProcess.launch(args);
    await sleep(this.#prng.between(0, Math.round(this.#start_ms)));
    await node.end("SIGKILL");
    this.figures.row("while it starts").kills++;
  }
}
