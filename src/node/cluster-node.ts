// A node through its roles: one at a time, each a part (node-part.ts). What outlives a role is held here: the data directory's
// lock, and the administrators' connections, so that who asked for a promotion hears what became of it.
//
//   replica --promote--> primary, in the same process (promotion.ts)
//   waiting to lead --promote --force--> primary
//
//   start:  tape -> the part of its role -> administrators
//   stop:  administrators -> the part of its role, which has the simulated traders cancel their quotes -> tape -> lock released

import { assert, SeriatimError } from "../base/index.ts";
import { FirstFailure } from "../platform/index.ts";
import type { AdminRequest, NodeRoleName } from "../protocol/index.ts";
import type { DataDirectory, Judgement, SnapshotTaken, TenureBegun } from "../runtime/index.ts";
import { type AdminListener, hasAdministrator, startAdmin } from "./admin/admin-listener.ts";
import { watchCertificate } from "./certificate-notice.ts";
import { primariesOf } from "./cluster-settings.ts";
import type { ExchangeNode } from "./exchange-node.ts";
import { type NodePlan, startExchange } from "./exchange-start.ts";
import type { RunningNode } from "./node.ts";
import type { NodePart } from "./node-part.ts";
import { epochToLead, type Promotion, takeOver, tenureOf } from "./promotion.ts";
import { ReplicaNode } from "./replica-node.ts";
import { type SimulatedTraders, startSimulatedTraders } from "./simulated-traders.ts";
import type { NodeStatus } from "./status.ts";
import { tapeDirectoryOf, tapeSettingsOf } from "./tape-settings.ts";
import type { NodeTape } from "./tape-thread.ts";

export class ClusterNode implements RunningNode {
  readonly #plan: NodePlan;
  readonly #directory: DataDirectory | undefined;
  readonly #tape: NodeTape | undefined;
  readonly #failure = new FirstFailure();
  readonly #leads = Promise.withResolvers<void>();
  #part: ReplicaNode | ExchangeNode | undefined;
  #isPromoting = false;
  /** From one part to the other. */
  #change: Promise<ExchangeNode> | undefined;
  #traders: SimulatedTraders | undefined;
  #admin: AdminListener | undefined;
  #stopped: Promise<void> | undefined;
  #unwatchCertificate = (): void => {};

  /** Once it is made, stop() gives the directory back. */
  constructor(plan: NodePlan) {
    this.#directory = plan.directory;
    this.#tape = plan.tape;
    this.#plan = { ...plan, directory: plan.directory && lent(plan.directory) };
  }

  /** Once; throws SeriatimError naming what is wrong, and is stopped then by its caller. */
  async start(): Promise<void> {
    const { loaded, log, parts } = this.#plan;
    this.#unwatchCertificate = watchCertificate(parts.tls.expires_us, parts.clock, log);
    await this.#startTape();
    const primaries = primariesOf(loaded.configuration);
    if (primaries === undefined) this.#lead(await startExchange(this.#plan));
    else await this.#follow(new ReplicaNode(this.#plan, primaries));
    if (!hasAdministrator(parts.keys)) return;
    const execute = (request: AdminRequest, who: string) => this.#execute(request, who);
    const { adminPort: port } = loaded.configuration;
    this.#admin = await startAdmin({ port, tls: parts.tls.identity, keys: parts.keys, execute, log });
  }

