// A node that is a replica: the real journal and engine, and the real side that follows and can be asked, on a simulated port and
// connection, as the runtime has them on a thread (runtime/replication/replica-worker.ts).

import { assert, RecordBuffer, SeriatimError } from "../base/index.ts";
import { EXCHANGE_APPLICATION, ExchangeEngine } from "../engine/index.ts";
import {
  highestSession,
  IncomingSnapshot,
  newestUsable,
  ReplicaJournal,
  type SnapshotHeader,
  SnapshotStore,
} from "../journal/index.ts";
import { EXCHANGE_RECORDS } from "../node/index.ts";
import { NativeChecksums } from "../platform/index.ts";
import { COMMAND_WORDS, EVENT_WORDS, readTimestamp, type SnapshotBegin } from "../protocol/index.ts";
import { type Decision, decidePromotion } from "../replication/index.ts";
import { clusterOf, type FollowingEnd, FollowingSide } from "../runtime/index.ts";
import { askPeers } from "./asking.ts";
import type { BoundCheck } from "./bounds.ts";
import { FollowingLink } from "./following-link.ts";
import type { WarmEngine } from "./primary-node.ts";
import { ServingPort } from "./session-links.ts";
import { simulatedKeys } from "./simulated-keys.ts";
import { identityOf, promisesOn, REPLICATION_PORT, type SimulatedNode, type Site, TICK_US } from "./site.ts";

const checksums = new NativeChecksums();

/** Says what it stores, frame by frame, and when it makes that safe. */
class TimedJournal extends ReplicaJournal {
  onFrame = () => {};
  onSync = () => {};

  override append(frame: Uint8Array, segment: number): string | undefined {
    const broken = super.append(frame, segment);
    this.onFrame();
    return broken;
  }

  override sync(): void {
    super.sync();
    this.onSync();
  }
}

export class ReplicaNode implements SimulatedNode {
  readonly role = "replica";
  readonly isServing = false;
  readonly engine = new ExchangeEngine();
  readonly log: TimedJournal;
  releasedPosition = 0;
  readonly #site: Site;
  readonly #events = new RecordBuffer(EVENT_WORDS, 256, () => {});
  readonly #side: FollowingSide;
  #link: FollowingLink | undefined;
  readonly #port: ServingPort;
  #time_us = 0;
  /** The highest high lane of the sessions in its log. */
  #session = 0;
  #isGone = false;
  /** It is to lead: what becomes of its end is looked at by whoever stops it. */
  #isLeaving = false;
  #over: FollowingEnd | undefined;

