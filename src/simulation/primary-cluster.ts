// What makes a simulated node one that leads a cluster, or waits to: the newest frames, the port for the other nodes, the
// questions to them, the gate, and the beginning of its tenure, as the runtime puts them together (runtime/replication/primary.ts).

import { SAFE_MAX, SeriatimError } from "../base/index.ts";
import { EXCHANGE_APPLICATION } from "../engine/index.ts";
import { JOURNAL_LOG, type JournalWriter, OutgoingSnapshots } from "../journal/index.ts";
import { NativeChecksums } from "../platform/index.ts";
import { NodeRole, type Standing } from "../protocol/index.ts";
import {
  ACK_VIEW_BYTES,
  AckView,
  type AskingNode,
  clusterSum,
  createLiveFrames,
  History,
  LiveFrames,
  LiveReader,
  type PeerStanding,
  type PrimarySide,
  ReplicaSeats,
  type ServingNode,
} from "../replication/index.ts";
import {
  AckGate,
  beginTenure,
  Candidacy,
  type CommandPath,
  clusterOf,
  type JournalStage,
  type Promises,
  policyWasChanged,
  type SaidInLog,
  type Tenure,
} from "../runtime/index.ts";
import { askPeers } from "./asking.ts";
import type { BoundCheck } from "./bounds.ts";
import { ServingPort } from "./session-links.ts";
import { simulatedKeys } from "./simulated-keys.ts";
import { identityOf, promisesOn, REPLICATION_PORT, SEGMENT_BYTES, type Site, TICK_US } from "./site.ts";

/** Small, so that a replica which lags goes back to the disk. */
const LIVE_BYTES = 16_384;
/** Between two rounds of questions, while it waits and when it leads; and between two looks. As on a real node. */
const ASK_WAITING_US = 250_000;
const ASK_LEADING_US = 1_000_000;
const LOOK_US = 500_000;

const checksums = new NativeChecksums();

export interface PrimaryParts {
  readonly path: CommandPath;
  readonly stage: Pick<JournalStage, "ask">;
  readonly said: SaidInLog;
  /** Its disk may lack what it once said it had. */
  readonly mayLack: boolean;
  /** As a replica that was told to lead; as in a Standing. */
  readonly warm: { readonly isWarm: boolean; readonly mayLack: boolean } | undefined;
  readonly onWork: () => void;
  /** It must not lead, or not any more, or can't. */
  readonly onEnd: (how: "fenced" | "failed", why: string) => void;
  readonly onTenure: () => void;
}

export class PrimaryCluster {
  readonly gate: AckGate;
  readonly #site: Site;
  readonly #parts: PrimaryParts;
  readonly #port: ServingPort;
  readonly #view: AckView;
  readonly #frames = createLiveFrames(LIVE_BYTES);
  readonly #live: LiveReader;
  readonly #history: History;
  readonly #candidacy: Candidacy;
  readonly #node: ServingNode & AskingNode;
  readonly #promises: Promises;
  /** Undefined while it waits; of the epoch that promises are gathered for, then of its tenure. */
  #primary: PrimarySide | undefined;
  #isLeading = false;
  #hasBegun = false;
  #hasDecided = false;
  #because = "";

  constructor(site: Site, journal: JournalWriter, parts: PrimaryParts) {
    const { name, host, cluster, disk, files, clock } = site;
    this.#site = site;
    this.#parts = parts;
    const replicas = cluster.names.length - 1;
    const memory = new SharedArrayBuffer(ACK_VIEW_BYTES);
    this.#view = new AckView(memory);
    journal.tap(new LiveFrames(this.#frames, journal.position, journal.epoch));
    this.#live = new LiveReader(this.#frames);
    this.#history = new History({
      ...{ storage: disk, checksums, directory: files.journal, log: JOURNAL_LOG },
    });
    const { said, mayLack } = parts;
    const identity = identityOf(name, cluster);
    const wasChanged = policyWasChanged(said, identity);
    const policyName = said.ackPolicy ?? cluster.policy;
    this.gate = new AckGate({ policyName, replicas, view: memory, wasChanged });
    const { epoch, position } = journal;
    this.#promises = promisesOn(disk);
    const end = { epoch, position, promised: this.#promises.epoch };
    const unknown = { role: NodeRole.Waiting, primaryHeard_us: SAFE_MAX };
    const stood = parts.warm && { name, ...end, persisted: position, ...parts.warm, ...unknown };
    const own = stood ?? { ...end, mayLack };
    this.#candidacy = new Candidacy(own, identity.seat, clusterOf(said, identity), clock);
    this.#node = this.#nodeOf();
    this.#port = new ServingPort(host, this.#node, parts.onWork, (why) => parts.onEnd("failed", why));
    host.listen({ host: name, port: REPLICATION_PORT }, this.#port);
  }

  #nodeOf(): ServingNode & AskingNode {
    const { name, cluster, nonce } = this.#site;
    const side = () => this.#primary;
    const log = () => this.#end();
    return {
      ...{ name, checksums, keys: simulatedKeys(name, cluster.names), nonce },
      get primary() {
        return side();
      },
      get log() {
        return log();
      },
      standing: () => this.#standing(),
      claimed: (peer) => this.#heard(peer),
      promised: (peer) => this.#promised(peer),
      outpromised: (_, promised) => this.#outpromised(promised),
      mustStop: (_, peer) => this.#mustStop(peer),
    };
  }

  #standing(): Omit<Standing, "proof"> {
    const leads = this.#isLeading;
    const role = leads ? NodeRole.Primary : NodeRole.Waiting;
    const mayLack = (this.#parts.warm ?? this.#parts).mayLack && !leads;
    return { role, isWarm: leads, mayLack, primaryHeard_us: leads ? 0 : SAFE_MAX, ...this.#end() };
  }

  #end(): AskingNode["log"] {
    const position = this.#live.written;
    const persisted = this.#isLeading ? Math.min(position, this.#view.durable) : position;
    return { epoch: this.#live.epoch, position, persisted };
  }

  /** Without `tenure` it waits until the other nodes have shown that it may lead. */
  begin(tenure: Tenure | undefined): void {
    this.#tick();
    this.#askOn();
    if (tenure === undefined) this.#look();
    else this.#gather(tenure);
  }

  #tick(): void {
    this.#port.tick();
    this.#site.plan(TICK_US, () => this.#tick());
  }

  #askOn(): void {
    askPeers(this.#site, this.#node, (answers) => {
      for (const peer of answers) {
        this.#heard(peer);
        if (this.#primary !== undefined && peer.epoch > this.#live.epoch) this.#mustStop(peer);
      }
      const pause_us = this.#isLeading ? ASK_LEADING_US : ASK_WAITING_US;
      this.#site.plan(pause_us, () => this.#askOn());
    });
  }

