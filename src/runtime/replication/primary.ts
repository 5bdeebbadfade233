// A runtime as the primary of a cluster: the thread that serves its replicas, and the gate that waits for them.

import { type Clock, SeriatimError } from "../../base/index.ts";
import type { NodeReport } from "../../protocol/index.ts";
import {
  ACK_VIEW_BYTES,
  type AckPolicyName,
  defaultAckPolicy,
  REPLICAS_MAX,
} from "../../replication/index.ts";
import type { CommandPath } from "../command-path.ts";
import type { DataDirectory } from "../data-directory.ts";
import type { Recovered } from "../journal-stage.ts";
import { AckGate } from "./ack-gate.ts";
import { ClusterView } from "./cluster-view.ts";
import { GateHolders } from "./gate-holders.ts";
import { readIdentity } from "./keys.ts";
import { type ReplicaNews, ServingThread } from "./serving-thread.ts";

export interface ReplicationOptions {
  /** Where replicas connect; port 0 takes a free one. */
  readonly host: string;
  readonly port: number;
  /** Keys file: the public keys of all nodes, with the role replica. The cluster is who is in it. */
  readonly keys: string;
  /** The file of this node's own key. */
  readonly ownKey: string;
  /** For a log that names none; disk+ram when left out. Another one than the log's is refused. */
  readonly ackPolicy?: AckPolicyName | undefined;
  /** What the log says, once it was applied. */
  readonly ackPolicyInLog?: () => AckPolicyName | undefined;
}

/** Too few replicas, or enough again. */
export interface AckListener {
  /** Nothing can be acknowledged (why, in one line): refuse commands until it can again (undefined). */
  ackShortage(why: string | undefined): void;
  /** For the log. */
  readonly replicaNews?: ReplicaNews;
}

/** The nodes of a cluster, by name. */
interface ClusterNames {
  /** This node's. */
  readonly name: string;
  readonly others: readonly string[];
}

export class Primary {
  /** This node's. */
  readonly name: string;
  /** Of this tenure. */
  readonly epoch: number;
  /** In force at the start. */
  readonly ackPolicy: AckPolicyName;
  /** Where replicas connect. */
  readonly port: number;
  readonly gate: AckGate;
  readonly fenced: Promise<SeriatimError>;
  readonly #serving: ServingThread;
  readonly #others: readonly string[];
  #cluster: ClusterView | undefined;
  #isStopping = false;
  #shortage: string | undefined;

  private constructor(
    { name, others }: ClusterNames,
    epoch: number,
    ackPolicy: AckPolicyName,
    port: number,
    gate: AckGate,
    serving: ServingThread,
  ) {
    this.name = name;
    this.#others = others;
    this.epoch = epoch;
    this.ackPolicy = ackPolicy;
    this.port = port;
    this.gate = gate;
    this.fenced = serving.fenced;
    this.#serving = serving;
  }

  /** Listens for replicas; throws what keys and port say. */
  static async start(
    options: ReplicationOptions,
    journal: {
      readonly directory: DataDirectory;
      readonly segmentBytes: number;
      readonly live: SharedArrayBuffer;
    },
    { created, epoch }: Recovered,
  ): Promise<Primary> {
    const { host, port, keys, ownKey } = options;
    const names = readIdentity(keys, ownKey);
    const { others } = names;
    const replicas = others.length;
    refuseClusterSize(keys, replicas);
    const policyInLog = options.ackPolicyInLog?.();
    refuseOtherPolicy(options.ackPolicy, policyInLog);
    const policyName = policyInLog ?? options.ackPolicy ?? defaultAckPolicy(replicas);
    const view = new SharedArrayBuffer(ACK_VIEW_BYTES);
    const gate = new AckGate({ policyName, policyInLog, replicas, view, isBlank: created });
    const { directory, segmentBytes, live } = journal;
    const shared = { journal: directory.journal, segmentBytes, live, view };
    const serving = new ServingThread({ host, port, keys, ownKey, epoch, ...shared });
    try {
      return new Primary(names, epoch, policyName, await serving.listening, gate, serving);
    } catch (error) {
      await serving.stop();
      throw error;
    }
  }

  /** Has `path` wait for the gate, and look at it whenever a replica has said something. */
  run(path: CommandPath, listener: AckListener, clock: Clock): void {
    const standing = () => ({ role: "primary" as const, epoch: this.epoch, position: path.position });
    const { name, gate } = this;
    this.#cluster = new ClusterView({ name, replicas: this.#others, rows: gate.rows, clock, standing });
    const holders = new GateHolders(path.meter.waits, this.gate.rows);
    path.meter.watch(holders);
    this.#serving.tell(
      (line) => listener.replicaNews?.(line),
      (row, name) => holders.seat(row, name),
    );
    path.gateBy(this.gate);
    void this.#watch(path, listener);
  }

  /** Every node of the cluster; none before it runs. */
  get nodes(): readonly NodeReport[] {
    return this.#cluster?.nodes ?? [];
  }

  async #watch(path: CommandPath, listener: AckListener): Promise<void> {
    while (!this.#isStopping) {
      path.look();
      const shortage = this.gate.shortage;
      if (shortage !== this.#shortage) listener.ackShortage(shortage);
      this.#shortage = shortage;
      await this.gate.whenChanged();
    }
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    this.#cluster?.stop();
    return this.#serving.stop();
  }
}

function refuseOtherPolicy(given: AckPolicyName | undefined, inLog: AckPolicyName | undefined): void {
  if (given === undefined || inLog === undefined || given === inLog) return;
  const what = `the log is acknowledged by policy ${inLog}, not ${given}: an administrator changes it (ack-policy)`;
  throw new SeriatimError("ACK_POLICY", what, { exitCode: 2 });
}

function refuseClusterSize(keys: string, replicas: number): void {
  if (replicas >= 1 && replicas <= REPLICAS_MAX) return;
  const what = `${keys} holds the keys of ${replicas} other nodes (role replica); a primary has 1 to ${REPLICAS_MAX}`;
  throw new SeriatimError("CLUSTER_SIZE", what, { exitCode: 2 });
}
