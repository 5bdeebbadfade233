// One machine of a simulation: a disk, a clock, a network, and a node on them that starts, ends, and is ended. How it is
// started says its unit, as a service manager's file would: an administrator may change that.

import { type Prng, SeriatimError, stateHash } from "../base/index.ts";
import { EXCHANGE_APPLICATION, ExchangeEngine } from "../engine/index.ts";
import {
  JOURNAL_LOG,
  type JournalSource,
  journalPlace,
  keepState,
  putReceivedInPlace,
  type ReplicaFiles,
  retireCovered,
  type ShadowOutcome,
  SnapshotStore,
  setAsideDiverged,
  takeSnapshot,
} from "../journal/index.ts";
import { SimulatedDisk } from "../lab/index.ts";
import { EXCHANGE_RECORDS } from "../node/index.ts";
import { NativeChecksums } from "../platform/index.ts";
import { NONCE_BYTES } from "../protocol/index.ts";
import type { Tenure } from "../runtime/index.ts";
import { firstPositionOf, listLogDirectory, SEGMENT_SUFFIX } from "../segment/index.ts";
import { PrimaryNode } from "./primary-node.ts";
import { ReplicaNode } from "./replica-node.ts";
import { SimulatedClock } from "./simulated-clock.ts";
import type { SimulatedHost } from "./simulated-network.ts";
import {
  type NodeEnd,
  PROMISES_DIRECTORY,
  type SimulatedCluster,
  type SimulatedNode,
  type Site,
} from "./site.ts";
import type { Witness } from "./witness.ts";

const checksums = new NativeChecksums();

/** From one snapshot of a node to the next: so that logs are retired in the time of a run. */
const SNAPSHOT_US = [50_000, 600_000] as const;

/** From the decision that a replica may lead until it follows no more: most often at once, now and then a shadow is broken off first. */
const HAND_OVER_US = [1_000, 20_000] as const;
const LATE_HAND_OVER_US = [300_000, 2_000_000] as const;
const LATE_HAND_OVER_CHANCE = 0.4;

/** How the node is started. */
export type Unit =
  | { readonly role: "primary" }
  /** The others are tried in turn. */
  | { readonly role: "replica" };

/** What an administrator says to a node that is to lead. */
export interface PromotionOrder {
  readonly who: string;
  /** He answers for what nodes that can't be heard may hold. */
  readonly isForced: boolean;
}

function tenureOf(epoch: number, { who, isForced }: PromotionOrder): Tenure {
  return { epoch, ...(isForced ? { forcedBy: who } : { promotedBy: who }) };
}

export class SimulatedMachine {
  readonly name: string;
  readonly host: SimulatedHost;
  disk = new SimulatedDisk();
  readonly clock: SimulatedClock;
  unit: Unit;
  node: SimulatedNode | undefined;
  /** One wait for the disk, least and most. */
  syncTime_us: readonly [number, number] = [200, 2_000];
  /** What the disk refused to go on with; a machine like this needs a person. */
  refused: string | undefined;
  /** Its disk has lost or changed something that it called safe. */
  isSpoiled = false;
  /** The nodes of its cluster by its keys, when these are wrong. */
  #wrongNames: readonly string[] | undefined;
  readonly #cluster: SimulatedCluster;
  readonly #prng: Prng;
  readonly #witness: Witness;
  #nonces = 0;
  #isKeeping = false;
  /** Of the process: what was planned in an earlier one does not happen. */
  #process = 0;

  constructor(host: SimulatedHost, prng: Prng, cluster: SimulatedCluster, witness: Witness, unit: Unit) {
    this.host = host;
    this.name = host.name;
    this.#prng = prng;
    this.#cluster = cluster;
    this.#witness = witness;
    this.unit = unit;
    this.clock = new SimulatedClock(host.network.queue);
  }

  get isUp(): boolean {
    return this.node !== undefined;
  }

  /** Where a node keeps what it has. */
  get files(): ReplicaFiles {
    const parent = "data";
    const [journal, snapshots, incoming] = ["data/journal", "data/snapshots", "data/incoming"];
    return { storage: this.disk, parent, journal, snapshots, incoming };
  }

  /** Files of the journal. */
  get segments(): string[] {
    const { journal } = this.files;
    const names = this.disk.hasDirectory(journal) ? this.disk.list(journal) : [];
    return names.filter((name) => name.endsWith(SEGMENT_SUFFIX)).map((name) => `${journal}/${name}`);
  }

