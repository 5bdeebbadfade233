// How far a primary may let out what its commands caused: its own disk and what its replicas acknowledge, by the policy in
// force. The gate's side of the view; asked on the thread that sequences.
//
//   waiting     its tenure has not begun: nothing
//   beginning   what begins the tenure is not safe by the policy: nothing
//   degraded    too few nodes for the policy: nothing more
//   otherwise   what the policy says

import type { Position } from "../../base/index.ts";
import {
  ACK_POLICIES,
  type AckLevel,
  type AckPolicy,
  type AckPolicyName,
  AckView,
  ackPosition,
  asksFor,
  diskPosition,
  isDegraded,
  NodeRows,
  namedAckPolicy,
  nodesNeeded,
} from "../../replication/index.ts";

export interface AckGateOptions {
  readonly policyName: AckPolicyName;
  /** Replicas of this cluster, connected or not. */
  readonly replicas: number;
  /** Memory of an AckView. */
  readonly view: SharedArrayBuffer;
  /** The policy was changed in the log that it begins with: a node with an older one may go by any other. */
  readonly wasChanged?: boolean;
}

/** What it waits for on this node's disk. */
interface Awaited {
  readonly position: Position;
  readonly reached: () => void;
}

export class AckGate {
  readonly #options: AckGateOptions;
  readonly #view: AckView;
  /** Of the last look. */
  readonly #rows = new NodeRows();
  /** For whoever asks in between: what the last look saw stays as it was. */
  readonly #newest = new NodeRows();
  /** Why the node does not lead yet, in one line; undefined once it does. */
  #waiting: string | undefined = "this node does not lead yet";
  #awaited: Awaited | undefined;
  /** The last of the commands that begin the tenure. */
  #tenure: Position = 0;
  /** The last position that could be let out. */
  #safe: Position = 0;
  #policy: AckPolicy;
  #policyName: AckPolicyName;
  #waitsForDisk = true;
  /** Changes on their way, oldest first; as many as administrators gave at once. */
  readonly #changes: { readonly name: AckPolicyName; readonly position: Position }[] = [];
  /** Policies that were replaced, and where: too few nodes have that place yet for a promotion that goes by them to know of it. */
  readonly #replaced = new Map<AckPolicyName, { readonly policy: AckPolicy; readonly position: Position }>();

  constructor(options: AckGateOptions) {
    this.#options = options;
    this.#policyName = options.policyName;
    this.#policy = this.policyOf(options.policyName);
    this.#view = new AckView(options.view);
    this.#look(0);
  }

