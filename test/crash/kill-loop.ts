// SIGKILL again and again on one data directory, at random moments: under load from several clients, and while the node
// starts (reading, cutting a torn end, preparing a segment). Judged from the clients' own ledgers, and from the log while
// no node runs. Every draw comes from the seed; when the signal arrives does not, so a seed repeats the plan, not the run.
//
//   start (maybe killed on the way, and again) -> judge what the last round left -> load -> SIGKILL -> read the log

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Prng } from "../../src/base/index.ts";
import { connectOrderEntry, type OrderEntryClient } from "../../src/client/index.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { COMMAND_WORDS, CommandKind, CommandWord } from "../../src/protocol/index.ts";
import { scanLog } from "../../src/segment/index.ts";
import { hashOf, openExchange, replayedHash } from "../node/support.ts";
import { KillFigures } from "./kill-figures.ts";
import { NodeProcess } from "./node-process.ts";
import { OrderLedger, type OrderRecord } from "./order-ledger.ts";

const CLIENTS = 8;
/** Orders of one client under way at once. */
const LANES = 4;
/** Requests of the judge in flight: below the client's window. */
const AT_ONCE = 64;
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

/** Neither may lose anything to a process's end, only `flush` to a machine's. The default is drawn most. */
const MODES = ["fsync", "fsync", "fsync", "flush"] as const;
const THREADS = ["spread", "spread", "spread", "single"] as const;

/** How a node runs. */
interface Way {
  readonly mode: (typeof MODES)[number];
  readonly threads: (typeof THREADS)[number];
}

export interface KillPlan {
  /** Of its own; gone on with, not begun anew, when it holds a log. */
  readonly directory: string;
  readonly seed: number;
}

export class KillLoop {
  readonly figures = new KillFigures();
  readonly #directory: string;
  readonly #prng: Prng;
  /** Clients act for accounts 1 .. CLIENTS; each keeps a ledger over all rounds. */
  readonly #ledgers = Array.from({ length: CLIENTS }, () => new OrderLedger());
  /** Orders of each ledger that were judged. */
  readonly #judged = this.#ledgers.map(() => 0);
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
    const trading = clients.flatMap((client, i) =>
      Array.from({ length: LANES }, () => this.#ledgers[i].trade(client)),
    );
    const [least, most] = this.#prng.between(1, 4) === 1 ? LONG_LOAD_MS : LOAD_MS;
    await sleep(this.#prng.between(least, most));
    await node.end("SIGKILL");
    await Promise.all(trading);
    row.kills++;
    this.figures.current = row;
    if (++this.#rounds % ROUNDS_PER_COMPARISON === 0) await this.#compareStates();
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
    const one = (_: unknown, i: number) =>
      connectOrderEntry({ host: "127.0.0.1", port: node.orderPort, account: i + 1 });
    const clients = await Promise.all(Array.from({ length: CLIENTS }, one));
    await Promise.all(clients.map((client, i) => this.#judge(client, i, entries)));
    return { node, clients };
  }

  /** What a start writes is judged with the next one that is let through. */
  async #killStart(args: readonly string[]): Promise<void> {
    const node = NodeProcess.launch(args);
    await sleep(this.#prng.between(0, Math.round(this.#start_ms)));
    await node.end("SIGKILL");
    this.figures.row("while it starts").kills++;
  }

  /** Each order of this client that no round has judged yet: how often it is in the log, and whether it rests. */
  async #judge(client: OrderEntryClient, i: number, entries: ReadonlyMap<string, number>): Promise<void> {
    const orders = this.#ledgers[i].orders.slice(this.#judged[i]);
    this.#judged[i] += orders.length;
    for (let from = 0; from < orders.length; from += AT_ONCE) {
      const some = orders.slice(from, from + AT_ONCE);
      await Promise.all(
        some.map(async (order) => {
          const where = `account ${i + 1}, order ${order.id}`;
          this.figures.count(order, entries.get(`${i + 1}:${order.id}`) ?? 0, where);
          const wrong = await judgeResting(client, order);
          if (wrong !== undefined) this.figures.undone(`${where}: ${wrong}`);
        }),
      );
    }
  }
}

/** Cancels an order that may rest, which settles it, and compares with what its client knows. */
async function judgeResting(client: OrderEntryClient, order: OrderRecord): Promise<string | undefined> {
  const { accepted } = await client.cancel({ id: order.id, symbol: order.id % 4 });
  if (!accepted) {
    const mustRest = order.entered === "yes" && order.cancelled === "no";
    return mustRest ? "it was acknowledged and is gone" : undefined;
  }
  const again = await client.cancel({ id: order.id, symbol: order.id % 4 });
  if (again.accepted) return "it rested twice";
  return order.cancelled === "yes" ? "its cancel was acknowledged and is undone" : undefined;
}

/** How often each `account:id` entered the log, read while no node runs. */
function entriesInLog(directory: string): Map<string, number> {
  const entries = new Map<string, number>();
  const storage = new NodeStorage();
  const place = { storage, checksums: new NativeChecksums(), directory: join(directory, "journal") };
  if (!storage.list(directory).includes("journal")) return entries;
  scanLog({ ...place, log: "journal" }, (frame) => {
    for (let i = 0; i < frame.count; i++) {
      const at = frame.payloadAt / 4 + i * COMMAND_WORDS;
      if ((frame.words[at] & 255) !== CommandKind.NewOrder) continue;
      const key = `${frame.words[at + CommandWord.account]}:${frame.words[at + CommandWord.orderIdLow]}`;
      entries.set(key, (entries.get(key) ?? 0) + 1);
    }
  });
  return entries;
}
