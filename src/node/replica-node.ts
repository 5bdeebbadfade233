// A node's part as a replica: it follows its primary and serves nobody. It has the primary's journal, byte for byte, and its
// state, and what it acknowledges counts there.

import { assert, SeriatimError } from "../base/index.ts";
import { EXCHANGE_APPLICATION, ExchangeEngine } from "../engine/index.ts";
import type { GenesisEntry } from "../journal/index.ts";
import type { Decision } from "../replication/index.ts";
import { type HostPort, Replica, readOwnKey, type SnapshotTaken } from "../runtime/index.ts";
import { unavailable } from "./admin/desk.ts";
import { ReplicaDesk } from "./admin/replica-desk.ts";
import { EXCHANGE_RULES } from "./exchange-rules.ts";
import type { NodePlan } from "./exchange-start.ts";
import type { NodePart } from "./node-part.ts";
import { shadowOf, snapshotListener } from "./node-snapshots.ts";
import type { InheritedExchange } from "./recovery.ts";
import type { NodeStatus } from "./status.ts";
import { collectReplicaStatus } from "./status-source.ts";

export class ReplicaNode implements NodePart {
  readonly role = "replica";
  readonly orderPort = 0;
  readonly httpPort = 0;
  readonly desk: ReplicaDesk;
  readonly failed: Promise<SeriatimError>;
  readonly #plan: NodePlan;
  readonly #replica: Replica;
  /** This node's. */
  readonly #name: string;
  /** Of the history that is followed: a new one when it turns out to be another. */
  #engine = new ExchangeEngine();

  constructor(plan: NodePlan, primaries: readonly HostPort[]) {
    const { directory, log } = plan;
    const { configuration, given } = plan.loaded;
    const { host, replicationPort: port, keys, nodeKey, segmentBytes, snapshotEvery } = configuration;
    assert(directory !== undefined, "a node of a cluster keeps its log");
    this.#plan = plan;
    this.#name = readOwnKey(nodeKey).name;
    this.#replica = new Replica({
      ...{ primaries, keys, ownKey: nodeKey, segmentBytes, directory },
      // By default the port is a primary's, which may be on this machine.
      listen: given.has("replicationPort") ? { host, port } : undefined,
      rules: EXCHANGE_RULES,
      application: () => {
        this.#engine = new ExchangeEngine();
        return this.#engine;
      },
      ackPolicyInLog: () => this.#engine.administration.ackPolicy,
      version: EXCHANGE_APPLICATION,
      snapshots: {
        shadow: () => shadowOf(configuration, directory),
        every: snapshotEvery,
        listener: snapshotListener(log),
      },
      news: (line) => log.info({}, line),
    });
    this.failed = this.#replica.failed;
    this.desk = new ReplicaDesk({
      status: () => this.status(),
      snapshot: () => this.requestSnapshot(),
      primary: this.#primary,
      log,
    });
  }

  /** Where its primary is looked for. */
  get #primary(): string {
    return this.#plan.loaded.configuration.replicaOf;
  }

  /** Where the other nodes can ask it. */
  get replicationPort(): number {
    return this.#replica.port;
  }

  get accountsMax(): number {
    return this.#replica.position === 0 ? 0 : this.#engine.genesis.accountsMax;
  }

  status(): NodeStatus {
    const time_us = this.#plan.parts.clock.wallMicros();
    const parts = { name: this.#name, replica: this.#replica, engine: this.#engine };
    return collectReplicaStatus({ ...parts, primary: this.#primary, time_us });
  }

  async requestSnapshot(): Promise<SnapshotTaken> {
    const { snapshots } = this.#replica;
    if (snapshots === undefined) throw unavailable("this replica has no log yet");
    return snapshots.request();
  }

  /** What its log began with; throws REFUSED when it has not begun. */
  get genesisEntry(): GenesisEntry {
    if (this.#replica.position === 0) throw new SeriatimError("REFUSED", "this replica has no log yet");
    return this.#engine;
  }

  /** Whether it may lead, as the others say: all of them are asked. */
  decide(isForced: boolean): Promise<Decision> {
    return this.#replica.decide(isForced);
  }

  /** Ends following; resolves with all that it has. */
  async handOver(): Promise<InheritedExchange> {
    const { application: _, ...rest } = await this.#replica.handOver();
    return { engine: this.#engine, ...rest };
  }

  stop(): Promise<void> {
    return this.#replica.stop();
  }
}
