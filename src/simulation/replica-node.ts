// A node that is a replica: the real following session, journal and engine, put together as the replica's thread puts them.

import { RecordBuffer, SAFE_MAX, SeriatimError } from "../base/index.ts";
import { ExchangeEngine } from "../engine/index.ts";
import { EXCHANGE_RECORDS, JOURNAL_BEGINNING, type JournalWriter, openJournal } from "../journal/index.ts";
import { NativeChecksums } from "../platform/index.ts";
import {
  COMMAND_BYTES,
  COMMAND_WORDS,
  EVENT_WORDS,
  NodeRole,
  RefusalCode,
  readTimestamp,
  type Standing,
  type Welcome,
} from "../protocol/index.ts";
import {
  ACK_POLICIES,
  type Decision,
  decidePromotion,
  type FollowingNode,
  type ServingNode,
} from "../replication/index.ts";
import { FRAME_HEADER_BYTES } from "../segment/index.ts";
import { askPeers } from "./asking.ts";
import { FollowingLink } from "./following-link.ts";
import type { WarmEngine } from "./primary-node.ts";
import { ServingPort } from "./session-links.ts";
import { simulatedKeys } from "./simulated-keys.ts";
import {
  FRAME_BYTES_MAX,
  type NodeEnd,
  REPLICATION_PORT,
  SEGMENT_BYTES,
  type SimulatedNode,
  type Site,
  TICK_US,
} from "./site.ts";

/** Between two tries to reach a primary, as on a real node. */
const RETRY_US = 250_000;
/** Refusals that no new connection will change. */
const FINAL: ReadonlySet<RefusalCode> = new Set([RefusalCode.NotAuthorised, RefusalCode.NoSnapshot]);

const checksums = new NativeChecksums();

export class ReplicaNode implements SimulatedNode, FollowingNode, ServingNode {
  readonly role = "replica";
  readonly isServing = false;
  readonly name: string;
  readonly keys: FollowingNode["keys"];
  readonly checksums = checksums;
  readonly nonce: () => Uint8Array;
  readonly engine = new ExchangeEngine();
  readonly journal: JournalWriter;
  readonly log: FollowingNode["log"];
  /** It can be asked, not followed. */
  readonly primary = undefined;
  highestEpoch: number;
  releasedPosition = 0;
  readonly #site: Site;
  readonly #addresses: readonly string[];
  readonly #events = new RecordBuffer(EVENT_WORDS, 256, () => {});
  #tries = 0;
  #link: FollowingLink | undefined;
  readonly #port: ServingPort;
  /** What the primary had when this process was first welcomed: from there on nothing it acknowledged is forgotten. */
  #warmAt = Number.POSITIVE_INFINITY;
  #heard_us = Number.NEGATIVE_INFINITY;
  #time_us = 0;
  #isGone = false;

  /** Throws what opening its journal throws. */
  constructor(site: Site, addresses: readonly string[]) {
    const { name, cluster, disk: storage, directory } = site;
    this.#site = site;
    this.name = name;
    this.keys = simulatedKeys(name, cluster.names);
    this.nonce = site.nonce;
    this.#addresses = addresses;
    const options = { storage, checksums, directory, mode: "fsync", rules: EXCHANGE_RECORDS } as const;
    const limits = { segmentBytes: SEGMENT_BYTES, frameBytesMax: FRAME_BYTES_MAX };
    const { journal } = openJournal({ ...options, ...limits, from: JOURNAL_BEGINNING }, (words, at, count) =>
      this.#apply(words, at, count),
    );
    this.journal = journal;
    this.highestEpoch = journal.epoch;
    this.log = this.#logOf(journal);
    this.#port = new ServingPort(
      site.host,
      this,
      () => {},
      () => {},
    );
    site.host.listen({ host: name, port: REPLICATION_PORT }, this.#port);
    this.#connect();
    this.#tick();
  }

  get applied(): number {
    return this.journal.position;
  }

  #apply(words: Int32Array, at: number, count: number): void {
    for (let i = 0; i < count; i++) this.engine.apply(words, at + i * COMMAND_WORDS, this.#events);
    if (count > 0) this.#time_us = readTimestamp(words, at + (count - 1) * COMMAND_WORDS);
  }

