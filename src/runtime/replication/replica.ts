// An application that follows a primary: the node's side of replica-worker.ts. Its state is the primary's, a moment
// later, and its journal the same files. It begins with the newest snapshot that serves, and takes snapshots of its own.
//
//   snapshot restored -> thread opens the journal behind it -> follows
//     -> diverged: thread gone, snapshots broken off -> its files set aside -> begins anew, with nothing
//     -> a snapshot of the primary's came whole: thread gone, snapshots broken off -> it takes the place of its files
//        -> begins anew, with that

import { Worker } from "node:worker_threads";
import { SeriatimError } from "../../base/index.ts";
import { LOST_LOG_CODES, putReceivedInPlace, setAsideDiverged } from "../../journal/index.ts";
import { endThread, entryBeside, FirstFailure, SystemClock, within } from "../../platform/index.ts";
import { type Decision, decidePromotion, type PeerStanding } from "../../replication/index.ts";
import type { LogPoint } from "../../segment/index.ts";
import { directoryGone } from "../data-directory.ts";
import { journalNotRunning, WaitingRequests } from "../journal-requests.ts";
import { restoreSnapshot } from "../restore-snapshot.ts";
import { Snapshots, type SnapshottedLog } from "../snapshots.ts";
import { Applying } from "./applying.ts";
import { readIdentity, refuseClusterSize } from "./keys.ts";
import { LostNotice } from "./lost-notice.ts";
import type {
  ReplicaEnd,
  ReplicaWorkerData,
  ReplicaWorkerMessage,
  ReplicaWorkerRequest,
  Standings,
} from "./replica-messages.ts";
import { type Inheritance, nameOf, type ReplicaOptions } from "./replica-options.ts";
import { ReplicaView } from "./replica-view.ts";
import { clusterOf, type Judgement, judgedBy, judgement } from "./said-in-log.ts";

/** For making the last frames safe and closing the files; a disk that needs longer hangs. */
const CLOSE_MS = 10_000;
/** For its thread to say how it stands, and to ask the others, which takes a second at most. */
const STANDINGS_MS = 5_000;
/** For breaking off a snapshot. */
const SHADOW_STOP_MS = 2_000;
/** Between two looks whether a snapshot is due, and whether the directory is there. */
const TICK_MS = 1_000;

/** Of a log that lacks what was durable in it. */
const LOST_LOG_REMEDY =
  "keep these files, and start it with an empty data directory: it gets everything from a primary";

/** After one of these its files are closed, and the thread ends. */
const LAST_WORDS: readonly ReplicaWorkerMessage["kind"][] = ["closed", "diverged", "received"];

/** A copy of a primary's log and state that follows it, and can take its place: `decide`, then `handOver`. */
export class Replica {
  /** Resolves with what stopped it, if anything ever does. */
  readonly failed: Promise<SeriatimError>;
  /** What it can say of itself and its primary. */
  readonly view: ReplicaView;
  /** Where other nodes can ask how it stands; 0: nowhere, or not yet. */
  port = 0;
  readonly #options: ReplicaOptions;
  readonly #failure = new FirstFailure();
  readonly #ticker: NodeJS.Timeout;
  /** Turns that its threads have had, one thread after another. */
  readonly #turns = new Int32Array(new SharedArrayBuffer(4));
  #applying: Applying | undefined;
  #worker: Worker | undefined;
  #exited: Promise<void> = Promise.resolve();
  #requests = new WaitingRequests();
  #questions = new WaitingRequests<Standings>();
  /** Where its journal ends, once it is closed. */
  #end: ReplicaEnd | undefined;
  #snapshots: Snapshots | undefined;
  /** Its thread has the journal open, where the directory says. */
  #isOpen = false;
  #isStopping = false;
  readonly #lostNotice: LostNotice;
  #stopped: Promise<void> | undefined;

