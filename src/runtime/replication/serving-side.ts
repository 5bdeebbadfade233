// What a node that is to lead says of itself to the others, and what it tells its own thread of them. Where bytes come from is its
// user's: a thread with sockets, or a simulation.
//
//   waiting     who logs on to follow is refused (NotPrimary), what it claims is told to the node; so is what peers answer
//   gathering   from gather() on: replicas are welcomed in an epoch to come, and who promises to follow in it is told to the node
//   leading     from lead() on: the Tenure is on this disk; peers are asked on, for one that leads in a higher one
//
// Its epoch is that of the newest frame, not that of gather() or lead(): a replica may have the Tenure before this disk has.

import { type Checksums, SAFE_MAX } from "../../base/index.ts";
import { NodeRole, type RefusalCode, type Standing } from "../../protocol/index.ts";
import {
  type AckView,
  type AskingNode,
  clusterSum,
  type History,
  type LiveReader,
  type Peer,
  type PeerStanding,
  type PrimarySide,
  ReplicaSeats,
  type ServingNode,
} from "../../replication/index.ts";

/** Between two rounds of questions, before it leads and when it does. */
const ASK_WAITING_MS = 250;
const ASK_LEADING_MS = 1_000;

export interface ServingParts extends Peer {
  /** The other nodes of the cluster, and all of it, by the keys file. */
  readonly others: readonly string[];
  readonly cluster: readonly string[];
  readonly history: History;
  /** Those of the node; undefined: none is sent. */
  readonly snapshots: PrimarySide["snapshots"];
  /** The newest frames, and who reads them. */
  readonly frames: SharedArrayBuffer;
  readonly live: LiveReader;
  readonly view: AckView;
  readonly segmentBytes: number;
  /** As in a Standing, until it leads: who leads knows that nothing is missing, or somebody answers for it. */
  readonly mayLack: boolean;
}

/** Who is told of the other nodes. */
export interface ServingTold {
  heard(peer: PeerStanding): void;
  /** It follows nothing below `epoch` any more. */
  promised(epoch: number, peer: PeerStanding): void;
  /** A replica has promised a higher epoch, this one, than it was welcomed in. */
  outpromised(name: string, epoch: number): void;
  mustStop(why: string): void;
  /** Every session is to end now, and with it its row: nobody counts any more. */
  endSessions(): void;
}

/** What a peer has shown of its log. */
type Shown = Pick<PeerStanding, "name" | "epoch" | "position">;

export class ServingSide implements ServingNode {
  readonly name: string;
  readonly keys: Peer["keys"];
  readonly checksums: Checksums;
  readonly nonce: () => Uint8Array;
  primary: PrimarySide | undefined;
  readonly #parts: ServingParts;
  readonly #told: ServingTold;
  #isLeading = false;

  constructor(parts: ServingParts, told: ServingTold) {
    const { name, keys, checksums, nonce } = parts;
    this.name = name;
    this.keys = keys;
    this.checksums = checksums;
    this.nonce = nonce;
    this.#parts = parts;
    this.#told = told;
  }

  /** From one round of questions to the next. */
  get askAgain_ms(): number {
    return this.#isLeading ? ASK_LEADING_MS : ASK_WAITING_MS;
  }

  /** Where its log ends, the disk not asked: anybody can have it told. A node that waits has just opened it: all of it is there. */
  get log(): AskingNode["log"] {
    const { live, view } = this.#parts;
    const position = live.written;
    const persisted = this.#isLeading ? Math.min(position, view.durable) : position;
    return { epoch: live.epoch, position, persisted };
  }

  standing(): Standing {
    const leads = this.#isLeading;
    const role = leads ? NodeRole.Primary : NodeRole.Waiting;
    const mayLack = this.#parts.mayLack && !leads;
    return { role, isWarm: leads, mayLack, primaryHeard_us: leads ? 0 : SAFE_MAX, ...this.log };
  }

  /** As it asks others: with what it has by now. */
  get asking(): AskingNode {
    const { name, keys, checksums, nonce, log } = this;
    return { name, keys, checksums, nonce, log };
  }

  /** One that was asked has answered. */
  answered(peer: PeerStanding): void {
    this.claimed(peer);
    if (this.primary !== undefined && peer.epoch > this.log.epoch) this.#mustStop(peer);
  }

  claimed(peer: PeerStanding): void {
    if (!this.#isLeading) this.#told.heard(peer);
  }

  promised(peer: PeerStanding): void {
    if (this.primary !== undefined && !this.#isLeading) this.#told.promised(this.primary.epoch, peer);
  }

  outpromised(name: string, epoch: number): void {
    // Before anything else: nobody counts any more.
    if (this.#isLeading) this.#told.endSessions();
    this.#told.outpromised(name, epoch);
  }

  mustStop(_: RefusalCode, peer: Shown): void {
    this.#mustStop(peer);
  }

  #mustStop(peer: Shown): void {
    // Before anything else: nobody counts any more.
    this.#told.endSessions();
    const { epoch, position } = this.log;
    const what = `${peer.name} is at position ${peer.position} of epoch ${peer.epoch}`;
    this.#told.mustStop(`${what}, this node is of epoch ${epoch} and at ${position}`);
  }

  gather(epoch: number): void {
    // Those welcomed in another epoch log on again.
    if (this.primary !== undefined) this.#told.endSessions();
    const { history, snapshots, frames, view, others, cluster, segmentBytes } = this.#parts;
    this.primary = {
      ...{ epoch, segmentBytes, history, snapshots, frames, view },
      seats: new ReplicaSeats(others),
      cluster: clusterSum(cluster, this.checksums),
      released: () => view.released,
    };
  }

  /** The epoch gathered for has begun. */
  lead(): void {
    this.#isLeading = true;
  }
}
