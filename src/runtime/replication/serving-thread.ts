// The node's side of serving-worker.ts, and its supervisor. When the thread ends, however it does, no replica counts any
// more: its rows leave the view. One that ends of itself ends the node: who can't hear of a successor must not lead on.

import { Worker } from "node:worker_threads";
import { SeriatimError } from "../../base/index.ts";
import { endThread, entryBeside, within } from "../../platform/index.ts";
import { AckView, type PeerStanding, REPLICAS_MAX } from "../../replication/index.ts";
import type { ServingWorkerData, ServingWorkerMessage, ServingWorkerRequest } from "./serving-worker.ts";
import { fenced } from "./tenure-course.ts";

/** For closing a listener and a few sockets; then the thread is ended. */
const STOP_MS = 2_000;

/** Told in one line that a replica has come or gone, and why; or, as a warning, that nodes are refused for who they are. */
export type ReplicaNews = (line: string, isWarning?: boolean) => void;

/** Told of the other nodes while this one is to lead. */
export interface PeerListener {
  /** What one says of itself. */
  heard(peer: PeerStanding): void;
  /** It follows nothing below `epoch` any more. */
  promised(epoch: number, peer: PeerStanding): void;
  /** It has promised a higher epoch, this one, than it was welcomed in. */
  outpromised(name: string, epoch: number): void;
}

/** Told why this node's own log can't be read where a replica needs it, each time. */
export type DamageListener = (why: string) => void;

/** Told which row of the view a replica has from now on. */
export type SeatListener = (row: number, name: string) => void;

export class ServingThread {
  /** Resolves with why this node must not go on: a peer is of a newer tenure, or has what this node has lost. */
  readonly fenced: Promise<SeriatimError>;
  readonly #worker: Worker;
  readonly #view: SharedArrayBuffer;
  readonly #exited: Promise<void>;
  readonly #listening = Promise.withResolvers<number>();
  readonly #fence = Promise.withResolvers<SeriatimError>();
  #news: ReplicaNews = () => {};
  #seated: SeatListener = () => {};
  #damaged: DamageListener = () => {};
  #peers: PeerListener | undefined;
  /** By row: who has it, or had it last. */
  readonly #seats: string[] = [];
  #isStopping = false;

  constructor(data: ServingWorkerData) {
    this.#view = data.view;
    this.fenced = this.#fence.promise;
    this.#worker = new Worker(entryBeside(import.meta.url, "serving-worker"), {
      name: "replication",
      workerData: data,
    });
    this.#worker.on("message", (message: ServingWorkerMessage) => this.#hear(message));
    this.#worker.on("error", (error) => this.#fail(String(error)));
    this.#exited = new Promise((resolve) => {
      this.#worker.once("exit", (code) => {
        this.#fail(`exit code ${code}`);
        resolve();
      });
    });
    this.#listening.promise.catch(() => {});
  }

  /** The port listened on; throws what listening says. */
  get listening(): Promise<number> {
    return this.#listening.promise;
  }

  tell(news: ReplicaNews, seated: SeatListener, damaged: DamageListener): void {
    this.#news = news;
    this.#damaged = damaged;
    this.#seated = seated;
    // They may have come before anybody listened.
    this.#seats.forEach((name, row) => {
      seated(row, name);
    });
  }

  /** Tells `peers` of every other node from now on. */
  listen(peers: PeerListener): void {
    this.#peers = peers;
  }

  /** Replicas are welcomed in an epoch to come. */
  gather(epoch: number): void {
    this.#ask({ kind: "gather", epoch });
  }

  /** That epoch has begun. */
  lead(): void {
    this.#ask({ kind: "lead" });
  }

  #ask(request: ServingWorkerRequest): void {
    this.#worker.postMessage(request);
  }

  #hear(message: ServingWorkerMessage): void {
    switch (message.kind) {
      case "heard":
        return this.#peers?.heard(message.peer);
      case "promised":
        return this.#peers?.promised(message.epoch, message.peer);
      case "outpromised":
        return this.#peers?.outpromised(message.name, message.epoch);
      case "listening":
        return this.#listening.resolve(message.port);
      case "connected":
        this.#seats[message.row] = message.name;
        this.#seated(message.row, message.name);
        return this.#news(`replica ${message.name} is connected, from position ${message.position} on`);
      case "sends snapshot":
        return this.#news(
          `replica ${message.name} lacks what this log no longer gives: it is sent the snapshot of position ${message.position}`,
        );
      case "ended":
        return this.#news(`replica ${message.name} is gone: ${message.how}`);
      case "refused":
        return this.#news(message.line, true);
      case "damaged":
        return this.#damaged(message.why);
      case "must stop":
        return this.#fence.resolve(fenced(message.why));
      case "failed":
        return this.#listening.reject(new SeriatimError(message.code, message.message));
    }
  }

  #fail(how: string): void {
    const view = new AckView(this.#view);
    for (let replica = 0; replica < REPLICAS_MAX; replica++) view.leave(replica);
    const why = `the replication thread ended: ${how}`;
    const died = new SeriatimError("REPLICATION_THREAD_DIED", why);
    this.#listening.reject(died);
    if (!this.#isStopping) this.#fence.resolve(died);
    this.#isStopping = true;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#ask({ kind: "stop" });
    if (!(await within(this.#exited, STOP_MS))) await endThread(this.#worker);
  }
}