  /** Follows one of `others`. Throws what opening its journal throws. */
  constructor(site: Site, others: readonly string[]) {
    const { name, disk: storage, files, host } = site;
    this.#site = site;
    const from = this.#restored();
    this.#time_us = from?.timestamp_us ?? 0;
    this.#session = from?.session ?? 0;
    const options = { storage, checksums, directory: files.journal, rules: EXCHANGE_RECORDS, from };
    const { segmentBytes, frameBytesMax } = site.cluster.limits;
    this.log = new TimedJournal({ ...options, segmentBytes, frameBytesMax }, (words, at, count) =>
      this.#apply(words, at, count),
    );
    // What is acknowledged from memory was said just before a sync that may fail, and a step may bring frames of several epochs.
    this.log.onFrame = () => site.witness.look(name, this);
    this.log.onSync = () => this.#link?.synced();
    this.#side = this.#sideOf(others);
    this.#port = new ServingPort(site, this.#side.asked, () => {});
    host.listen({ host: name, port: REPLICATION_PORT }, this.#port);
    this.#side.connect();
    // Not at once: a disk that fails ends a node only once it is there.
    site.plan(0, () => this.#tick());
  }

  #sideOf(others: readonly string[]): FollowingSide {
    const { name, cluster, disk, nonce, clock, plan, witness } = this.#site;
    const { log } = this;
    const peer = { name, keys: simulatedKeys(name, cluster.names), checksums, nonce };
    const primaries = others.map((host) => ({ host, port: REPLICATION_PORT }));
    const { segmentBytes } = cluster.limits;
    const promises = promisesOn(disk);
    return new FollowingSide(
      {
        ...peer,
        ...{ cluster: identityOf(name, cluster).cluster, primaries, segmentBytes, log, promises, clock },
      },
      {
        connect: ({ host }) => {
          this.#link = new FollowingLink(this.#site, this.#side, host);
          return this.#link;
        },
        connectAfter: (pause_ms) => plan(pause_ms * 1_000, () => this.#side.connect()),
        follows: (primary, epoch, position) => {
          witness.tell(name, `follows ${primary} in epoch ${epoch}, from position ${position} on`);
          witness.follows(name, primary, log);
        },
        receive: (begin) => this.#receive(begin),
        released: (position) => this.#released(position),
        lost: (how) => witness.tell(name, `is connected no more: ${how}`),
        leave: () => {
          this.#isGone = true;
        },
        over: (how) => this.#ended(how),
      },
    );
  }

  #restored(): SnapshotHeader | undefined {
    const { disk: storage, files } = this.#site;
    const store = new SnapshotStore({ storage, checksums, directory: files.snapshots }, EXCHANGE_APPLICATION);
    const journal = { storage, checksums, directory: files.journal };
    return newestUsable(journal, store, this.engine, { mayBeginJournal: true }).usable?.header;
  }

  get applied(): number {
    return this.log.position;
  }

  #apply(words: Int32Array, at: number, count: number): void {
    for (let i = 0; i < count; i++) this.engine.apply(words, at + i * COMMAND_WORDS, this.#events);
    this.#session = Math.max(this.#session, highestSession(words, at, count));
    if (count > 0) this.#time_us = readTimestamp(words, at + (count - 1) * COMMAND_WORDS);
  }

  #receive(begin: SnapshotBegin): IncomingSnapshot {
    const { witness, name, disk: storage, files } = this.#site;
    witness.tell(name, `is sent a snapshot of position ${begin.position}`);
    const place = { storage, checksums, directory: files.incoming };
    return new IncomingSnapshot(place, EXCHANGE_APPLICATION, begin);
  }

  #released(position: number): void {
    this.releasedPosition = position;
    this.#site.witness.seen(this.#site.name, position);
  }

  // ---- its promotion

  /** Whether it may take over, by what the others say within a second. `isForced`: an administrator answers for the rest. */
  decide(isForced: boolean, done: (decision: Decision) => void): void {
    const { name, cluster } = this.#site;
    if (this.applied === 0) return done({ kind: "refuse", because: "it has nothing yet" });
    askPeers(this.#site, this.#side, (peers) => {
      if (this.#isGone) return;
      const identity = identityOf(name, cluster);
      const judged = clusterOf(this.engine.administration, identity);
      done(decidePromotion(this.#side.standing, identity.seat, judged, peers, isForced));
    });
  }

  /** Follows no more and closes its journal; what it leaves is ready to lead. Throws what the disk says. */
  leave(): WarmEngine {
    this.#isLeaving = true;
    this.#side.stop();
    const over = this.#over;
    if (over?.kind === "failed") throw over.error;
    assert(over?.kind === "stopped", "a replica that follows can be stopped");
    const { isWarm, mayLack, ...from } = over.end;
    const { engine, releasedPosition: released } = this;
    return { engine, from, timestamp_us: this.#time_us, isWarm, mayLack, released, session: this.#session };
  }

  #tick(): void {
    this.#port.connections.tick();
    this.#side.tick();
    this.#site.plan(TICK_US, () => this.#tick());
  }

  #ended(how: FollowingEnd): void {
    this.#over = how;
    if (this.#isLeaving || how.kind === "stopped") return;
    if (how.kind !== "failed") return this.#site.end(how.kind, "");
    const { error } = how;
    if (!(error instanceof SeriatimError)) throw error;
    this.#site.end(error.code === "REPLICA_REFUSED" ? "refused" : "failed", error.message);
  }

  bounds(check: BoundCheck): void {
    this.#port.bounds(check);
  }

  abandon(): void {
    this.#isGone = true;
  }
}
