// An application that follows a primary: the node's side of replica-worker.ts. Its state is the primary's, a moment
// later, and its journal the same files. It begins with the newest snapshot that serves, and takes snapshots of its own.
//
//   snapshot restored -> thread opens the journal behind it -> follows
//     -> diverged: thread gone, snapshots broken off -> its files set aside -> begins anew, with nothing

import { Worker } from "node:worker_threads";
import { type Application, SeriatimError } from "../../base/index.ts";
import type { ApplicationVersion } from "../../journal/index.ts";
import { entryBeside, NodeStorage } from "../../platform/index.ts";
import type { LogPoint } from "../../segment/index.ts";
import type { DataDirectory } from "../data-directory.ts";
import { FirstFailure } from "../first-failure.ts";
import { journalNotRunning, WaitingRequests } from "../journal-requests.ts";
import { restoreSnapshot } from "../restore-snapshot.ts";
import { type ShadowStage, type SnapshotListener, Snapshots, type SnapshottedLog } from "../snapshots.ts";
import { within } from "../within.ts";
import { Applying } from "./applying.ts";
import type { ReplicaWorkerData, ReplicaWorkerMessage, ReplicaWorkerRequest } from "./replica-worker.ts";
import { setAside } from "./set-aside.ts";

/** For making the last frames safe and closing the files; a disk that needs longer hangs. */
const CLOSE_MS = 10_000;
/** For breaking off a snapshot. */
const SHADOW_STOP_MS = 2_000;
/** Between two looks whether a snapshot is due. */
const TICK_MS = 1_000;

export interface ReplicaOptions extends Omit<ReplicaWorkerData, "records" | "directory" | "from"> {
  /** A new one, which has applied nothing yet: at the start, and when the history turned out to be another one. */
  readonly application: () => Application;
  /** Whose snapshots are used; without it none are. */
  readonly version?: ApplicationVersion;
  /** Who takes snapshots, and after how many commands (Snapshots); without it nobody does. */
  readonly snapshots?: {
    readonly shadow: () => ShadowStage;
    readonly every: number;
    readonly listener: SnapshotListener;
  };
  /** Locked by openDataDirectory; the replica gives the lock back. */
  readonly directory: DataDirectory;
  /** Told in one line of what happens to the connection. */
  readonly news: (line: string) => void;
}

