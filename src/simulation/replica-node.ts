// A node that is a replica: the real following session, journal and engine, put together as the replica's thread puts them.

import { RecordBuffer, SeriatimError } from "../base/index.ts";
import { EXCHANGE_APPLICATION, ExchangeEngine } from "../engine/index.ts";
import {
  IncomingSnapshot,
  newestUsable,
  ReplicaJournal,
  type SnapshotHeader,
  SnapshotStore,
} from "../journal/index.ts";
import { EXCHANGE_RECORDS } from "../node/index.ts";
import { NativeChecksums } from "../platform/index.ts";
import {
  COMMAND_WORDS,
  EVENT_WORDS,
  RefusalCode,
  readTimestamp,
  type SnapshotBegin,
  type Standing,
  StartFrom,
  type Welcome,
} from "../protocol/index.ts";
import {
  type Decision,
  decidePromotion,
  type FollowingNode,
  obeyedRefusal,
  ReplicaStanding,
  refuseOtherCluster,
  type ServingNode,
} from "../replication/index.ts";
import { clusterOf, type Promises } from "../runtime/index.ts";
import { askPeers } from "./asking.ts";
import type { BoundCheck } from "./bounds.ts";
import { FollowingLink } from "./following-link.ts";
import { highestSession, type WarmEngine } from "./primary-node.ts";
import { ServingPort } from "./session-links.ts";
import { simulatedKeys } from "./simulated-keys.ts";
import {
  identityOf,
  type NodeEnd,
  promisesOn,
  REPLICATION_PORT,
  type SimulatedNode,
  type Site,
  TICK_US,
} from "./site.ts";

/** Between two tries to reach a primary, as on a real node. */
const RETRY_US = 250_000;

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

export class ReplicaNode implements SimulatedNode, FollowingNode, ServingNode {
  readonly role = "replica";
  readonly isServing = false;
  readonly name: string;
  readonly keys: FollowingNode["keys"];
  readonly checksums = checksums;
  readonly nonce: () => Uint8Array;
  readonly engine = new ExchangeEngine();
  readonly log: TimedJournal;
  /** It can be asked, not followed. */
  readonly primary = undefined;
  releasedPosition = 0;
  readonly #site: Site;
  readonly #addresses: readonly string[];
  readonly #events = new RecordBuffer(EVENT_WORDS, 256, () => {});
  #tries = 0;
  #link: FollowingLink | undefined;
  readonly #port: ServingPort;
  readonly #standing: ReplicaStanding;
  readonly #promises: Promises;
  #time_us = 0;
  /** The highest high lane of the sessions in its log. */
  #session = 0;
  #isGone = false;

  /** Throws what opening its journal throws. */
  constructor(site: Site, addresses: readonly string[]) {
    const { name, cluster, disk: storage, files } = site;
    this.#site = site;
    this.name = name;
    this.keys = simulatedKeys(name, cluster.names);
    this.nonce = site.nonce;
    this.#addresses = addresses;
    const from = this.#restored();
    this.#time_us = from?.timestamp_us ?? 0;
    this.#session = from?.session ?? 0;
    const options = { storage, checksums, directory: files.journal, rules: EXCHANGE_RECORDS, from };
    const { segmentBytes, frameBytesMax } = cluster.limits;
    this.log = new TimedJournal({ ...options, segmentBytes, frameBytesMax }, (words, at, count) =>
      this.#apply(words, at, count),
    );
    // What is acknowledged from memory was said just before a sync that may fail, and a step may bring frames of several epochs.
    this.log.onFrame = () => site.witness.look(name, this);
    this.log.onSync = () => this.#link?.synced();
    this.#promises = promisesOn(storage);
    this.#standing = new ReplicaStanding(this.log);
    this.#port = new ServingPort(
      site.host,
      this,
      () => {},
      () => {},
    );
    site.host.listen({ host: name, port: REPLICATION_PORT }, this.#port);
    this.#connect();
    // Not at once: a disk that fails ends a node only once it is there.
    site.plan(0, () => this.#tick());
  }

  #restored(): SnapshotHeader | undefined {
    const { disk: storage, files } = this.#site;
    const store = new SnapshotStore({ storage, checksums, directory: files.snapshots }, EXCHANGE_APPLICATION);
    const journal = { storage, checksums, directory: files.journal };
    return newestUsable(journal, store, this.engine, { mayBeginJournal: true }).usable?.header;
  }

