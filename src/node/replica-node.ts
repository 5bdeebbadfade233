// A node's part as a replica: it follows its primary and takes no orders. It has the primary's journal, byte for byte, and its
// state, and what it acknowledges counts there. Its page shows the market as far as the primary says that it may be seen.
//
//   stop:  web -> following, journal

import { assert, SeriatimError } from "../base/index.ts";
import { EXCHANGE_APPLICATION, ExchangeEngine } from "../engine/index.ts";
import { clusterChange, type Decision } from "../replication/index.ts";
import { type HostPort, type Judgement, Replica, type SnapshotTaken } from "../runtime/index.ts";
import { unavailable } from "./admin/desk.ts";
import { ReplicaDesk } from "./admin/replica-desk.ts";
import { AppliedRate } from "./applied-rate.ts";
import type { GenesisEntry } from "./exchange-records.ts";
import { EXCHANGE_RULES } from "./exchange-rules.ts";
import type { NodePlan } from "./exchange-start.ts";
import { refuseOthers } from "./genesis-settings.ts";
import type { NodePart } from "./node-part.ts";
import { shadowOf, snapshotListener } from "./node-snapshots.ts";
import { isOpen } from "./order-access.ts";
import type { InheritedExchange } from "./recovery.ts";
import { StallNotice } from "./stall-notice.ts";
import type { NodeStatus } from "./status.ts";
import { collectReplicaStatus } from "./status-source.ts";
import { peerTlsOf } from "./tls.ts";
import { NodeWeb } from "./web/node-web.ts";
import { NO_PORTS, type WebPorts, webOf } from "./web/web-stage.ts";

/** Between two looks whether its thread has stopped. */
const TICK_MS = 1_000;

export class ReplicaNode implements NodePart {
  readonly role = "replica";
  readonly orderPort = 0;
  webPorts: WebPorts = NO_PORTS;
  readonly desk: ReplicaDesk;
  readonly failed: Promise<SeriatimError>;
  readonly #plan: NodePlan;
  readonly #replica: Replica;
  readonly #web: NodeWeb;
  readonly #rate: AppliedRate;
  readonly #ticker: NodeJS.Timeout;
  /** What the web shows. */
  #shown: Replica["commands"];
  /** Whose log the settings were compared with. */
  #compared: ExchangeEngine | undefined;
  #hasComparedPolicy = false;
  #warnedOfCluster = "";
  #comparedCluster: readonly string[] | undefined;
  /** Of the history that is followed: a new one when it turns out to be another. */
  #engine = new ExchangeEngine();

