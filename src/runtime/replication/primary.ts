// A runtime that leads a cluster, or is to: the thread that serves its replicas, the gate that waits for them, and the
// beginning of its tenure.

import { dirname } from "node:path";
import { assert, type Clock, SeriatimError } from "../../base/index.ts";
import type { ApplicationVersion } from "../../journal/index.ts";
import { NodeStorage, type PeerTls } from "../../platform/index.ts";
import type { NodeReport } from "../../protocol/index.ts";
import { ACK_VIEW_BYTES, type AckPolicyName, defaultAckPolicy } from "../../replication/index.ts";
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
import { type Judgement, policyWasChanged, type SaidInLog } from "./said-in-log.ts";
import { type ReplicaNews, ServingThread } from "./serving-thread.ts";
import { beginTenure, type Tenure, type TenureBegun } from "./tenure.ts";
import { type Candidate, candidateOf, TENURE_LOOK_MS, TenureCourse } from "./tenure-course.ts";

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

/** What it has from run() on. */
interface Running {
  readonly path: CommandPath;
  readonly listener: AckListener;
  readonly journal: Pick<JournalStage, "ask">;
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
  readonly #course: TenureCourse;
  #clusterView: ClusterView | undefined;
  #isLeading = false;
  readonly #fence = Promise.withResolvers<SeriatimError>();
  #running: Running | undefined;
  #looks: NodeJS.Timeout | undefined;
  #isStopping = false;
  #shortage: string | undefined;

  private constructor(
    identity: NodeIdentity,
    candidate: Candidate,
    epoch: number,
    ackPolicy: AckPolicyName,
    port: number,
    gate: AckGate,
    serving: ServingThread,
  ) {
    this.name = identity.name;
    this.#identity = identity;
    this.epoch = epoch;
    this.ackPolicy = ackPolicy;
    this.port = port;
    this.gate = gate;
    this.#serving = serving;
    this.#course = new TenureCourse(candidate, {
      wait: (because) => gate.wait(because),
      gather: (tenure) => serving.gather(tenure),
      begin: (tenure) => this.#lead(tenure),
      end: (why) => this.#fence.resolve(why),
    });
    this.fenced = Promise.race([serving.fenced, this.#fence.promise]).then((why) => withLost(why, gate));
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
    recovered: Recovered,
    clock: Clock,
    warm: WarmState | undefined,
  ): Promise<Primary> {
    const { host, port, tls, keys, ownKey, peers = [] } = options;
    const identity = readIdentity(keys, ownKey);
    const replicas = identity.others.length;
    const said = options.inLog?.() ?? {};
    refuseOtherPolicy(options.ackPolicy, said.ackPolicy);
    const policyName = said.ackPolicy ?? options.ackPolicy ?? defaultAckPolicy(replicas);
    const view = new SharedArrayBuffer(ACK_VIEW_BYTES);
    const gate = new AckGate({ policyName, replicas, view, wasChanged: policyWasChanged(said, identity) });
    const { directory, segmentBytes, live, version } = journal;
    const promises = new Promises(new NodeStorage(), dirname(directory.journal));
    const candidate = candidateOf(identity, said, promises, recovered, warm, clock);
    const where = { journal: directory.journal, snapshots: directory.snapshots };
    const shared = { ...where, version, segmentBytes, live, view, mayLack: candidate.mayLack };
    const serving = new ServingThread({ host, port, peers, tls, keys, ownKey, ...shared });
    try {
      const { epoch } = recovered;
      return new Primary(identity, candidate, epoch, policyName, await serving.listening, gate, serving);
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
    this.#running = { path, listener, journal };
    const course = this.#course;
    this.#serving.listen({
      heard: (peer) => course.heard(peer),
      promised: (epoch, peer) => course.promised(epoch, peer),
      outpromised: (replica, epoch) => course.outpromised(replica, epoch),
    });
    course.start(tenure);
    this.#looks = setInterval(() => course.look() || clearInterval(this.#looks), TENURE_LOOK_MS).unref();
    void this.#watch(path, listener);
  }

  async #lead(tenure: Tenure): Promise<TenureBegun> {
    assert(this.#running !== undefined, "a tenure begins on a node that runs");
    const { path, listener, journal } = this.#running;
    const begun = await beginTenure(tenure, this.cluster, this.name, journal, path, this.gate);
    this.epoch = begun.epoch;
    this.#isLeading = true;
    this.#serving.lead();
    listener.tenureBegun?.(begun);
    return begun;
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

  /**
   * Leads by an administrator's word, although others could not be heard or have not promised; journaled with the name of its giver.
   * Throws NOT_AVAILABLE: it leads already, or a node that was heard stands against it.
   */
  forceStart(who: string): Promise<TenureBegun & Judgement> {
    return this.#course.force(who);
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
    clearInterval(this.#looks);
    this.#course.standDown();
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

/** Answers that only this node's files have must not go aside without a word. */
function withLost(why: SeriatimError, { unprotected }: AckGate): SeriatimError {
  if (why.code !== "FENCED" || unprotected === undefined) return why;
  const { from, to } = unprotected;
  const lost = `what it answered since its ack policy was changed (positions ${from} to ${to}) is perhaps in this node's journal alone: keep it`;
  return new SeriatimError(why.code, `${why.message}; ${lost}`);
}

function refuseOtherPolicy(given: AckPolicyName | undefined, inLog: AckPolicyName | undefined): void {
  if (given === undefined || inLog === undefined || given === inLog) return;
  const what = `the log is acknowledged by policy ${inLog}, not ${given}: an administrator changes it (ack-policy)`;
  throw new SeriatimError("ACK_POLICY", what, { exitCode: 2 });
}
