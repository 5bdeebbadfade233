// A node that is primary, or alone: the real journal, sequencer, engine, gate, gateway and serving sessions, put together as
// the runtime and the node put them, on a machine of the simulation.

import { RecordBuffer } from "../base/index.ts";
import { EXCHANGE_APPLICATION, ExchangeEngine } from "../engine/index.ts";
import { firstChunks, Gateway } from "../gateway/index.ts";
import {
  highestSession,
  type JournalWriter,
  newestUsable,
  openJournal,
  type SnapshotHeader,
  SnapshotStore,
  type StateInMemory,
} from "../journal/index.ts";
import { EXCHANGE_RECORDS, encodeGenesisEntry } from "../node/index.ts";
import { NativeChecksums } from "../platform/index.ts";
import {
  type AckPolicyName,
  type AdminCommand,
  COMMAND_BYTES,
  COMMAND_WORDS,
  EVENT_WORDS,
  Reason,
  readTimestamp,
  writeAdminCommand,
} from "../protocol/index.ts";
import { createRing } from "../ring/index.ts";
import { CommandPath, presentState, type Tenure } from "../runtime/index.ts";
import type { LogPoint } from "../segment/index.ts";
import { Sequencer } from "../sequencer/index.ts";
import type { BoundCheck } from "./bounds.ts";
import { PrimaryCluster } from "./primary-cluster.ts";
import { SimulatedJournal } from "./simulated-journal.ts";
import { simulatedAccess } from "./simulated-keys.ts";
import {
  type NodeEnd,
  type NodeLog,
  ORDER_PORT,
  SESSION_ACCOUNTS,
  type SimulatedNode,
  type Site,
  TICK_US,
} from "./site.ts";

/** Beside output: what an answer of the open mode takes that is not a report. */
const ANSWERS_BYTES = 1_024;
/** How a gateway ends who is beyond what it has room for. */
const CLOSED_AT_BOUNDS = ["OutputFull", "OutputMemory", "Blocked"] as const;
/** A process that has failed needs so long at most until it is gone; other threads of it go on meanwhile. */
const DYING_US = 5_000;

const checksums = new NativeChecksums();

/** A state that needs no recovery, and where it stands in the log. */
export interface WarmEngine {
  readonly engine: ExchangeEngine;
  readonly from: LogPoint;
  readonly timestamp_us: number;
  /** As in a Standing. */
  readonly isWarm: boolean;
  readonly mayLack: boolean;
  /** What may be seen. */
  readonly released: number;
  /** The highest high lane of the sessions up to there. */
  readonly session: number;
}

/** With what it begins besides what the disk holds: a replica that is promoted has both. */
export interface PrimaryStart {
  readonly warm?: WarmEngine;
  readonly tenure?: Tenure;
}

export class PrimaryNode implements SimulatedNode {
  readonly role = "primary";
  readonly engine: ExchangeEngine;
  readonly #journal: JournalWriter;
  readonly #site: Site;
  readonly #sequencer: Sequencer;
  readonly #path: CommandPath;
  readonly #gateway: Gateway;
  readonly #stage: SimulatedJournal;
  readonly #cluster: PrimaryCluster | undefined;
  /** The highest high lane of the sessions in the log. */
  #lastSession = 0;
  #hasTenure = false;
  #isDying = false;

