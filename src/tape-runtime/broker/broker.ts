// The broker of the tape: one event loop with its sockets and decisions, a storage thread for what is read, and commit workers for what is
// written. This file puts the parts together, starts and stops them, and knows what ends it; what they do stands with them.
//
//   sockets ──► Reception ──► publishers ──► staging ──► commit workers ──► topics' logs
//                   ├──► subscribers ◄── delivery buffers ◄── storage thread ◄──┘
//                   └──► administrators
//
// An orderly stop: nobody is let in or read any more, what was drained whole is committed and acknowledged, everybody is told, then the
// logs, the threads and the sockets are closed, each within a time of its own.

import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, type Listener, SeriatimError } from "../../base/index.ts";
import { FirstFailure, type NetListenAddress, NetTransport, SystemClock } from "../../platform/index.ts";
import { TAPE_TOPICS_MAX } from "../../protocol/index.ts";
import {
  AdministratorService,
  type MayAdminister,
  ORDERING_LIMITS,
  PublisherService,
  StagingPool,
  SubscriberService,
  type TapeFigures,
  TOPIC_LIMITS,
} from "../../tape/index.ts";
import type { CommitStage, CommitStageOptions } from "../threads/commit-stage.ts";
import { COMMIT_CLOSE_MS, CommitThread } from "../threads/commit-thread.ts";
import { STORAGE_CLOSE_MS, StorageStage } from "../threads/storage-stage.ts";
import { Admission } from "./admission.ts";
import { brokerFigures } from "./broker-figures.ts";
import { checkBrokerOptions, type TapeBrokerOptions } from "./broker-options.ts";
import { CommitResults } from "./commit-results.ts";
import { CommitWorkers } from "./commit-workers.ts";
import { OpenTopics } from "./open-topics.ts";
import { Reception } from "./reception.ts";
import { TopicDesk } from "./topic-desk.ts";

/** Deadlines, heartbeats and group commits are looked at so often. */
const TICK_MS = 100;
/** For the last words to reach those who read them; then connections are broken off. */
const GOODBYE_MS = 2_000;
/** For what waits for room in a full queue. */
const SETTLE_MS = 5_000;
/** The longest that `stop` takes, with a disk that hangs and a peer that reads nothing. */
export const TAPE_STOP_MS = SETTLE_MS + COMMIT_CLOSE_MS + GOODBYE_MS + STORAGE_CLOSE_MS;

/** In a Worker: in one that is made with `trackUnmanagedFds: false`, as its own threads hand each other descriptors. */
export class TapeBroker {
  readonly #transport: NetTransport;
  readonly #clock: Clock;
  readonly #failure = new FirstFailure();
  readonly #storage: StorageStage;
  readonly #stages: readonly CommitStage[];
  readonly #workers: CommitWorkers;
  readonly #pool: StagingPool;
  readonly #open: OpenTopics;
  readonly #publishers: PublisherService;
  readonly #subscribers: SubscriberService;
  readonly #administrators: AdministratorService;
  readonly #reception: Reception;
  readonly #tick: NodeJS.Timeout;
  #listeners: readonly Listener[] = [];
  #stopped: Promise<void> | undefined;

  /**
   * Opens the catalog, starts the threads and listens. Throws SeriatimError: INVALID_ARGUMENT, LOG_CORRUPT, what the disk says, EADDRINUSE,
   * ...; then nothing stays open.
   */
  static async start(options: TapeBrokerOptions): Promise<TapeBroker> {
    checkBrokerOptions(options);
    const { directory, lock, deliveryBuffers, clock = new SystemClock(), onNotice = () => {} } = options;
    const storage = await StorageStage.open({ directory, lock, deliveryBuffers, clock, onDamage: onNotice });
    const broker = new TapeBroker(options, storage, clock);
    try {
      await broker.#listen(options.listeners);
      return broker;
    } catch (error) {
      await broker.stop();
      throw error;
    }
  }

  private constructor(options: TapeBrokerOptions, storage: StorageStage, clock: Clock) {
    const { access, connectionsMax, retain, lease_ms } = options;
    const transport = new NetTransport({ connectionsMax });
    const pool = new StagingPool({
      buffers: options.stagingBuffers,
      connectionsMax,
      workers: options.workers,
    });
    const results = new CommitResults(options.onNotice ?? (() => {}));
    const stages = startWorkers(options, pool, results);
    const workers = new CommitWorkers(stages);
    const { topics, reads, deliveryBuffers, offsets } = storage;
    // With the settings of now: who asks may have looked it up before they were changed.
    const open = new OpenTopics((topic) => workers.openTopic(topics.at(topic.id) ?? topic));
    const publishers = new PublisherService({ transport, pool, commits: workers, clock, connectionsMax });
    const subscribers = new SubscriberService({ transport, storage: reads, deliveryBuffers, offsets, clock });
    const remove = (topic: number) => storage.removeTopic(topic);
    const status = (may: MayAdminister) => this.figures((topic) => may(topic, "status"));
    const desk = new TopicDesk({ open, workers, publishers, subscribers, remove, status });
    const retention = { retainBytes: retain.bytes, retain_us: retain.age_us };
    const shared = { transport, clock, topics, subscribers };
    const administrators = new AdministratorService({ ...shared, control: desk, retention });
    const reception: Reception = new Reception({
      ...{ transport, access, clock, connectionsMax },
      admit: (opening) => admission.admit(opening),
      gone: (opening) => admission.gone(opening),
    });
    const services = { publishers, subscribers, administrators };
    const failed = (error: unknown) => this.#failure.set(asSeriatimError(error));
    const admission = new Admission(
      { access, topics, open, workers, ...services, ...retention, lease_ms, failed },
      reception,
    );
    results.hearTo({ workers, open, publishers, subscribers, admission, desk, topics });
    void storage.deliverTo(subscribers);
    this.#transport = transport;
    this.#clock = clock;
    this.#storage = storage;
    this.#stages = stages;
    this.#workers = workers;
    this.#pool = pool;
    this.#open = open;
    this.#publishers = publishers;
    this.#subscribers = subscribers;
    this.#administrators = administrators;
    this.#reception = reception;
    this.#watch();
    this.#tick = setInterval(() => this.#onTick(), TICK_MS);
  }