  constructor(plan: NodePlan, primaries: readonly HostPort[]) {
    const { directory, log } = plan;
    const { configuration, given } = plan.loaded;
    const { host, replicationPort: port, keys, nodeKey, segmentBytes, snapshotEvery } = configuration;
    assert(directory !== undefined, "a node of a cluster keeps its log");
    this.#plan = plan;
    this.#replica = new Replica({
      tls: peerTlsOf(plan.parts.tls),
      ...{ primaries, keys, ownKey: nodeKey, segmentBytes, directory },
      // By default the port is a primary's, which may be on this machine.
      listen: given.has("replicationPort") ? { host, port } : undefined,
      rules: EXCHANGE_RULES,
      application: () => {
        this.#engine = new ExchangeEngine();
        return this.#engine;
      },
      inLog: () => this.#engine.administration,
      version: EXCHANGE_APPLICATION,
      snapshots: {
        shadow: () => shadowOf(configuration, directory),
        every: snapshotEvery,
        listener: snapshotListener(log),
      },
      news: (line, isWarning = false) => log[isWarning ? "warn" : "info"]({}, line),
      applied: () => {
        this.#refuseOtherLog();
        this.#warnOfOtherPolicy();
        this.#warnOfOtherCluster();
      },
      progress: () => this.#show(),
    });
    const showsMarket = configuration.marketData === "on";
    this.#web = new NodeWeb(webOf(configuration, plan.parts.tls, log), { log, showsMarket });
    this.#rate = new AppliedRate(() => this.#replica.position);
    const stall = new StallNotice(log, () => this.#replica.position);
    const look = () => stall.tick(this.#replica.view.stall, plan.parts.clock.monotonicMicros());
    this.#ticker = setInterval(look, TICK_MS).unref();
    this.failed = this.#replica.failed;
    this.failed.then((error) => log.error({ position: this.#replica.position }, error.message));
    this.desk = new ReplicaDesk({
      status: () => this.status(),
      snapshot: () => this.requestSnapshot(),
      primary: this.#primary,
      log,
    });
  }

  /**
   * Settings that decide results, and not as the log says, are refused as those of any node: once it is there, which is known
   * by the tenure behind its first entry.
   */
  #refuseOtherLog(): void {
    const engine = this.#engine;
    if (engine === this.#compared || engine.administration.epoch === 0) return;
    this.#compared = engine;
    refuseOthers(this.#plan.loaded.given, engine);
  }

  /** It is no reason to end: a replica acknowledges as it is asked, and leads by the log's policy. */
  #warnOfOtherPolicy(): void {
    if (this.#hasComparedPolicy) return;
    const { ackPolicy } = this.#plan.loaded.configuration;
    const { ackPolicy: inLog } = this.#engine.administration;
    if (inLog === undefined) return;
    this.#hasComparedPolicy = true;
    if (ackPolicy === "auto" || ackPolicy === inLog) return;
    const what = `ack-policy ${ackPolicy} is not used: the log says ${inLog}, also when this node comes to lead`;
    this.#plan.log.warn(`${what}; an administrator changes it (ack-policy)`);
  }

  /** Nor this: what must be heard before it leads follows from both. */
  #warnOfOtherCluster(): void {
    const { cluster } = this.#engine.administration;
    // Applied all the time, and changed by a tenure.
    if (cluster === this.#comparedCluster) return;
    this.#comparedCluster = cluster;
    const words = clusterChange(this.#named, cluster)?.words ?? "";
    if (words !== "" && words !== this.#warnedOfCluster)
      this.#plan.log.warn(`${words}: it comes to lead when every node of both was heard, or by force`);
    this.#warnedOfCluster = words;
  }

  /** The nodes of its cluster, by its keys file. */
  get #named(): readonly string[] {
    return this.#plan.parts.keys?.names("replica") ?? [];
  }

  /** Where its primary is looked for. */
  get #primary(): string {
    return this.#plan.loaded.configuration.replicaOf;
  }

  /** Where the other nodes can ask it. */
  get replicationPort(): number {
    return this.#replica.port;
  }

  /** Page, health and metrics; throws SeriatimError when it can't. */
  async listen(): Promise<void> {
    const noOrders = `this node is a replica of ${this.#primary}: its primary takes orders`;
    const { loaded, parts } = this.#plan;
    const { configuration } = loaded;
    const { keys } = parts;
    this.webPorts = await this.#web.listen({
      ...{ orderPort: 0, noOrders, status: () => this.status() },
      access: { isOpen: isOpen(configuration), keys: keys?.entries ?? [], nodeKey: undefined },
    });
  }

  /** Once the primary has said how much of the log may be seen. */
  #show(): void {
    const { commands } = this.#replica;
    if (commands === undefined || commands === this.#shown || commands.releasedPosition === 0) return;
    this.#shown = commands;
    this.#web.follow({ application: this.#engine, path: commands });
  }

  get accountsMax(): number {
    return this.#replica.position === 0 ? 0 : this.#engine.genesis.accountsMax;
  }

  status(): NodeStatus {
    const time_us = this.#plan.parts.clock.wallMicros();
    const parts = { replica: this.#replica, engine: this.#engine, web: this.#web, primary: this.#primary };
    const tape = this.#plan.tape?.status;
    const { expires_us: certificateExpires_us } = this.#plan.parts.tls;
    const node = { named: this.#named, time_us, tape, certificateExpires_us };
    return collectReplicaStatus({ ...parts, commandsPerSecond: this.#rate.perSecond, ...node });
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
  decide(isForced: boolean): Promise<Decision & Judgement> {
    return this.#replica.decide(isForced);
  }

  /** Ends following; resolves with all that it has. */
  async handOver(): Promise<InheritedExchange> {
    const { application: _, ...rest } = await this.#replica.handOver();
    return { engine: this.#engine, ...rest };
  }

  async stop(): Promise<void> {
    await this.stopShowing();
    await this.#replica.stop();
    this.#plan.log.info({ position: this.#replica.position }, "stopped");
  }

  /** Who looks on connects again, to whoever has the port then. Resolves when it is free; never rejects. */
  stopShowing(): Promise<void> {
    this.#rate.stop();
    clearInterval(this.#ticker);
    return this.#web.stop();
  }
}