  /** Throws what opening its journal throws. */
  constructor(site: Site, start: PrimaryStart = {}) {
    this.#site = site;
    this.engine = start.warm?.engine ?? new ExchangeEngine();
    const { journal, mayLack, timestamp_us } = this.#recover(start.warm);
    this.#journal = journal;
    const ring = createRing({ recordBytes: COMMAND_BYTES, capacity: site.cluster.limits.ringRecords });
    this.#sequencer = new Sequencer(ring, journal.position, timestamp_us);
    this.#stage = new SimulatedJournal(journal, {
      plan: site.plan,
      syncTime_us: site.syncTime_us,
      onWork: () => this.#worked(),
      onFailure: () => this.#fail(),
    });
    this.#path = new CommandPath(this.#sequencer, this.engine, this.#stage, site.clock);
    this.#gateway = this.#openGateway();
    this.#path.attach(this.#probe());
    this.#path.attach(this.#gateway);
    this.#cluster = this.#openCluster(mayLack, start.warm);
    this.#stage.run(ring.shared);
    if (this.#cluster === undefined) this.#gateway.begin();
    this.#tick();
    const { connectionsMax } = site.cluster.limits.gateway;
    site.host.listen({ host: site.name, port: ORDER_PORT }, this.#gateway, connectionsMax);
    site.witness.begins(site.name, this.engine.administration.ackPolicy, journal.position);
    site.witness.look(site.name, this);
    this.#worked();
    this.#cluster?.begin(start.tenure);
  }

  get log(): NodeLog {
    const { epoch, position, durablePosition: persisted, chain } = this.#journal;
    return { epoch, position, persisted, chain };
  }
  get applied(): number {
    return this.#sequencer.position;
  }
  get releasedPosition(): number {
    return this.#path.releasedPosition;
  }

  get isServing(): boolean {
    return this.#gateway.refusal === Reason.None;
  }

  bounds(check: BoundCheck): void {
    const { counters, pool, stalled, limits } = this.#gateway;
    const { connectionsMax, outputSoft_bytes, outputTotal_bytes, firstChunk_bytes, chunk_bytes } = limits;
    // Below the soft mark a run of reports is begun, one chunk at most, or a request taken, which these clients are told little of.
    const pendingMost_bytes = outputSoft_bytes + chunk_bytes + ANSWERS_BYTES;
    // Memory for that, with the rest of a chunk at either end.
    const memoryMost_bytes = pendingMost_bytes + 2 * chunk_bytes;
    // What can be taken beside first chunks.
    const shared_bytes = outputTotal_bytes - firstChunks(connectionsMax) * firstChunk_bytes;
    const taken_bytes = shared_bytes - pool.left_bytes;
    const { position, safePosition } = this.#sequencer;
    check(
      "commands that wait for its journal",
      position - safePosition,
      this.#site.cluster.limits.ringRecords,
    );
    check("connections", counters.connections, connectionsMax);
    check("connections that wait for room", stalled, counters.connections);
    check("bytes of output for one connection", this.#gateway.mostPending_bytes(), pendingMost_bytes);
    const most_bytes = Math.min(shared_bytes, counters.connections * memoryMost_bytes);
    check("bytes of output memory", taken_bytes, most_bytes);
    check("bytes of output memory with the idle", taken_bytes + pool.idle_bytes, shared_bytes);
    const { boundsMet } = this.#site.witness;
    for (const reason of CLOSED_AT_BOUNDS) if (counters.closes[reason] > 0) boundsMet.add(reason);
    this.#cluster?.bounds(check);
  }

  /** As the runtime has it, for when the log can't be read. */
  stateInMemory(): Promise<StateInMemory> {
    const application = this.engine;
    const session = () => this.#lastSession + this.#gateway.counters.opened;
    const time_us = () => this.#sequencer.time_us;
    const isServing = () => this.#path.isOpen && (this.#cluster === undefined || this.#hasTenure);
    const of = { path: this.#path, journal: this.#stage, application };
    return presentState({ ...of, isServing, time_us, session });
  }

  #recover(warm: WarmEngine | undefined) {
    const { disk, files, clock, prng } = this.#site;
    const place = { storage: disk, checksums, directory: files.journal };
    const snapshot = warm === undefined ? this.#restored() : undefined;
    const from = warm === undefined ? snapshot : { ...warm.from, firstSegment: 1 };
    const events = new RecordBuffer(EVENT_WORDS, 256, () => {});
    const { limits } = this.#site.cluster;
    const genesis = encodeGenesisEntry(limits.genesis, clock.wallMicros());
    const mode = prng.pick(["fsync", "flush"] as const);
    const { journal, scan, created } = openJournal(
      {
        ...{ ...place, mode, genesis, rules: EXCHANGE_RECORDS },
        ...{ segmentBytes: limits.segmentBytes, frameBytesMax: limits.frameBytesMax },
        isShared: this.#site.cluster.names.length > 1,
        ...(from === undefined ? {} : { from }),
      },
      (words, at, count) => {
        for (let i = 0; i < count; i++) this.engine.apply(words, at + i * COMMAND_WORDS, events);
        this.#lastSession = Math.max(this.#lastSession, highestSession(words, at, count));
      },
    );
    this.#lastSession = Math.max(this.#lastSession, warm?.session ?? snapshot?.session ?? 0);
    const begun_us = created ? readTimestamp(genesis, 0) : 0;
    const state_us = warm?.timestamp_us ?? snapshot?.timestamp_us ?? 0;
    const timestamp_us = Math.max(scan.timestamp_us, state_us, begun_us);
    return { journal, mayLack: journal.mayLack, timestamp_us };
  }

  /** The newest snapshot that serves, as every start of a node has it. */
  #restored(): SnapshotHeader | undefined {
    const { disk: storage, files } = this.#site;
    const store = new SnapshotStore({ storage, checksums, directory: files.snapshots }, EXCHANGE_APPLICATION);
    const journal = { storage, checksums, directory: files.journal };
    return newestUsable(journal, store, this.engine).usable?.header;
  }

  #openGateway(): Gateway {
    const { engine } = this;
    const directory = {
      count: engine.instruments.length,
      instrument: (symbol: number) => engine.instruments[symbol],
    };
    const access = simulatedAccess(this.#site.nonce, SESSION_ACCOUNTS);
    const logons = { access, source: engine };
    const firstSession = this.#lastSession + 1;
    return new Gateway({
      transport: this.#site.host,
      sink: this.#path,
      directory,
      limits: this.#site.cluster.limits.gateway,
      logons,
      firstSession,
    });
  }

  /** Sees what is let out before anybody else does. */
  #probe() {
    const { witness, name } = this.#site;
    const released = (position: number): void => {
      witness.look(name, this);
      witness.released(name, this.#journal.epoch, position, this.#sequencer.safePosition);
    };
    return { onApplied: () => {}, seal: () => {}, release: released, resumeStalled: () => {} };
  }

  #openCluster(mayLack: boolean, warm: WarmEngine | undefined): PrimaryCluster | undefined {
    const site = this.#site;
    if (site.cluster.names.length === 1) return undefined;
    this.#path.hold(warm?.released ?? 0);
    const cluster = new PrimaryCluster(site, this.#journal, {
      ...{ path: this.#path, stage: this.#stage, mayLack, warm },
      said: this.engine.administration,
      onWork: () => this.#worked(),
      onEnd: (how, why) => this.#end(how, why),
      onTenure: () => {
        this.#hasTenure = true;
        this.#sayPolicy();
        this.#gateway.begin();
      },
    });
    this.#path.gateBy(cluster.gate);
    return cluster;
  }

  #tick(): void {
    if (this.#isDying) return;
    this.#gateway.tick(this.#site.host.network.queue.now_us);
    this.#site.plan(TICK_US, () => this.#tick());
  }

  /** The first tenure of a log says by which policy it is acknowledged. */
  #sayPolicy(): void {
    if (this.engine.administration.ackPolicy !== undefined) return;
    const { policy, name: who } = { ...this.#site.cluster, name: this.#site.name };
    const at = this.#path.claim();
    writeAdminCommand(this.#path.words, at, { kind: "ack_policy", policy, who });
    this.#path.commit();
  }

  /** As an administrator's `promote --force` does to a node that waits to lead; `done` is told why not, or nothing. */
  force(who: string, done: (refusal: string | undefined) => void): void {
    if (this.#cluster === undefined || this.#isDying) return done("it does not wait to lead");
    this.#cluster.force(who, done);
  }

  /** As an administrator's `ack-policy` does: the position of the change, undefined when the node can't take it now. */
  changePolicy(policy: AckPolicyName, who: string): number | undefined {
    const at = this.#hasTenure && !this.#isDying ? this.#path.claim() : -1;
    if (at < 0 || this.#cluster === undefined) return undefined;
    writeAdminCommand(this.#path.words, at, { kind: "ack_policy", policy, who });
    this.#path.commit();
    const { position } = this.#path;
    this.#cluster.gate.change(policy, position);
    this.#site.witness.changes(this.#site.name, policy, position);
    return position;
  }

  /** As an administrator's command otherwise: its position, undefined when the node can't take it now. Answered once that is released. */
  administer(command: AdminCommand): number | undefined {
    const at = this.isServing && !this.#isDying ? this.#path.claim() : -1;
    if (at < 0) return undefined;
    writeAdminCommand(this.#path.words, at, command);
    this.#path.commit();
    return this.#path.position;
  }

  /** What the answer to a change, and the status, warn of. */
  get mayBeUnknown(): boolean {
    return this.#cluster?.gate.replaced !== undefined;
  }

  /** Something may have been written, acknowledged or lost: what follows from it. */
  #worked(): void {
    if (this.#isDying) return;
    this.#cluster?.pump();
    this.#path.look();
    const isShort = this.#cluster?.gate.shortage !== undefined;
    const isFull = this.#stage.shortage !== undefined;
    this.#gateway.refuseOrders(isFull ? Reason.DiskFull : isShort ? Reason.ReplicaDisconnected : Reason.None);
  }

  /** The journal has failed: the node refuses orders, lets out what is safe, and ends. */
  #fail(): void {
    if (this.#isDying) return;
    this.#gateway.refuseOrders(Reason.Halted);
    this.#path.releaseLast();
    this.#die("failed", this.#journal.failure?.message ?? "");
  }

  #end(how: NodeEnd, why: string): void {
    this.#path.cutOff();
    this.#gateway.refuseOrders(Reason.Halted);
    this.#die(how, why);
  }

  /** The thread that serves replicas goes on until the process is gone. */
  #die(how: NodeEnd, why: string): void {
    if (this.#isDying) return;
    this.#isDying = true;
    const { plan, prng, end } = this.#site;
    this.#cluster?.pump();
    plan(prng.between(0, DYING_US), () => end(how, why));
  }

  abandon(): void {
    this.#isDying = true;
    this.#path.cutOff();
    this.#stage.abandon();
  }
}