  #heard(peer: PeerStanding): void {
    if (this.#isLeading) return;
    this.#candidacy.hear(peer);
    this.#decide();
  }

  #look(): void {
    if (this.#hasDecided) return;
    this.#decide();
    this.#site.plan(LOOK_US, () => this.#look());
  }

  #decide(): void {
    if (this.#hasDecided) return;
    const decision = this.#candidacy.decide();
    if (decision.kind === "wait") {
      if (decision.because !== this.#because) this.#site.witness.tell(this.#site.name, decision.because);
      this.#because = decision.because;
      this.gate.wait(decision.because);
    } else if (decision.kind === "lead") {
      this.#gather(decision);
    } else {
      this.#hasDecided = true;
      this.#parts.onEnd("fenced", decision.because);
    }
    this.#parts.onWork();
  }

  /** Replicas are welcomed in that epoch, to promise that they follow nothing older. */
  #gather(asked: Tenure): void {
    this.#hasDecided = true;
    const { name, cluster, disk: storage, files, witness } = this.#site;
    witness.onGathering?.(name);
    const epoch = this.#candidacy.begin(asked.epoch);
    if (!this.#keep(epoch)) return;
    if (this.#primary !== undefined) this.#port.close();
    const place = { storage, checksums, directory: files.snapshots };
    const snapshots = new OutgoingSnapshots(place, EXCHANGE_APPLICATION);
    const others = cluster.names.filter((other) => other !== name);
    this.#primary = {
      ...{ epoch, segmentBytes: SEGMENT_BYTES, history: this.#history, snapshots, frames: this.#frames },
      cluster: clusterSum(cluster.names, checksums),
      ...{ view: this.#view, seats: new ReplicaSeats(others), released: () => this.#view.released },
    };
    this.#leadIfPromised(epoch);
  }

  #promised(peer: PeerStanding): void {
    if (this.#primary === undefined || this.#hasBegun) return;
    this.#candidacy.promise(peer);
    this.#leadIfPromised(this.#primary.epoch);
  }

  #outpromised(epoch: number): void {
    if (this.#primary === undefined || epoch <= this.#primary.epoch) return;
    if (!this.#hasBegun) return this.#gather({ epoch: this.#candidacy.epochAbove(epoch) });
    this.#port.close();
    if (this.#keep(epoch)) this.#parts.onEnd("fenced", `epoch ${epoch} was promised to another node`);
  }

  /** False when the disk refuses it, which ends the node. */
  #keep(epoch: number): boolean {
    try {
      this.#promises.keep(epoch);
      return true;
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      this.#parts.onEnd("failed", error.message);
      return false;
    }
  }

  #leadIfPromised(epoch: number): void {
    if (this.#hasBegun || !this.#candidacy.isPromised) return;
    this.#hasBegun = true;
    const { name, cluster } = this.#site;
    const { stage, path } = this.#parts;
    const { cluster: names } = identityOf(name, cluster);
    void beginTenure({ epoch }, names, name, stage, path, this.gate).then(() => {
      this.#isLeading = true;
      this.#site.witness.tell(name, `leads in epoch ${epoch}`);
      this.#parts.onTenure();
    });
  }

  #mustStop(peer: Pick<PeerStanding, "name" | "epoch" | "position">): void {
    this.#port.close();
    const { name, epoch, position } = peer;
    this.#parts.onEnd(
      "fenced",
      `${name} is at position ${position} of epoch ${epoch}, here it is ${this.#live.epoch}`,
    );
  }

  bounds(check: BoundCheck): void {
    this.#port.bounds(check);
  }

  /** New frames go out. */
  pump(): void {
    this.#port.pump();
  }
}
