// The exchange's shadow: one snapshot taken with an engine of its own, on a thread of its own (`--threads spread`) or,
// with everything on one thread or a disk of a test's own, here and now, while orders wait.

import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { assert, SeriatimError, type Storage } from "../base/index.ts";
import { EXCHANGE_APPLICATION } from "../engine/index.ts";
import {
  type JournalPlace,
  keepState,
  retireCovered,
  type SnapshotFile,
  SnapshotStore,
  type StateInMemory,
  takeSnapshot,
} from "../journal/index.ts";
import { compilingByItself, entryBeside, NativeChecksums, NodeStorage } from "../platform/index.ts";
import type { DataDirectory, ShadowStage, SnapshotTaken } from "../runtime/index.ts";
import { EXCHANGE_RECORDS } from "./exchange-records.ts";
import { RestingChecksums, RestingEngine } from "./resting.ts";
import type { ShadowWorkerData, ShadowWorkerMessage } from "./shadow-worker.ts";

/** The directories of a node that a shadow reads and writes, and how much it leaves there. */
export interface ShadowPlace extends Pick<DataDirectory, "journal" | "snapshots"> {
  /** Segments of the journal to keep behind the older of two snapshots; undefined: all. */
  readonly journalKeep: number | undefined;
}

/** What a snapshot is made of: the log up to this position, or a state in memory where the log can't be read. */
export type SnapshotSubject = number | StateInMemory;

export interface ShadowManner {
  /** The real disk when left out. */
  readonly storage?: Storage | undefined;
  /** Called every fraction of a millisecond of work; left out where nobody is there to be let go first. */
  readonly rest?: () => void;
}

/** Takes one, on the calling thread, and removes what it makes superfluous; throws what takeSnapshot and the disk say. */
export function takeExchangeSnapshot(
  { journal, snapshots, journalKeep }: ShadowPlace,
  of: SnapshotSubject,
  { storage = new NodeStorage(), rest = () => {} }: ShadowManner = {},
): SnapshotTaken {
  const parts = { storage, checksums: new RestingChecksums(new NativeChecksums(), rest) };
  const store = new SnapshotStore({ ...parts, directory: snapshots }, EXCHANGE_APPLICATION);
  const source = { ...parts, directory: journal, rules: EXCHANGE_RECORDS };
  const outcome =
    typeof of === "number"
      ? takeSnapshot(source, store, new RestingEngine(rest), of)
      : keepState(source, store, of);
  const { newest, applied, kept, refused } = outcome;
  const { retired, failure } = retire(source, kept[1], journalKeep);
  const notRemoved = (outcome.notRemoved ?? failure)?.message;
  const { stateHash, stateBytes } = newest.header;
  const hash = Buffer.from(stateHash).toString("hex");
  const { position } = newest;
  // Who is told works in another directory.
  const path = resolve(newest.path);
  return { position, path, stateHash: hash, stateBytes, applied, retired, refused, notRemoved };
}

/** What can't be removed is told beside the snapshot: that one is whole and safe. */
function retire(journal: JournalPlace, older: SnapshotFile | undefined, keep: number | undefined) {
  try {
    const retired = keep === undefined || older === undefined ? [] : retireCovered(journal, older, keep);
    return { retired, failure: undefined };
  } catch (error) {
    if (!(error instanceof SeriatimError)) throw error;
    return { retired: [], failure: error };
  }
}

/** A shadow that also keeps what it is given. */
export interface NodeShadow extends ShadowStage {
  keep(state: StateInMemory): Promise<SnapshotTaken>;
}

/** On the node's own thread: nothing else happens meanwhile. */
export class InlineShadow implements NodeShadow {
  readonly #place: ShadowPlace;
  readonly #storage: Storage | undefined;

  constructor(place: ShadowPlace, storage: Storage | undefined) {
    this.#place = place;
    this.#storage = storage;
  }

  async take(durable: number): Promise<SnapshotTaken> {
    return takeExchangeSnapshot(this.#place, durable, { storage: this.#storage });
  }

  async keep(state: StateInMemory): Promise<SnapshotTaken> {
    return takeExchangeSnapshot(this.#place, state, { storage: this.#storage });
  }

  async stop(): Promise<void> {}
}

/** A thread that waits for its disk still writes, and removes segments, when that answers: nobody else may have opened the log by then. */
type ShadowLock = Pick<DataDirectory["lock"], "keepUntil">;

/**
 * A thread for each snapshot, which ends with it: an engine that waits for the next one would hold its memory all the time,
 * and restoring it costs less than the snapshot did.
 */
export class ShadowThread implements NodeShadow {
  readonly #place: ShadowPlace;
  readonly #lock: ShadowLock;
  #worker: Worker | undefined;

  /** `lock`: of the directory that holds both places, kept until each thread has ended. */
  constructor(place: ShadowPlace, lock: ShadowLock) {
    this.#place = place;
    this.#lock = lock;
  }

  take(durable: number): Promise<SnapshotTaken> {
    return this.#run(durable, []);
  }

  keep(state: StateInMemory): Promise<SnapshotTaken> {
    return this.#run(state, [state.state.buffer]);
  }

  async #run(of: SnapshotSubject, transferList: ArrayBuffer[]): Promise<SnapshotTaken> {
    assert(this.#worker === undefined, "one snapshot at a time");
    const { journal, snapshots, journalKeep } = this.#place;
    const workerData: ShadowWorkerData = { journal, snapshots, journalKeep, of };
    const options = { name: "shadow", workerData, transferList };
    const entry = entryBeside(import.meta.url, "shadow-worker");
    const worker = compilingByItself(() => new Worker(entry, options));
    const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    this.#lock.keepUntil(exited);
    this.#worker = worker;
    try {
      return await wordOf(worker);
    } finally {
      // It has nothing left to do: whoever stops the node behind its snapshot finds the lock given back.
      await exited;
      this.#worker = undefined;
    }
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }
}

/** What the thread says before it ends; rejects with its failure, also when it ends without a word. */
function wordOf(worker: Worker): Promise<SnapshotTaken> {
  return new Promise((resolve, reject) => {
    const died = (how: string) =>
      reject(new SeriatimError("SHADOW_DIED", `the shadow's thread ended: ${how}`));
    worker.once("message", (message: ShadowWorkerMessage) => {
      if (message.kind === "taken") resolve(message.snapshot);
      else reject(new SeriatimError(message.code, message.message));
    });
    worker.once("error", (error) => died(String(error)));
    worker.once("exit", (code) => died(`exit code ${code}`));
  });
}