  /** Starts a node on what the disk holds; a log that does not let it is remembered as `refused`, any other failure is tried again. */
  start(): void {
    this.#guarded(() => {
      const others = this.#cluster.names.filter((name) => name !== this.name);
      const isPrimary = this.unit.role === "primary";
      this.disk.makeDirectory(this.files.parent);
      putReceivedInPlace(this.files);
      this.#run((site) => (isPrimary ? new PrimaryNode(site) : new ReplicaNode(site, others)));
    });
  }

  /**
   * Has the replica that runs here take over, if it may; `done` is told why not, or nothing. It goes on in the same process,
   * with the engine it has. By force also without those that can't be heard, and so a node that waits to lead.
   */
  promote(order: PromotionOrder, done: (refusal: string | undefined) => void): void {
    const { node } = this;
    if (node instanceof PrimaryNode && order.isForced) return this.#force(node, order, done);
    if (!(node instanceof ReplicaNode)) return done("it is no replica");
    node.decide(order.isForced, (decision) => {
      if (decision.kind !== "lead") {
        this.#tell(`is not promoted: ${decision.because}`);
        return done(decision.because);
      }
      this.#tell(`is to lead in epoch ${decision.epoch}${order.isForced ? ", by force" : ""}`);
      const isLate = this.#prng.chance(LATE_HAND_OVER_CHANCE);
      const [least_us, most_us] = isLate ? LATE_HAND_OVER_US : HAND_OVER_US;
      // It goes on following, and promising, meanwhile.
      this.host.network.queue.plan(this.#prng.between(least_us, most_us), () => {
        if (this.node !== node) return done("it has ended meanwhile");
        this.#tell(`is promoted, to epoch ${decision.epoch}, with position ${node.applied}`);
        this.#lead(node, tenureOf(decision.epoch, order));
        done(this.node?.role === "primary" ? undefined : "its disk failed");
      });
    });
  }

  #force(node: PrimaryNode, { who }: PromotionOrder, done: (refusal: string | undefined) => void): void {
    node.force(who, (refusal) => {
      this.#tell(refusal === undefined ? "leads by force" : `is not forced: ${refusal}`);
      done(refusal);
    });
  }

  #lead(replica: ReplicaNode, tenure: Tenure): void {
    this.#guarded(() => {
      const warm = replica.leave();
      this.host.exit();
      this.#run((site) => new PrimaryNode(site, { warm, tenure }));
      // Only now: two that are both started as primaries would wait for each other for ever.
      if (this.isUp) this.unit = { role: "primary" };
    });
  }

  /** A node may end while it begins: its process is gone then. */
  #run(begin: (site: Site) => SimulatedNode): void {
    const site = this.#site();
    const process = this.#process;
    const node = begin(site);
    if (process !== this.#process) return;
    this.node = node;
    const { position, epoch } = node.log;
    this.#tell(`runs as ${node.role} with position ${position} of epoch ${epoch}`);
    this.#takeSnapshots(site);
  }

  /** As the node's shadow does, now and then. */
  #takeSnapshots(site: Site): void {
    site.plan(this.#prng.between(...SNAPSHOT_US), () => {
      this.#takeSnapshot();
      this.#takeSnapshots(site);
    });
  }

  #takeSnapshot(): void {
    const { node } = this;
    if (node === undefined) return;
    this.#snapshot((source, store) => takeSnapshot(source, store, new ExchangeEngine(), node.log.persisted));
  }

  /** Its log can't be read: of what the engine has in memory. */
  async #keepState(node: PrimaryNode): Promise<void> {
    if (this.#isKeeping) return;
    this.#isKeeping = true;
    const process = this.#process;
    const state = await node.stateInMemory();
    if (process !== this.#process) return;
    this.#isKeeping = false;
    this.#tell(`keeps the state of position ${state.position} that it has in memory`);
    this.#snapshot((source, store) => keepState(source, store, state));
  }

  /** Writes one, and retires what two cover. */
  #snapshot(write: (source: JournalSource, store: SnapshotStore) => ShadowOutcome): void {
    const { node, files } = this;
    if (node === undefined) return;
    const parts = { storage: files.storage, checksums };
    const source = { ...parts, directory: files.journal, rules: EXCHANGE_RECORDS };
    const store = new SnapshotStore({ ...parts, directory: files.snapshots }, EXCHANGE_APPLICATION);
    try {
      const { newest, kept, notRemoved } = write(source, store);
      const { position, chain, stateHash: hash } = newest.header;
      this.#witness.note(this.name, position, chain, Buffer.from(hash).toString("hex"));
      if (notRemoved !== undefined) throw notRemoved;
      if (kept.length < 2) return;
      this.archive();
      const removed = retireCovered(source, kept[1], 0);
      if (removed.length > 0) this.#tell(`retires ${removed.join(", ")} behind position ${kept[1].position}`);
      this.#checkFiles(kept[1].position, store);
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      if (error.code === "HALT") return this.#ended("failed", error.message);
      this.#tell(`takes no snapshot: ${error.message}`);
      if (error.code === "LOG_DAMAGED" && node instanceof PrimaryNode && node.isServing)
        void this.#keepState(node);
    }
  }

  /** What its disk keeps once everything was removed that two snapshots make needless. */
  #checkFiles(covered: number, store: SnapshotStore): void {
    const { disk: storage, files } = this;
    const source = { storage, checksums, directory: files.journal };
    const [, second] = listLogDirectory(storage, files.journal, JOURNAL_LOG).segments;
    const isNeedless = second !== undefined && firstPositionOf(journalPlace(source), second) <= covered + 1;
    const check = this.#witness.boundOf(this.name);
    check("segments that two snapshots cover", isNeedless && !this.isSpoiled ? 1 : 0, 0);
    check("snapshots", store.list().length, 2);
    // One that a process which was killed was about to remove.
    check("promises", storage.list(PROMISES_DIRECTORY).length, 2);
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      this.#tell(error.message);
      this.#vanish();
      // It was promoted right behind a snapshot, and ended before its first frame: only a replica begins like that.
      if (error.code === "JOURNAL_BEHIND_SNAPSHOT" && this.segments.length === 0) {
        this.unit = { role: "replica" };
        return;
      }
      if (error.code.startsWith("LOG_") || error.code.startsWith("JOURNAL_")) this.refused = error.message;
    }
  }

  #site(): Site {
    const { name, host, disk, clock, files } = this;
    const process = ++this.#process;
    const prng = this.#prng;
    const names = this.#wrongNames ?? this.#cluster.names;
    const cluster = { ...this.#cluster, names };
    return {
      ...{ name, host, disk, clock, files, prng, cluster, witness: this.#witness },
      nonce: () => this.#nonce(),
      syncTime_us: () => prng.between(this.syncTime_us[0], this.syncTime_us[1]),
      plan: (delay_us, act) => {
        host.network.queue.plan(delay_us, () => {
          if (process === this.#process) act();
        });
      },
      end: (how, why) => this.#ended(how, why),
    };
  }

  #nonce(): Uint8Array {
    const bytes = new Uint8Array(NONCE_BYTES);
    new DataView(bytes.buffer).setFloat64(0, ++this.#nonces);
    bytes.set(new TextEncoder().encode(this.name), 8);
    return bytes;
  }

  /** The process has ended by itself. */
  #ended(how: NodeEnd, why: string): void {
    this.#tell(`${how}: ${why}`);
    const end = this.node?.log;
    this.#vanish();
    // By a node whose keys did not know this one: it is started again.
    if (how === "refused" && !this.#witness.keysWereWrong) this.refused = why;
    if (how === "fenced") this.unit = { role: "replica" };
    if (how !== "diverged" && how !== "received") return;
    this.archive();
    if (how === "diverged" && end !== undefined) setAsideDiverged(this.files, end);
    this.#witness.forget(this.name);
  }

  /** Keeps the state's hash, if the engine is where the journal is: what is ahead of it may never have been. */
  noteHash(): void {
    const { node } = this;
    if (node === undefined || node.applied !== node.log.position || node.applied === 0) return;
    const hash = Buffer.from(stateHash(node.engine, checksums)).toString("hex");
    this.#witness.note(this.name, node.applied, node.log.chain, hash);
  }

  /** It is started again with keys of those nodes; undefined: of the right ones. */
  mislead(names: readonly string[] | undefined): void {
    this.#wrongNames = names;
    this.#witness.keysWereWrong = true;
    this.#tell(names === undefined ? "has the right keys again" : `has keys of ${names.join(", ")}`);
    this.kill();
  }

  /** The process is killed: what was written stays in the kernel, which closes its connections. */
  kill(): void {
    this.#tell("killed");
    this.#vanish();
  }

  #vanish(): void {
    this.#stopped();
    this.host.exit();
    this.disk.restart();
  }

  /** The power fails: what was not synced is kept or lost, sector by sector; nobody is told. */
  powerOff(): void {
    this.#tell("the power fails");
    // Clients were told of what a start by force gave up, also by `ram`.
    if (this.#witness.forcedEpoch > 0) this.archive();
    this.#stopped();
    this.host.crash();
    this.disk.crash(this.#prng);
  }

  #tell(what: string): void {
    this.#witness.tell(this.name, what);
  }

  /** What its log holds is not to be lost for whoever judges it. */
  archive(): void {
    const { journal } = this.files;
    if (this.disk.hasDirectory(journal)) this.#witness.archive.keep(this.disk, journal);
  }

  /** A new disk, which holds nothing; the node is a replica from now on. */
  replaceDisk(): void {
    this.#tell("has a new disk");
    this.#vanish();
    this.disk = new SimulatedDisk();
    this.refused = undefined;
    this.unit = { role: "replica" };
    this.#witness.forget(this.name);
  }

  #stopped(): void {
    this.#process++;
    this.#isKeeping = false;
    this.node?.abandon();
    this.node = undefined;
  }
}