  #logOf(journal: JournalWriter): FollowingNode["log"] {
    return {
      get epoch() {
        return journal.position === 0 ? 0 : journal.epoch;
      },
      get position() {
        return journal.position;
      },
      get persisted() {
        return journal.durablePosition;
      },
      get chain() {
        return journal.chain;
      },
      sync: () => {
        journal.sync();
        this.#link?.synced();
      },
      append: (frame, segment) => {
        const broken = journal.appendFrame(frame, segment > journal.segment);
        if (broken !== undefined) return broken.reason;
        const bytes = frame.slice(FRAME_HEADER_BYTES);
        const count = Math.floor(bytes.length / COMMAND_BYTES);
        this.#apply(new Int32Array(bytes.buffer, 0, count * COMMAND_WORDS), 0, count);
        // Acknowledged before the sync, which may fail.
        this.#site.witness.look(this.name, this);
        return undefined;
      },
    };
  }

  welcomed({ epoch, position }: Welcome): void {
    this.highestEpoch = epoch;
    const { witness } = this.#site;
    witness.tell(this.name, `follows in epoch ${epoch}, from position ${this.applied} on`);
    if (this.#warmAt === Number.POSITIVE_INFINITY) this.#warmAt = position;
  }

  receive(): never {
    throw new Error("no log of a simulation is retired");
  }

  released(position: number): void {
    this.releasedPosition = position;
    this.#site.witness.seen(this.name, position);
  }

  // ---- the side that can be asked

  standing(now_us: number): Omit<Standing, "proof"> {
    const { epoch, position, persisted, chain } = this.log;
    const primaryHeard_us = Math.min(SAFE_MAX, now_us - this.#heard_us);
    const isWarm = position >= this.#warmAt;
    return { role: NodeRole.Replica, isWarm, primaryHeard_us, epoch, position, persisted, chain };
  }

  claimed(): void {}

  /** A node of a newer tenure is there: an older one is not followed any more. */
  mustStop(_: RefusalCode, { epoch }: { readonly epoch: number }): void {
    this.highestEpoch = Math.max(this.highestEpoch, epoch);
  }

  // ---- its promotion

  /** Whether it may take over, by what the others say within a second. */
  decide(done: (decision: Decision) => void): void {
    const { name, cluster, host } = this.#site;
    if (this.applied === 0) return done({ kind: "refuse", because: "it has nothing yet" });
    askPeers(this.#site, this, (peers) => {
      if (this.#isGone) return;
      const own = { name, ...this.standing(host.network.queue.now_us) };
      const seat = [...cluster.names].sort().indexOf(name);
      const policy = ACK_POLICIES[this.engine.administration.ackPolicy ?? "disk"];
      const replicas = cluster.names.length - 1;
      done(decidePromotion(own, seat, { policy, replicas }, peers, false));
    });
  }

  /** Follows no more and closes its journal; what it leaves is ready to lead. Throws what the disk says. */
  leave(): WarmEngine {
    this.#isGone = true;
    const { position, epoch, chain } = this.journal;
    const from = { position, epoch, chain: chain.slice() };
    this.journal.close();
    return { engine: this.engine, from, timestamp_us: this.#time_us };
  }

  // ---- its connection

  #connect(): void {
    const address = this.#addresses[this.#tries++ % this.#addresses.length];
    this.#link = new FollowingLink(this.#site, this, address, (work) => this.#guarded(work));
  }

  #tick(): void {
    this.#port.tick();
    this.#link?.tick();
    const session = this.#link?.session;
    if (session?.isFollowing) this.#heard_us = session.heard_us;
    this.#guarded(() => this.journal.prepareNext(true));
    this.#site.plan(TICK_US, () => this.#tick());
  }

  /** A disk that fails ends the replica. */
  #guarded(work: () => unknown): void {
    if (this.#isGone) return;
    try {
      work();
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
    const isRefused = ended.kind === "refused by peer";
    if (isRefused && ended.code === RefusalCode.Diverged) return this.#end("diverged", "");
    if (isRefused && FINAL.has(ended.code)) return this.#end("refused", `refusal ${ended.code}`);
    this.#site.plan(RETRY_US, () => this.#connect());
  }

  #end(how: NodeEnd, why: string): void {
    this.#isGone = true;
    this.#site.end(how, why);
  }

  abandon(): void {
    this.#isGone = true;
  }
}