  get highestEpoch(): number {
    return Math.max(this.#promises.epoch, this.log.epoch);
  }
  get isWarm(): boolean {
    return this.#standing.isWarm;
  }
  get mayLack(): boolean {
    return this.#standing.mayLack;
  }

  get applied(): number {
    return this.log.position;
  }

  #apply(words: Int32Array, at: number, count: number): void {
    for (let i = 0; i < count; i++) this.engine.apply(words, at + i * COMMAND_WORDS, this.#events);
    this.#session = Math.max(this.#session, highestSession(words, at, count));
    if (count > 0) this.#time_us = readTimestamp(words, at + (count - 1) * COMMAND_WORDS);
  }

  welcomed(welcome: Welcome): void {
    const { witness } = this.#site;
    witness.tell(this.name, `follows in epoch ${welcome.epoch}, from position ${this.applied} on`);
    refuseOtherCluster(welcome, this.#link?.session.primary ?? "", this.#site.cluster.names, checksums);
    this.#promises.keep(welcome.epoch);
    if (welcome.start !== StartFrom.Journal) return;
    this.#standing.welcomed(welcome);
    witness.follows(this.name, this.#link?.session.primary ?? "", this.log);
  }

  receive(begin: SnapshotBegin): IncomingSnapshot {
    const { witness, disk: storage, files } = this.#site;
    witness.tell(this.name, `is sent a snapshot of position ${begin.position}`);
    const place = { storage, checksums, directory: files.incoming };
    return new IncomingSnapshot(place, EXCHANGE_APPLICATION, begin);
  }

  released(position: number): void {
    this.releasedPosition = position;
    this.#site.witness.seen(this.name, position);
  }

  // ---- the side that can be asked

  standing(now_us: number): Omit<Standing, "proof"> {
    return this.#standing.of(now_us);
  }

  claimed(): void {}

  promised(): void {}

  outpromised(): void {}

  mustStop(): void {}

  // ---- its promotion

  /** Whether it may take over, by what the others say within a second. `isForced`: an administrator answers for the rest. */
  decide(isForced: boolean, done: (decision: Decision) => void): void {
    const { name, cluster, host } = this.#site;
    if (this.applied === 0) return done({ kind: "refuse", because: "it has nothing yet" });
    const { keys, nonce } = this;
    askPeers(this.#site, { name, keys, nonce, checksums, log: this.log }, (peers) => {
      if (this.#isGone) return;
      const own = { name, ...this.standing(host.network.queue.now_us), promised: this.highestEpoch };
      const identity = identityOf(name, cluster);
      const judged = clusterOf(this.engine.administration, identity);
      done(decidePromotion(own, identity.seat, judged, peers, isForced));
    });
  }

  /** Follows no more and closes its journal; what it leaves is ready to lead. Throws what the disk says. */
  leave(): WarmEngine {
    this.#isGone = true;
    const { position, epoch, chain } = this.log;
    const from = { position, epoch, chain: chain.slice() };
    const { isWarm, mayLack, engine, releasedPosition: released } = this;
    this.log.close();
    const session = this.#session;
    return { engine, from, timestamp_us: this.#time_us, isWarm, mayLack, released, session };
  }

  // ---- its connection

  #connect(): void {
    const address = this.#addresses[this.#tries++ % this.#addresses.length];
    this.#link = new FollowingLink(this.#site, this, address, (work) => this.#guarded(work));
  }

  #tick(): void {
    this.#port.tick();
    this.#link?.tick();
    this.#guarded(() => this.log.prepareNext(true));
    this.#site.plan(TICK_US, () => this.#tick());
  }

  /** A disk that fails ends the replica. */
  #guarded(work: () => unknown): void {
    if (this.#isGone) return;
    try {
      work();
      if (this.#link?.session.isFollowing) this.#standing.heard(this.#link.session.heard_us);
      this.#look();
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      this.#end("failed", error.message);
    }
  }

  #look(): void {
    const link = this.#link;
    if (link === undefined) return;
    const { ended } = link.session;
    if (ended === undefined) return;
    this.#link = undefined;
    link.end();
    if (ended.kind !== "closed" || link.session.isFollowing)
      this.#site.witness.tell(this.name, `its connection ended: ${JSON.stringify(ended)}`);
    if (ended.kind === "snapshot received") return this.#end("received", "");
    const refusal = obeyedRefusal(ended, { logEpoch: this.log.epoch, highestEpoch: this.highestEpoch });
    if (refusal === RefusalCode.Diverged) return this.#end("diverged", "");
    if (refusal !== undefined) return this.#end("refused", `refusal ${refusal}`);
    this.#site.plan(RETRY_US, () => this.#connect());
  }

  #end(how: NodeEnd, why: string): void {
    this.#isGone = true;
    this.#site.end(how, why);
  }

  bounds(check: BoundCheck): void {
    this.#port.bounds(check);
  }

  abandon(): void {
    this.#isGone = true;
  }
}
