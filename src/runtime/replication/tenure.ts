// How a tenure begins: who is to lead waits until it is certain, by what the other nodes say, that its log lacks nothing
// that was acknowledged (or an administrator answers for it); then it begins an epoch that was never before.
//
//   waiting ──► certain, forced, or promoted ──► the journal's frames carry the new epoch
//                                           ──► Tenure (and ForcedStart) is the first command of it
//                                           ──► this node's disk has it ──► replicas are welcomed
//
// Not a frame is written while it waits: one of the old epoch could differ from one that a replica holds. And nobody hears
// of the new epoch before this disk has it: so the node can't choose it a second time for another history.

import { type Clock, type Position, SeriatimError } from "../../base/index.ts";
import { SystemClock } from "../../platform/index.ts";
import { writeAdminCommand } from "../../protocol/index.ts";
import {
  type Cluster,
  type Decision,
  decideStart,
  Hearing,
  nextEpoch,
  type OwnLog,
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
}

export interface TenureBegun extends Tenure {
  /** Of its first command. */
  readonly position: Position;
}

/** What a node that waits knows, and what follows from it. */
export class Candidacy {
  readonly #own: OwnLog;
  readonly #seat: number;
  readonly #cluster: Cluster;
  readonly #hearing = new Hearing();
  readonly #clock: Clock;

  /** `seat`: nextEpoch(). */
  constructor(own: OwnLog, seat: number, cluster: Cluster, clock: Clock = new SystemClock()) {
    this.#clock = clock;
    this.#own = own;
    this.#seat = seat;
    this.#cluster = cluster;
  }

  hear(peer: PeerStanding): void {
    this.#hearing.hear(peer, this.#clock.monotonicMicros());
  }

  decide(): Decision {
    return decideStart(this.#own, this.#seat, this.#cluster, this.#peers());
  }

  /** What an administrator's word makes of it: only what could not be known goes by it. */
  force(): Decision {
    const decision = this.decide();
    if (decision.kind !== "wait") return decision;
    return { kind: "lead", epoch: nextEpoch(this.#own, this.#seat, this.#peers()) };
  }

  #peers(): PeerStanding[] {
    return this.#hearing.peers(this.#clock.monotonicMicros());
  }
}

/**
 * Begins it: nothing else was sequenced before. Resolves when this disk has its first commands. Throws what the journal
 * says.
 */
export async function beginTenure(
  { epoch, forcedBy }: Tenure,
  who: string,
  journal: Pick<JournalStage, "ask">,
  path: CommandPath,
  gate: AckGate,
): Promise<TenureBegun> {
  await journal.ask({ kind: "begin epoch", epoch });
  path.open();
  const position = path.position + 1;
  sequence(path, (words, at) => writeAdminCommand(words, at, { kind: "tenure", epoch, who }));
  if (forcedBy !== undefined) {
    sequence(path, (words, at) => writeAdminCommand(words, at, { kind: "forced_start", who: forcedBy }));
  }
  await gate.lead(path.position);
  return { epoch, forcedBy, position };
}

function sequence(path: CommandPath, write: (words: Int32Array, at: number) => void): void {
  const at = path.claim();
  if (at < 0) throw new SeriatimError("BUSY", "the journal takes no command at the start of a tenure");
  write(path.words, at);
  path.commit();
}