  /** Throws what options and key say; the lock is given back then. */
  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#lostNotice = new LostNotice(options.news);
    this.failed = this.#failure.happened;
    this.view = new ReplicaView(nameOf(options), new SystemClock());
    this.#ticker = setInterval(() => this.#tick(), TICK_MS).unref();
    this.#guarded(() => this.#begin());
  }

  /** What stopped it. */
  get failure(): SeriatimError | undefined {
    return this.#failure.error;
  }

  /** The last position applied. */
  get position(): number {
    return this.#applying?.position ?? 0;
  }

  /** What was applied, for whoever shows it; another object when its history was set aside. */
  get commands(): Pick<Applying, "position" | "releasedPosition" | "tap"> | undefined {
    return this.#applying;
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
    const from = restoreSnapshot({
      ...{ application, version, directory, onSnapshotRefused },
      mayBeginJournal: true,
    });
    if (from !== undefined) news(`restored a snapshot, of position ${from.position}`);
    const { applied = () => {} } = this.#options;
    if (from !== undefined) applied();
    const applying = new Applying(application, from, applied);
    this.view.beginAnew();
    this.#applying = applying;
    this.#requests = new WaitingRequests();
    this.#questions = new WaitingRequests();
    this.#worker = this.#startWorker(applying.shared, from);
    this.#exited = this.#watch(this.#worker);
    directory.lock.keepUntil(this.#exited);
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
    const { primaries, listen, tls, keys, ownKey, rules, segmentBytes, directory, version } = this.#options;
    const { journal, incoming } = directory.files;
    const workerData: ReplicaWorkerData = {
      ...{ primaries, listen, tls, keys, ownKey, rules, segmentBytes, version },
      ...{ directory: journal, incoming, from, records, turns: this.#turns },
    };
    return new Worker(entryBeside(import.meta.url, "replica-worker"), { name: "replica", workerData });
  }

  /**
   * Resolves when its files are closed: with its last word, or, when it has failed, with its end. What else a thread waits for
   * after its last word, a host name that is still looked up, is no concern of a node that is to lead.
   */
  #watch(worker: Worker): Promise<void> {
    const [requests, questions] = [this.#requests, this.#questions];
    return new Promise((resolve) => {
      let hasSaidLast = false;
      const gone = (): void => {
        requests.end(journalNotRunning());
        questions.end(journalNotRunning());
        resolve();
      };
      worker.on("message", (message: ReplicaWorkerMessage) => {
        this.#hear(message);
        if (!LAST_WORDS.includes(message.kind)) return;
        hasSaidLast = true;
        void worker.terminate();
        gone();
      });
      worker.on("error", (error) => this.#fail("REPLICA_THREAD_DIED", String(error)));
      worker.once("exit", (code) => {
        if (!hasSaidLast) this.#fail("REPLICA_THREAD_DIED", `the replica's thread ended: exit code ${code}`);
        gone();
      });
    });
  }

  #look(): void {
    this.view.turned(Atomics.load(this.#turns, 0), this.#isOpen);
  }

  #tick(): void {
    this.#look();
    this.#snapshots?.tick();
    void this.#lookForDirectory();
  }

  /** As a primary does: nobody would find again what is acknowledged when it is gone. */
  async #lookForDirectory(): Promise<void> {
    const { directory } = this.#options;
    if (!this.#isOpen || (await directory.isStillThere()) || !this.#isOpen) return;
    this.#isOpen = false;
    this.#failBy(directoryGone(directory));
    this.#ask({ kind: "stop" });
  }

  /** With what the disk holds when `settle` has given the files their new names; it says what became of them. */
  async #beginAnew(settle: () => string): Promise<void> {
    this.#isOpen = false;
    // Restoring a snapshot can take longer than its thread may be silent, and no tick tells of it meanwhile.
    this.#look();
    this.view.lost();
    this.#applying?.end();
    await this.#exited;
    // Nobody may write into the directories that come after these.
    const broken = this.#snapshots?.stop();
    if (broken !== undefined && !(await within(broken, SHADOW_STOP_MS)))
      this.#options.news("it begins anew when its snapshot is broken off: that one's disk hangs", true);
    await broken;
    if (this.#isStopping) return;
    this.#guarded(() => {
      this.#options.news(settle());
      this.#options.directory.replaced();
      this.#begin();
    });
  }

  #setAside(end: Pick<LogPoint, "position" | "chain">): string {
    const aside = setAsideDiverged(this.#options.directory.files, end);
    return `this history was not the primary's: its files are in ${aside} now, and everything is fetched anew`;
  }

  #takeReceived(): string {
    const position = putReceivedInPlace(this.#options.directory.files);
    return `the primary's snapshot of position ${position} is in place`;
  }

  #hear(message: ReplicaWorkerMessage): void {
    const { news } = this.#options;
    switch (message.kind) {
      case "opened":
        this.#isOpen = true;
        // What it is by now is what it has to stay.
        void this.#lookForDirectory();
        if (message.wasTorn) news(`the journal's end was torn and has been cut: ${message.finding}`);
        if (message.mayLack) {
          news(
            "this log may lack what this node once acknowledged: its disk counts when it has all that a primary has",
          );
        }
        return news(`the journal is open, up to position ${message.position}`);
      case "following":
        this.view.follows(message.primary, message.epoch);
        this.#lostNotice.followed();
        return news(
          `follows ${message.primary} in epoch ${message.epoch}, from position ${message.position} on`,
        );
      case "lost":
        this.#lostNotice.lost(message.how, this.view.isFollowing);
        return this.view.lost();
      case "progress":
        this.view.came(message.progress);
        this.#applying?.release(message.progress.released);
        return this.#options.progress?.();
      case "shortage":
        return this.#roomChanged(message.why);
      case "diverged":
        void this.#beginAnew(() => this.#setAside(message.end));
        return;
      case "receiving":
        this.view.receives(message.position);
        return news(
          `the primary can't give what this node lacks, it is retired or damaged there: it sends its snapshot of position ${message.position}, ${message.bytes} bytes`,
        );
      case "received":
        void this.#beginAnew(() => this.#takeReceived());
        return;
      case "durable":
        return this.#requests.answered(message.id, message.position);
      case "standings":
        return this.#questions.answered(message.id, message.standings);
      case "listening":
        this.port = message.port;
        return;
      case "closed":
        this.#end = message.end;
        return;
      case "failed":
        return this.#fail(message.code, message.message, message.exitCode);
    }
  }

  #roomChanged(why: string | undefined): void {
    this.view.shortage = why;
    const isOver = "there is room for the log again: it goes on when its file is full";
    const then = `no room for the log to grow, this replica ends when its file is full: ${why}`;
    this.#options.news(why === undefined ? isOver : then, true);
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
    this.view.lost();
    this.#applying?.end();
    const line = LOST_LOG_CODES.includes(code) ? `${message}; ${LOST_LOG_REMEDY}` : message;
    this.#failure.set(new SeriatimError(code, line, { exitCode }));
  }

  /** How it stands; rejects when its journal is not open, or its disk hangs. */
  async standing(): Promise<PeerStanding> {
    return (await this.#standings(false)).own;
  }

  /**
   * Whether it may lead, after asking the nodes where its primary may be, within a second. `isForced`: an administrator
   * answers for what nobody could say. Rejects when its journal is not open, or its disk hangs.
   */
  async decide(isForced: boolean): Promise<Decision & Judgement> {
    const { keys, ownKey, inLog } = this.#options;
    const identity = readIdentity(keys, ownKey);
    refuseClusterSize(keys, identity);
    const { own, peers } = await this.#standings(true);
    // The policy in force is in the log.
    const isApplied = await this.#applying?.whenApplied(own.position);
    this.#failure.orThrow();
    // Before its first entry, also of one that begins anew, an application may have nothing to say.
    const said = (isApplied && own.position > 0 && inLog?.()) || {};
    const by = judgement(judgedBy(said), peers);
    if (isApplied !== true)
      return { kind: "wait", because: "its history was set aside just now: it begins anew", ...by };
    const decision = decidePromotion(own, identity.seat, clusterOf(said, identity), peers, isForced);
    return { ...decision, ...by };
  }

  async #standings(peers: boolean): Promise<Standings> {
    const asked = this.#questions.ask((id) => this.#ask({ kind: "ask", id, peers }));
    if (await within(asked, STANDINGS_MS)) return asked;
    const what = `the replica's thread has not answered for ${STANDINGS_MS / 1e3} s: it reads its journal, or its disk hangs`;
    throw new SeriatimError("REFUSED", what);
  }

  /**
   * Follows no more, closes its journal, and leaves everything to a runtime: the directory stays locked. Rejects, when all
   * is closed and the lock given back, with what failed.
   */
  async handOver(): Promise<Inheritance> {
    this.#stopped ??= this.#close();
    const applying = this.#applying;
    try {
      await this.#stopped;
      if (this.#end === undefined || applying === undefined) throw journalNotRunning();
      await Promise.race([applying.whenApplied(this.#end.position), this.failed]);
      this.#failure.orThrow();
    } catch (error) {
      await this.#options.directory.lock.release();
      throw error;
    }
    applying.end();
    const { application, timestamp_us, lastSession: session, releasedPosition: released } = applying;
    const { directory } = this.#options;
    const snapshot = this.#snapshots?.status.position ?? 0;
    return { directory, application, warm: { ...this.#end, timestamp_us, session, released, snapshot } };
  }

  /** Orderly; rejects, when all is closed, with what failed. Called again it gives the same answer. */
  stop(): Promise<void> {
    this.#stopped ??= this.#close().finally(() => this.#options.directory.lock.release());
    return this.#stopped;
  }

  async #close(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#ticker);
    if (this.#snapshots !== undefined) await within(this.#snapshots.stop(), SHADOW_STOP_MS);
    this.#ask({ kind: "stop" });
    if (!(await within(this.#exited, CLOSE_MS))) {
      this.#fail(
        "REPLICA_THREAD_DIED",
        `the replica's thread has not closed the journal within ${CLOSE_MS / 1e3} s: its disk hangs`,
      );
      if (this.#worker !== undefined) await endThread(this.#worker);
    }
    this.#failure.orThrow();
  }
}
