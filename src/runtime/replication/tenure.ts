// How a tenure begins: who is to lead waits until it is certain, by what the other nodes say, that its log lacks nothing
// that was acknowledged (or an administrator answers for it); then it begins an epoch that was never before.
//
//   waiting ──► certain by what was heard, or promoted: an epoch is chosen, promised on this disk, and replicas are welcomed in it
//           ──► enough of them have promised, on theirs, to follow nothing older (or an administrator forces it)
//           ──► the journal's frames carry the epoch, Tenure (and Promotion or ForcedStart) is its first command
//
// Not a frame is written before: one of the old epoch could differ from one that a replica holds; and one of a new epoch that
// nobody has promised to follow would win, by its epoch, over what the others acknowledge meanwhile in an older one.

import { type Clock, type Position, SeriatimError } from "../../base/index.ts";
import { writeAdminCommand } from "../../protocol/index.ts";
import {
  type Candidate,
  type Cluster,
  type Decision,
  decideStart,
  Hearing,
  isPromised,
  nextEpoch,
  type PeerStanding,
} from "../../replication/index.ts";
import type { CommandPath } from "../command-path.ts";
import type { JournalStage } from "../journal-stage.ts";
import type { AckGate } from "./ack-gate.ts";

/** A tenure to begin. */
export interface Tenure {
  readonly epoch: number;
  /** The administrator who answers for what could not be known; undefined: all was. */
  readonly forcedBy?: string | undefined;
  /** The administrator who promoted this node, without force; undefined: it leads by itself. */
  readonly promotedBy?: string | undefined;
}

export interface TenureBegun extends Tenure {
  /** Of its first command. */
  readonly position: Position;
}

/** What a node that is to lead knows of the others, and what follows from it. */
export class Candidacy {
  readonly #own: Candidate;
  readonly #seat: number;
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #hearing = new Hearing();
  /** By name: those that have promised to follow in the epoch gathered for. */
  readonly #promised = new Map<string, PeerStanding>();

  /** `seat`: nextEpoch(). */
  constructor(own: Candidate, seat: number, cluster: Cluster, clock: Clock) {
    this.#own = own;
    this.#seat = seat;
    this.#cluster = cluster;
    this.#clock = clock;
  }

  hear(peer: PeerStanding): void {
    this.#hearing.hear(peer, this.#clock.monotonicMicros());
  }

  /** Whether it is worth asking for promises, by what was heard. */
  decide(): Decision {
    return decideStart(this.#own, this.#seat, this.#cluster, this.peers);
  }

  /** What an administrator's word makes of it: only what could not be known goes by it. */
  force(): Decision {
    const decision = this.decide();
    return decision.kind === "wait" ? { kind: "lead", epoch: this.epochAbove(0) } : decision;
  }

  /** One that this node alone can choose, above all that it knows of. */
  epochAbove(epoch: number): number {
    return nextEpoch(this.#own, this.#seat, [{ epoch }, ...this.peers]);
  }

  /**
   * Asks for promises anew: those given so far were for a lower epoch. Returns in which: `epoch`, or one above what this node
   * has promised or was led in since that was chosen.
   */
  begin(epoch: number): number {
    this.#promised.clear();
    const { epoch: own, promised = 0 } = this.#own;
    return epoch > Math.max(own, promised) ? epoch : this.epochAbove(epoch);
  }

  promise(peer: PeerStanding): void {
    this.#promised.set(peer.name, peer);
  }

  /** Whether enough nodes follow no older tenure any more for this one to begin. */
  get isPromised(): boolean {
    return isPromised(this.#own, this.#cluster, [...this.#promised.values()]);
  }

  /** Who has promised, in words. */
  get followers(): string {
    const names = [...this.#promised.keys()].join(", ");
    const of = `of a cluster of ${this.#cluster.replicas + 1}`;
    return names === "" ? `nobody ${of} has` : `only ${names} ${of} has`;
  }

  /** Those heard of late. */
  get peers(): readonly PeerStanding[] {
    return this.#hearing.peers(this.#clock.monotonicMicros());
  }
}

/**
 * Begins it: nothing else was sequenced before. `who` is one of the `cluster`, in order, by its keys file. Resolves when this disk has its first commands. Throws what the journal
 * says.
 */
export async function beginTenure(
  { epoch, forcedBy, promotedBy }: Tenure,
  cluster: readonly string[],
  who: string,
  journal: Pick<JournalStage, "ask">,
  path: CommandPath,
  gate: AckGate,
): Promise<TenureBegun> {
  await journal.ask({ kind: "begin epoch", epoch });
  path.open();
  const position = path.position + 1;
  const others = cluster.filter((name) => name !== who);
  sequence(path, (words, at) => writeAdminCommand(words, at, { kind: "tenure", epoch, who, others }));
  if (forcedBy !== undefined) {
    sequence(path, (words, at) => writeAdminCommand(words, at, { kind: "forced_start", who: forcedBy }));
  } else if (promotedBy !== undefined) {
    sequence(path, (words, at) => writeAdminCommand(words, at, { kind: "promotion", who: promotedBy }));
  }
  await gate.lead(path.position);
  return { epoch, forcedBy, promotedBy, position };
}

function sequence(path: CommandPath, write: (words: Int32Array, at: number) => void): void {
  const at = path.claim();
  if (at < 0) throw new SeriatimError("BUSY", "the journal takes no command at the start of a tenure");
  write(path.words, at);
  path.commit();
}
