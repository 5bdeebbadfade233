// A runtime that leads a cluster, or is to: the thread that serves its replicas, the gate that waits for them, and the
// beginning of its tenure.

import { dirname } from "node:path";
import { type Clock, SAFE_MAX, SeriatimError } from "../../base/index.ts";
import type { ApplicationVersion } from "../../journal/index.ts";
import { NodeStorage, type PeerTls } from "../../platform/index.ts";
import { type NodeReport, NodeRole } from "../../protocol/index.ts";
import {
  ACK_VIEW_BYTES,
  type AckPolicyName,
  defaultAckPolicy,
  type PeerStanding,
} from "../../replication/index.ts";
import type { CommandPath } from "../command-path.ts";
import type { DataDirectory } from "../data-directory.ts";
import type { JournalStage, Recovered } from "../journal-stage.ts";
import type { WarmState } from "../restore-snapshot.ts";
import { AckGate } from "./ack-gate.ts";
import type { HostPort } from "./asking.ts";
import { ClusterView } from "./cluster-view.ts";
import { GateHolders } from "./gate-holders.ts";
import { type NodeIdentity, readIdentity } from "./keys.ts";
import { Promises } from "./promise.ts";
import {
  clusterOf,
  type Judgement,
  judgedBy,
  judgement,
  policyWasChanged,
  type SaidInLog,
} from "./said-in-log.ts";
import { fenced, type ReplicaNews, ServingThread } from "./serving-thread.ts";
import { beginTenure, Candidacy, type Tenure, type TenureBegun } from "./tenure.ts";

/** What makes a runtime a primary: where replicas connect, who they may be, and where a command must be before it is answered. */
export interface ReplicationOptions {
  /** Where replicas connect; port 0 takes a free one. */
  readonly host: string;
  readonly port: number;
  /** To and from the other nodes; plain TCP when left out. */
  readonly tls?: PeerTls | undefined;
  /** Where the other nodes listen, as far as that is known: they are asked how they stand. */
  readonly peers?: readonly HostPort[] | undefined;
  /** Keys file: the public keys of all nodes, with the role replica. The cluster is who is in it. */
  readonly keys: string;
  /** The file of this node's own key. */
  readonly ownKey: string;
  /** For a log that names none; disk+ram when left out. Another one than the log's is refused. */
  readonly ackPolicy?: AckPolicyName | undefined;
  /** What the log says, once it was applied; left out: nothing. */
  readonly inLog?: () => SaidInLog;
}

/** What befalls a node of a cluster. */
export interface AckListener {
  /** Nothing can be acknowledged (why, in one line): refuse commands until it can again (undefined). */
  ackShortage(why: string | undefined): void;
  /** It leads from now on: what its user has to say first in a tenure comes now, behind its Tenure. */
  tenureBegun?(tenure: TenureBegun): void;
  /** The log can't be read where a replica needs it (why, in one line): a snapshot behind that helps. Told each time. */
  logDamaged?(why: string): void;
  /** For the log. */
  readonly replicaNews?: ReplicaNews;
}

/** Between two looks, while it waits, whether a peer has fallen silent. */
const LOOK_MS = 500;

/** What a node knows of its cluster from the start. */
interface ClusterKnown {
  readonly identity: NodeIdentity;
  /** By which it is judged when it is to lead. */
  readonly judgedBy: AckPolicyName;
  readonly candidacy: Candidacy;
  readonly promises: Promises;
}

export class Primary {
  /** This node's. */
  readonly name: string;
  /** Of its tenure; of its log while it waits. */
  epoch: number;
  /** In force at the start. */
  readonly ackPolicy: AckPolicyName;
  /** Where replicas connect. */
  readonly port: number;
  readonly gate: AckGate;
  /** Resolves with why this node must not lead, or must not any more. */
  readonly fenced: Promise<SeriatimError>;
  readonly #serving: ServingThread;
  readonly #identity: NodeIdentity;
  readonly #judgedBy: AckPolicyName;
  readonly #candidacy: Candidacy;
  #clusterView: ClusterView | undefined;
  readonly #promises: Promises;
  /** The tenure that promises are gathered for. */
  #gathering: Tenure | undefined;
  #hasBegun = false;
  #isLeading = false;
  readonly #fence = Promise.withResolvers<SeriatimError>();
  #begin: ((tenure: Tenure) => Promise<TenureBegun>) | undefined;
  #looks: NodeJS.Timeout | undefined;
  #hasStoodDown = false;
  #isStopping = false;
  #shortage: string | undefined;