export class Replica {
  /** Resolves with what stopped it, if anything ever does. */
  readonly failed: Promise<SeriatimError>;
  /** Whether it follows a primary now. */
  isFollowing = false;
  readonly #options: ReplicaOptions;
  readonly #failure = new FirstFailure();
  readonly #ticker = setInterval(() => this.#snapshots?.tick(), TICK_MS).unref();
  #applying: Applying | undefined;
  #worker: Worker | undefined;
  #exited: Promise<void> = Promise.resolve();
  #requests = new WaitingRequests();
  #snapshots: Snapshots | undefined;
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.failed = this.#failure.happened;
    this.#guarded(() => this.#begin());
  }

  /** The last position applied. */
  get position(): number {
    return this.#applying?.position ?? 0;
  }

  /** Those it takes of its own log; another object when its history was set aside. */
  get snapshots(): Snapshots | undefined {
    return this.#snapshots;
  }

  /** From what the disk holds. */
  #begin(): void {
    const { version, directory, news } = this.#options;
    const application = this.#options.application();
    const onSnapshotRefused = (why: string) => news(`a snapshot is not used: ${why}`);
    const from = restoreSnapshot({ application, version, directory, onSnapshotRefused });
    if (from !== undefined) news(`restored a snapshot, of position ${from.position}`);
    const applying = new Applying(application, from?.position ?? 0);
    this.#applying = applying;
    this.#requests = new WaitingRequests();
    this.#worker = this.#startWorker(applying.shared, from);
    this.#exited = this.#watch(this.#worker);
    this.#snapshots = this.#snapshotsOf(applying, from?.position ?? 0);
    applying.run().catch((error) => this.#failBy(error));
  }

  #snapshotsOf(applying: Applying, beganWith: number): Snapshots | undefined {
    const { snapshots } = this.#options;
    if (snapshots === undefined) return undefined;
    const log: SnapshottedLog = {
      beganWith,
      get position() {
        return applying.position;
      },
      sync: () => this.#sync(),
    };
    return new Snapshots({ ...snapshots, log, shadow: snapshots.shadow() });
  }

  #sync(): Promise<number> {
    return this.#requests.ask((id) => this.#ask({ kind: "sync", id }));
  }

  #ask(request: ReplicaWorkerRequest): void {
    this.#worker?.postMessage(request);
  }

  #startWorker(records: SharedArrayBuffer, from: LogPoint | undefined): Worker {
    const { primaries, keys, ownKey, rules, segmentBytes, directory } = this.#options;
    const where = { directory: directory.journal, from, records };
    const workerData: ReplicaWorkerData = { primaries, keys, ownKey, rules, segmentBytes, ...where };
    return new Worker(entryBeside(import.meta.url, "replica-worker"), { name: "replica", workerData });
  }

  /** Resolves when the thread is gone; without a last word it has failed. */
  #watch(worker: Worker): Promise<void> {
    let hasSaidLast = false;
    worker.on("message", (message: ReplicaWorkerMessage) => {
      hasSaidLast ||= message.kind === "closed" || message.kind === "diverged";
      this.#hear(message);
    });
    worker.on("error", (error) => this.#fail("REPLICA_THREAD_DIED", String(error)));
    return new Promise((resolve) => {
      worker.once("exit", (code) => {
        if (!hasSaidLast) this.#fail("REPLICA_THREAD_DIED", `the replica's thread ended: exit code ${code}`);
        this.#requests.end(journalNotRunning());
        resolve();
      });
    });
  }

  /** With nothing: what it had is set aside, and everything comes from the primary. */
  async #beginAnew(end: Pick<LogPoint, "position" | "chain">): Promise<void> {
    this.#applying?.end();
    await this.#exited;
    // Nobody may write into the directories that come after these.
    await this.#snapshots?.stop();
    if (this.#isStopping) return;
    this.#guarded(() => {
      const aside = setAside(this.#options.directory, end, new NodeStorage());
      this.#options.news(
        `this history was not the primary's: its files are in ${aside} now, and everything is fetched anew`,
      );
      this.#begin();
    });
  }

  #hear(message: ReplicaWorkerMessage): void {
    const { news } = this.#options;
    switch (message.kind) {
      case "opened":
        if (message.cut_bytes > 0) news(`the journal's end was torn: ${message.finding}`);
        return news(`the journal is open, up to position ${message.position}`);
      case "following":
        this.isFollowing = true;
        return news(
          `follows ${message.primary} in epoch ${message.epoch}, from position ${message.position} on`,
        );
      case "lost":
        // Said once, not at every try.
        if (this.isFollowing) news(`the connection to the primary ended: ${message.how}`);
        this.isFollowing = false;
        return;
      case "diverged":
        void this.#beginAnew(message.end);
        return;
      case "durable":
        return this.#requests.answered(message.id, message.position);
      case "closed":
        return;
      case "failed":
        return this.#fail(message.code, message.message, message.exitCode);
    }
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failBy(error);
    }
  }

  #failBy(error: unknown): void {
    if (!(error instanceof SeriatimError)) throw error;
    this.#fail(error.code, error.message, error.exitCode);
  }

  #fail(code: string, message: string, exitCode: 1 | 2 = 1): void {
    this.isFollowing = false;
    this.#applying?.end();
    this.#failure.set(new SeriatimError(code, message, { exitCode }));
  }

  /** Orderly; rejects, when all is closed, with what failed. Called again it gives the same answer. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#ticker);
    if (this.#snapshots !== undefined) await within(this.#snapshots.stop(), SHADOW_STOP_MS);
    this.#ask({ kind: "stop" });
    if (!(await within(this.#exited, CLOSE_MS))) {
      this.#fail(
        "REPLICA_THREAD_DIED",
        `the replica's thread has not closed the journal within ${CLOSE_MS / 1e3} s`,
      );
      await this.#worker?.terminate();
    }
    await this.#options.directory.lock.release();
    this.#failure.orThrow();
  }
}
