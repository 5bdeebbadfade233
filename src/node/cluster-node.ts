// A node through its roles: one at a time, each a part (node-part.ts). What outlives a role is held here: the data directory's
// lock, and the administrators' connections.
//
//   stop:  administrators -> simulated traders, their quotes cancelled -> the part of its role -> lock released

import { assert, type SeriatimError } from "../base/index.ts";
import type { AdminRequest, NodeRoleName } from "../protocol/index.ts";
import { type DataDirectory, FirstFailure, type SnapshotTaken } from "../runtime/index.ts";
import { type AdminListener, hasAdministrator, startAdmin } from "./admin/admin-listener.ts";
import { unavailable } from "./admin/desk.ts";
import { primariesOf } from "./cluster-settings.ts";
import { type NodePlan, startExchange } from "./exchange-start.ts";
import type { RunningNode } from "./node.ts";
import type { NodePart } from "./node-part.ts";
import { ReplicaNode } from "./replica-node.ts";
import { type SimulatedTraders, startSimulatedTraders } from "./simulated-traders.ts";
import type { NodeStatus } from "./status.ts";

export class ClusterNode implements RunningNode {
  readonly #plan: NodePlan;
  readonly #directory: DataDirectory | undefined;
  readonly #failure = new FirstFailure();
  #part: NodePart | undefined;
  #traders: SimulatedTraders | undefined;
  #admin: AdminListener | undefined;
  #stopped: Promise<void> | undefined;

  /** Once it is made, stop() gives the directory back. */
  constructor(plan: NodePlan) {
    this.#directory = plan.directory;
    this.#plan = { ...plan, directory: plan.directory && lent(plan.directory) };
  }

  /** Once; throws SeriatimError naming what is wrong, and is stopped then by its caller. */
  async start(): Promise<void> {
    const { loaded, log, parts } = this.#plan;
    const primaries = primariesOf(loaded.configuration);
    if (primaries === undefined) this.#lead(await startExchange(this.#plan));
    else this.#take(new ReplicaNode(this.#plan, primaries));
    if (!hasAdministrator(parts.keys)) return;
    const execute = (request: AdminRequest, who: string) => this.#execute(request, who);
    const { adminPort: port } = loaded.configuration;
    this.#admin = await startAdmin({ port, keys: parts.keys, execute, log });
  }

  #lead(part: NodePart): void {
    this.#take(part);
    const { loaded, log } = this.#plan;
    if (loaded.configuration.simulate > 0)
      this.#traders = startSimulatedTraders(part, loaded.configuration, log);
  }

  #take(part: NodePart): void {
    this.#part = part;
    part.failed.then((error) => this.#failure.set(error));
  }

  get #current(): NodePart {
    assert(this.#part !== undefined, "a node that is started has a role");
    return this.#part;
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
    return this.#current.httpPort;
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

  async #execute(request: AdminRequest, who: string): Promise<object> {
    const { desk } = this.#current;
    if (request.command === "promote") throw unavailable("this node is no replica");
    assert(desk !== undefined, "who may log on can give commands");
    return desk.execute(request, who);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await this.#admin?.close();
    await this.#traders?.stop(this.failed);
    try {
      await this.#part?.stop();
    } finally {
      await this.#directory?.lock.release();
    }
  }
}

/** For a part that gives the lock back when it ends: the node may go on with another part. */
function lent(directory: DataDirectory): DataDirectory {
  return { ...directory, lock: { release: async () => {} } };
}