  private constructor(
    { identity, judgedBy, candidacy, promises }: ClusterKnown,
    epoch: number,
    ackPolicy: AckPolicyName,
    port: number,
    gate: AckGate,
    serving: ServingThread,
  ) {
    this.name = identity.name;
    this.#identity = identity;
    this.#judgedBy = judgedBy;
    this.epoch = epoch;
    this.ackPolicy = ackPolicy;
    this.port = port;
    this.gate = gate;
    this.#serving = serving;
    this.#candidacy = candidacy;
    this.#promises = promises;
    this.fenced = Promise.race([serving.fenced, this.#fence.promise]);
  }

  /** Listens for the other nodes; throws what keys and port say. */
  static async start(
    options: ReplicationOptions,
    journal: {
      readonly directory: DataDirectory;
      readonly segmentBytes: number;
      readonly live: SharedArrayBuffer;
      readonly version: ApplicationVersion | undefined;
    },
    { mayLack, epoch, position }: Recovered,
    clock: Clock,
    warm: WarmState | undefined,
  ): Promise<Primary> {
    const { host, port, tls, keys, ownKey, peers = [] } = options;
    const identity = readIdentity(keys, ownKey);
    const { name, others, seat } = identity;
    const replicas = others.length;
    const said = options.inLog?.() ?? {};
    refuseOtherPolicy(options.ackPolicy, said.ackPolicy);
    const policyName = said.ackPolicy ?? options.ackPolicy ?? defaultAckPolicy(replicas);
    const view = new SharedArrayBuffer(ACK_VIEW_BYTES);
    const gate = new AckGate({ policyName, replicas, view, wasChanged: policyWasChanged(said, identity) });
    const { directory, segmentBytes, live, version } = journal;
    const promises = new Promises(new NodeStorage(), dirname(directory.journal));
    const end = { epoch, position, promised: promises.epoch };
    const own = warm === undefined ? { ...end, mayLack } : stoodAs(name, end, warm);
    const candidacy = new Candidacy(own, seat, clusterOf(said, identity), clock);
    const where = { journal: directory.journal, snapshots: directory.snapshots };
    const shared = { ...where, version, segmentBytes, live, view, mayLack: own.mayLack };
    const serving = new ServingThread({ host, port, peers, tls, keys, ownKey, ...shared });
    try {
      const known = { identity, judgedBy: judgedBy(said), candidacy, promises };
      return new Primary(known, epoch, policyName, await serving.listening, gate, serving);
    } catch (error) {
      await serving.stop();
      throw error;
    }
  }

  /**
   * Has `path` wait for the gate, which looks whenever a replica has said something. It is not open before enough nodes have
   * promised to follow: in `tenure`, or, without one, once they have shown that this one may lead.
   */
  run(
    path: CommandPath,
    listener: AckListener,
    clock: Clock,
    journal: Pick<JournalStage, "ask">,
    tenure: Tenure | undefined,
  ): void {
    this.#clusterView = this.#makeView(path, clock);
    const holders = new GateHolders(path.meter.waits, this.gate);
    path.meter.watch(holders);
    this.#serving.tell(
      (line, isWarning) => listener.replicaNews?.(line, isWarning),
      (row, name) => holders.seat(row, name),
      (why) => listener.logDamaged?.(why),
    );
    path.gateBy(this.gate);
    this.#begin = async (what) => {
      this.#hasBegun = true;
      this.#leaveCandidacy();
      const begun = await beginTenure(what, this.cluster, this.name, journal, path, this.gate);
      this.epoch = begun.epoch;
      this.#isLeading = true;
      this.#serving.lead();
      listener.tenureBegun?.(begun);
      return begun;
    };
    this.#serving.listen({
      heard: (peer) => this.#heard(peer),
      promised: (epoch, peer) => this.#promised(epoch, peer),
      outpromised: (replica, epoch) => this.#outpromised(replica, epoch),
    });
    if (tenure === undefined) this.#stand();
    else this.#gather(tenure);
    void this.#watch(path, listener);
  }

  /** Whether its tenure has begun. */
  get role(): "primary" | "waiting" {
    return this.#isLeading ? "primary" : "waiting";
  }

  /** The nodes of its cluster by name, by its keys file. */
  get cluster(): readonly string[] {
    return this.#identity.cluster;
  }

  /** Every node of the cluster; none before it runs. */
  get nodes(): readonly NodeReport[] {
    return this.#clusterView?.nodes ?? [];
  }

  #makeView(path: CommandPath, clock: Clock): ClusterView {
    const standing = () => ({ role: this.role, epoch: this.epoch, position: path.position });
    const { name, gate } = this;
    const rows = () => gate.newestRows(path.durablePosition);
    return new ClusterView({ name, replicas: this.#identity.others, rows, clock, standing });
  }

  #stand(): void {
    this.#looks = setInterval(() => this.#decide(), LOOK_MS).unref();
    this.#decide();
  }

  #leaveCandidacy(): void {
    clearInterval(this.#looks);
    this.#looks = undefined;
  }

  #heard(peer: PeerStanding): void {
    this.#candidacy.hear(peer);
    if (this.#looks !== undefined) this.#decide();
  }

  #decide(): void {
    const decision = this.#candidacy.decide();
    if (decision.kind === "wait") return this.gate.wait(`this node does not lead yet: ${decision.because}`);
    this.#leaveCandidacy();
    if (decision.kind === "lead") this.#gather({ epoch: decision.epoch });
    else this.#fence.resolve(fenced(decision.because));
  }

  /** First it promises itself: so it can't choose the epoch a second time, for another history. */
  #gather(asked: Tenure): void {
    const tenure = { ...asked, epoch: this.#candidacy.begin(asked.epoch) };
    this.#gathering = tenure;
    if (this.#promise(tenure.epoch) !== undefined) return;
    this.#serving.gather(tenure.epoch);
    this.#beginIfPromised(tenure);
  }

  #beginIfPromised(tenure: Tenure): void {
    if (this.#hasBegun || this.#hasStoodDown) return;
    if (tenure.forcedBy !== undefined || this.#candidacy.isPromised) {
      // A journal that fails has ended the node by itself; whatever else keeps it from leading ends it too.
      this.#begin?.(tenure).catch((error) => this.#hasStoodDown || this.#fence.resolve(error));
    } else {
      const { followers } = this.#candidacy;
      this.gate.wait(
        `this node does not lead yet: ${followers} promised to follow it in epoch ${tenure.epoch}`,
      );
    }
  }

  #promised(epoch: number, peer: PeerStanding): void {
    const tenure = this.#gathering;
    if (tenure === undefined || tenure.epoch !== epoch) return;
    this.#candidacy.promise(peer);
    this.#beginIfPromised(tenure);
  }

  #outpromised(replica: string, epoch: number): void {
    const tenure = this.#gathering;
    if (tenure === undefined || epoch <= tenure.epoch) return;
    if (!this.#hasBegun) return this.#gather({ ...tenure, epoch: this.#candidacy.epochAbove(epoch) });
    // The next start of this node is above it.
    this.#promise(epoch);
    this.#fence.resolve(
      fenced(`${replica} has promised to follow epoch ${epoch}, this node leads in ${tenure.epoch}`),
    );
  }

  /** Promises `epoch` on this disk. One that refuses ends the node: what it holds now, nobody knows. Returns what it says. */
  #promise(epoch: number): SeriatimError | undefined {
    try {
      this.#promises.keep(epoch);
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      this.#hasBegun = true;
      this.#fence.resolve(error);
      return error;
    }
  }

  /**
   * Leads by an administrator's word, although others could not be heard or have not promised; journaled with the name of its giver.
   * Throws NOT_AVAILABLE: it leads already, or a node that was heard stands against it.
   */
  async forceStart(who: string): Promise<TenureBegun & Judgement> {
    if (this.#hasBegun || this.#hasStoodDown || this.#begin === undefined) {
      throw new SeriatimError("NOT_AVAILABLE", "not available: this node does not wait to lead");
    }
    const decision = this.#candidacy.force();
    if (decision.kind !== "lead")
      throw new SeriatimError("NOT_AVAILABLE", `not available: ${decision.because}`);
    const by = judgement(this.#judgedBy, this.#candidacy.peers);
    const tenure = { epoch: this.#gathering?.epoch ?? decision.epoch, forcedBy: who };
    const failure = this.#promise(tenure.epoch);
    if (failure !== undefined) throw failure;
    this.#gathering = tenure;
    this.#serving.gather(tenure.epoch);
    return { ...(await this.#begin(tenure)), ...by };
  }

  async #watch(path: CommandPath, listener: AckListener): Promise<void> {
    // A gate that is not looked at sees no change as seen: waiting for the next one would never wait, and block the thread.
    while (!this.#isStopping && path.look()) {
      const shortage = this.gate.shortage;
      if (shortage !== this.#shortage) listener.ackShortage(shortage);
      this.#shortage = shortage;
      await this.gate.whenChanged();
    }
  }

  /** The journal is about to be closed: a tenure that can't begin now is no failure. Who follows is served on. */
  standDown(): void {
    this.#hasStoodDown = true;
    this.#leaveCandidacy();
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    this.standDown();
    this.#clusterView?.stop();
    // Who watches it ends; otherwise all of this would be kept for a change that never comes.
    this.gate.wake();
    return this.#serving.stop();
  }
}

/** How a replica stood when it was told to lead: its primary's disk is another node's. */
function stoodAs(name: string, end: { epoch: number; position: number; promised: number }, warm: WarmState) {
  const { isWarm, mayLack } = warm;
  const unknown = { role: NodeRole.Waiting, primaryHeard_us: SAFE_MAX };
  return { name, ...end, persisted: end.position, isWarm, mayLack, ...unknown };
}

function refuseOtherPolicy(given: AckPolicyName | undefined, inLog: AckPolicyName | undefined): void {
  if (given === undefined || inLog === undefined || given === inLog) return;
  const what = `the log is acknowledged by policy ${inLog}, not ${given}: an administrator changes it (ack-policy)`;
  throw new SeriatimError("ACK_POLICY", what, { exitCode: 2 });
}