  async #startTape(): Promise<void> {
    const { loaded, parts } = this.#plan;
    const { configuration } = loaded;
    await this.#tape?.start({
      directory: tapeDirectoryOf(configuration),
      settings: tapeSettingsOf(configuration),
      keys: parts.keys?.entries ?? [],
      tls: parts.tls.identity,
    });
  }

  #lead(part: ExchangeNode): void {
    this.#take(part);
    if (part.role === "primary") this.#leads.resolve();
    else part.tenure.then(() => this.#leads.resolve());
    const { loaded, log } = this.#plan;
    if (loaded.configuration.simulate > 0)
      this.#traders = startSimulatedTraders(part, loaded.configuration, log);
  }

  async #follow(part: ReplicaNode): Promise<void> {
    this.#take(part);
    await part.listen();
  }

  #take(part: ReplicaNode | ExchangeNode): void {
    this.#part = part;
    part.failed.then((error) => this.#failure.set(error));
  }

  get #current(): ReplicaNode | ExchangeNode {
    assert(this.#part !== undefined, "a node that is started has a role");
    return this.#part;
  }

  get leads(): Promise<void> {
    return this.#leads.promise;
  }
  get failed(): Promise<SeriatimError> {
    return this.#failure.happened;
  }
  get role(): NodeRoleName {
    return this.#current.role;
  }
  get orderPort(): number {
    return this.#current.orderPort;
  }
  get httpPort(): number {
    return this.#current.webPorts.http;
  }
  get mdPort(): number {
    return this.#current.webPorts.md;
  }
  get feedPort(): number {
    return this.#current.webPorts.feed;
  }
  get tapePort(): number {
    return this.#tape?.port ?? 0;
  }
  get adminPort(): number {
    return this.#admin?.port ?? 0;
  }
  get replicationPort(): number {
    return this.#current.replicationPort;
  }
  get accountsMax(): number {
    return this.#current.accountsMax;
  }

  status(): NodeStatus {
    return this.#current.status();
  }

  requestSnapshot(): Promise<SnapshotTaken> {
    return this.#current.requestSnapshot();
  }

  #execute(request: AdminRequest, who: string): Promise<object> {
    if (request.command === "promote") return this.#promote(request.force, who);
    const { desk } = this.#current;
    assert(desk !== undefined, "who may log on can give commands");
    return desk.execute(request, who);
  }

  async #promote(isForced: boolean, who: string): Promise<object> {
    if (this.#isPromoting) throw new SeriatimError("BUSY", "a promotion is under way already");
    this.#isPromoting = true;
    const begun_ms = performance.now();
    try {
      const { epoch, position, policy, heard } = await this.#toLead(isForced, who);
      const said = { epoch, position, policy, heard, took_ms: Math.round(performance.now() - begun_ms) };
      const { orderPort, webPorts, replicationPort } = this.#current;
      const ports = { orderPort, httpPort: webPorts.http, replicationPort };
      this.#plan.log.warn({ who, ...said, ...ports }, "this node leads from now on");
      return { ...said, ...ports };
    } finally {
      this.#isPromoting = false;
    }
  }

  async #toLead(isForced: boolean, who: string): Promise<TenureBegun & Judgement> {
    const part = this.#current;
    if (!(part instanceof ReplicaNode)) return part.promote(isForced, who);
    const promotion = { isForced, who, isOver: () => this.#stopped !== undefined };
    const { epoch, ...by } = await epochToLead(part, this.#plan, promotion);
    if (promotion.isOver()) throw new SeriatimError("REFUSED", "this node stops");
    this.#change = this.#takeOver(part, epoch, promotion);
    return { ...(await tenureOf(await this.#change)), ...by };
  }

  async #takeOver(replica: ReplicaNode, epoch: number, promotion: Promotion): Promise<ExchangeNode> {
    try {
      const exchange = await takeOver(replica, this.#plan, epoch, promotion);
      this.#lead(exchange);
      return exchange;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `this node can't lead, and ends: ${why}`;
      const failure = new SeriatimError("PROMOTION_FAILED", message, { cause: error });
      this.#plan.log.error(message);
      this.#failure.set(failure);
      throw failure;
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#unwatchCertificate();
    await this.#admin?.close();
    // Whatever its part is then, it is the one to stop.
    await this.#change?.catch(() => {});
    const part: NodePart | undefined = this.#part;
    try {
      await part?.stop(async () => this.#traders?.stop(this.failed));
    } finally {
      // What the exchange itself publishes has been given to it by now.
      await this.#tape?.stop();
      await this.#directory?.lock.release();
    }
    // Of a promotion that failed both parts are closed, and neither knows.
    this.#failure.orThrow();
  }
}

/** For a part that gives the lock back when it ends: the node may go on with another part. */
function lent(directory: DataDirectory): DataDirectory {
  const keepUntil = (over: Promise<void>): void => directory.lock.keepUntil(over);
  return { ...directory, lock: { release: async () => {}, keepUntil } };
}