  /** In the order of the listeners. */
  get ports(): number[] {
    return this.#listeners.map(({ port }) => port);
  }

  /** Resolves with what ended it: a thread that died, a disk that failed, a port that was lost. It is to be stopped then. */
  get failed(): Promise<SeriatimError> {
    return this.#failure.happened;
  }

  /** Of all topics, or those that `isShown` says. */
  figures(isShown: (topic: string) => boolean = () => true): TapeFigures {
    const parts = {
      clock: this.#clock,
      port: this.#listeners[0]?.port ?? 0,
      pool: this.#pool,
      reception: this.#reception,
      publishers: this.#publishers,
      subscribers: this.#subscribers,
      administrators: this.#administrators,
      stages: this.#stages,
      workers: this.#workers,
      topics: this.#storage.topics,
      open: this.#open,
    };
    return brokerFigures(parts, isShown);
  }

  /**
   * Stops in order: what was drained whole is committed and acknowledged, everybody is told, every buffer, socket and thread is given
   * back. Within TAPE_STOP_MS, or some steps of the event loop more; rejects with what could not be closed as it should.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    this.#reception.shutDown();
    this.#publishers.leaveAll();
    await this.#settleQueues();
    const [closed] = await Promise.allSettled([this.#workers.close()]);
    this.#publishers.shutDown();
    this.#subscribers.shutDown();
    this.#administrators.shutDown();
    await this.#goodbye();
    clearInterval(this.#tick);
    const storageFailure = await this.#storage.close();
    if (closed.status === "rejected") throw closed.reason;
    if (storageFailure !== undefined) throw storageFailure;
  }

  async #listen(addresses: readonly NetListenAddress[]): Promise<void> {
    const listeners: Listener[] = [];
    this.#listeners = listeners;
    for (const address of addresses) listeners.push(await this.#transport.listen(address, this.#reception));
    for (const { failed } of listeners) void failed.then((error) => this.#failure.set(error));
  }

  #watch(): void {
    for (const stage of this.#stages) void stage.failed.then((error) => this.#failure.set(error));
    void this.#storage.over.then((error) => {
      if (error !== undefined) this.#failure.set(error);
    });
  }

  #onTick(): void {
    this.#reception.tick();
    this.#workers.settle();
    this.#publishers.tick();
    this.#subscribers.tick();
    this.#administrators.tick();
    this.#workers.publish();
  }

  /** Parts and commands that wait for room are given before the queues are closed. */
  async #settleQueues(): Promise<void> {
    const isWaiting = () => this.#workers.isWaiting || this.#publishers.isWaiting;
    for (let waited_ms = 0; waited_ms < SETTLE_MS && isWaiting(); waited_ms += TICK_MS) {
      await sleep(TICK_MS);
    }
  }

  async #goodbye(): Promise<void> {
    const step_ms = 10;
    for (let waited_ms = 0; waited_ms < GOODBYE_MS && this.#transport.open > 0; waited_ms += step_ms) {
      await sleep(step_ms);
    }
    this.#transport.destroyAll();
    while (this.#transport.open > 0) await sleep(1);
  }
}

function startWorkers(options: TapeBrokerOptions, pool: StagingPool, results: CommitResults): CommitStage[] {
  const { directory, lock, workers, connectionsMax, segmentBytes, lease_ms } = options;
  const stageOptions: CommitStageOptions = {
    ...{ directory, lock, connectionsMax, buffers: pool.shared },
    topicsMax: TAPE_TOPICS_MAX,
    topicLimits: { ...TOPIC_LIMITS, segmentBytes },
    orderingLimits: { ...ORDERING_LIMITS, lease_us: lease_ms * 1_000 },
  };
  return Array.from({ length: workers }, () => new CommitThread(stageOptions, results));
}

function asSeriatimError(error: unknown): SeriatimError {
  if (error instanceof SeriatimError) return error;
  return new SeriatimError("BUG", `this is a bug in the tape's broker: ${String(error)}`, { cause: error });
}