  /** The last position that may be let out, at most `sequenced`. */
  position(durable: Position, sequenced: Position): Position {
    this.#look(durable);
    const safe = this.#safeNow(sequenced);
    this.#waitsForDisk = this.#mayWaitForDisk(safe);
    if (this.#waitsForDisk) this.#view.awaitDisk();
    return safe;
  }

  /**
   * Whether at the last look this node's disk was what may let out more: whoever asks the gate looks again when that has come further.
   * Otherwise a replica's acknowledgement makes the gate look, and by then that disk is mostly done.
   */
  get waitsForDisk(): boolean {
    return this.#waitsForDisk;
  }

  #mayWaitForDisk(safe: Position): boolean {
    if (this.#policyNow === undefined || isDegraded(this.#policy, this.#rows)) return true;
    return diskPosition(this.#policy, this.#rows) > safe;
  }

  /** Undefined while more than the policy decides. */
  get #policyNow(): AckPolicyName | undefined {
    return this.#waiting === undefined && this.#changes.length === 0 ? this.#policyName : undefined;
  }

  #safeNow(sequenced: Position): Position {
    if (this.#waiting !== undefined) return 0;
    const safe = Math.min(sequenced, ackPosition(this.#policy, this.#rows));
    // What came before the tenure is safe with it, not before: another log of a later tenure than those entries may still win.
    if (safe < this.#tenure) return 0;
    // A replica that has a change decides by it when promoted: what follows the change must not be safe by the old one alone.
    const before = this.#changes.length === 0 ? safe : Math.min(safe, this.#changes[0].position - 1);
    this.#safe = Math.max(this.#safe, before);
    return before;
  }

  /** Not yet, and why. */
  wait(because: string): void {
    if (this.#waiting === because) return;
    this.#waiting = because;
    this.#view.wake();
  }

  /**
   * The tenure begins with the commands up to `position`; resolves when this node's disk has it. Until then nothing else may
   * be taken: what its user must say first in a tenure, the ends of sessions that another node left, would come second.
   */
  lead(position: Position): Promise<void> {
    this.#tenure = position;
    if (this.#options.wasChanged === true) this.#replacedBefore(position);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#awaited = { position, reached: resolve };
    this.#view.wake();
    return promise;
  }

  /** Who has the tenure has every change before it; which policy those replaced, nobody remembers. */
  #replacedBefore(position: Position): void {
    for (const [name, policy] of Object.entries(ACK_POLICIES)) {
      if (name === this.#policyName || nodesNeeded(policy) > this.#options.replicas + 1) continue;
      this.#replaced.set(name as AckPolicyName, { policy, position });
    }
  }

  /** Whether the policy in force goes by what nodes have in `level`. */
  asksFor(level: AckLevel): boolean {
    return asksFor(this.#policy, level);
  }

  /** The policy of that name; throws ACK_POLICY when this cluster can't meet it. */
  policyOf(name: AckPolicyName): AckPolicy {
    return namedAckPolicy(name, this.#options.replicas);
  }

  /**
   * The command at `position` changes the policy, also for what waits. In force when this disk has that command: so a
   * restart knows it; until then neither it nor what follows leaves, by the old policy either. It does not wait for the replicas, whose loss is why policies are changed.
   */
  change(name: AckPolicyName, position: Position): void {
    const before = this.#changes.at(-1)?.name ?? this.#policyName;
    if (before !== name) this.#replaced.set(before, { policy: this.policyOf(before), position });
    this.#changes.push({ name, position });
  }

  /**
   * A policy that was replaced, and by which a replica that is promoted now may decide, not knowing of the change;
   * `canKnow`: as many nodes as it takes are connected. Undefined: there is none.
   */
  get replaced(): { readonly name: AckPolicyName; readonly canKnow: boolean } | undefined {
    const rows = this.newestRows(this.#rows.persisted[0]);
    this.#forgetKnown(rows);
    for (const [name, { policy }] of this.#replaced) return { name, canKnow: !isDegraded(policy, rows) };
    return undefined;
  }

  /**
   * What was let out behind a change of policy that too few nodes know: safe by the new policy, and not with a node that leads, or
   * is promoted, by the old one. Undefined: nothing.
   */
  get unprotected(): { readonly from: Position; readonly to: Position } | undefined {
    const from = Math.min(...[...this.#replaced.values()].map(({ position }) => position));
    return from < this.#safe ? { from: from + 1, to: this.#safe } : undefined;
  }

  #forgetKnown(rows: NodeRows): void {
    for (const [name, { policy, position }] of this.#replaced)
      if (ackPosition(policy, rows) >= position) this.#replaced.delete(name);
  }

  /** What was seen at the last look: always the same object. */
  get rows(): NodeRows {
    return this.#rows;
  }
  /** As the replicas are now, for whoever shows them: what lets nothing more out doesn't make the gate look. Always the same object. */
  newestRows(durable: Position): NodeRows {
    this.#view.read(this.#newest, durable);
    return this.#newest;
  }

  /** Tells those who serve replicas. What a log began with counts as released here; there it may be seen when it is safe. */
  say(released: Position): void {
    this.#view.say(Math.min(released, this.#safe));
  }

  /** Why nothing could be acknowledged at the last look, in one line; undefined when all was well. */
  get shortage(): string | undefined {
    const { replicas } = this.#options;
    const connected = this.#rows.count - 1;
    if (this.#waiting !== undefined) return this.#waiting;
    if (!isDegraded(this.#policy, this.#rows)) return undefined;
    return `${connected} of ${replicas} replicas connected, too few for ack policy ${this.#policyName}`;
  }

  /** Resolves when a replica comes, goes, or acknowledges what lets more out; undefined when any row was written since the last look. */
  whenChanged(): Promise<unknown> | undefined {
    const wait = Atomics.waitAsync(this.#view.words, 0, this.#changesSeen);
    return wait.async ? wait.value : undefined;
  }

  /** Whoever waits for a change looks again: that there will be no more of them, say. */
  wake(): void {
    this.#view.wake();
  }

  #changesSeen = 0;

  #look(durable: Position): void {
    this.#hearDisk(durable);
    // Before the rows, both: what is acknowledged behind them is judged by what is said here, and a change is seen by the next wait.
    this.#view.look(durable, this.#policyNow);
    this.#changesSeen = this.#view.changes;
    const rows = this.#rows;
    this.#view.read(rows, durable);
    if (this.#replaced.size > 0) this.#forgetKnown(rows);
  }

  #hearDisk(durable: Position): void {
    if (this.#awaited !== undefined && durable >= this.#awaited.position) {
      this.#awaited.reached();
      this.#awaited = undefined;
      this.#waiting = undefined;
      // Whoever watches for a shortage looks again: where no replica comes, nothing else would make him.
      this.#view.wake();
    }
    while (this.#changes.length > 0 && durable >= this.#changes[0].position) {
      this.#policyName = this.#changes[0].name;
      this.#policy = this.policyOf(this.#policyName);
      this.#changes.shift();
      // Whoever watches for a shortage looks again.
      this.#view.wake();
    }
  }
}
