// The side of a session that listens: asks who is there, answers who asks how this node stands, and sends a replica that
// logs on what it lacks. Driven from outside: bytes by received(), time by tick(), new frames by send().
//
//   challenged -> logged on to follow: its row in the view, frames to it, acknowledgements from it
//              -> logged on, and what it lacks is retired or damaged here: a snapshot to it; it doesn't count meanwhile
//              -> asked: answered, over
//   any state -> ended: the row is gone before anything else; nothing more is read or sent
//
// An acknowledgement is believed only as far as it can be true: not beyond what was sent, not below what it was, not of
// another epoch.

import { assert, type Position, SAFE_MAX, SeriatimError } from "../base/index.ts";
import {
  decodeLogon,
  decodeReplicationRefusal,
  type Logon,
  LogonPurpose,
  MessageStream,
  NodeRole,
  RefusalCode,
  type ReplicaAck,
  ReplicationType,
  readAck,
  replicationStatement,
  type Signed,
  StartFrom,
} from "../protocol/index.ts";
import type { PeerStanding } from "./decisions.ts";
import type { SessionEnd } from "./ending.ts";
import { FRAMES_PER_TURN, FrameSender } from "./frame-sender.ts";
import { judgeLogon } from "./judge-logon.ts";
import { LiveReader } from "./live-frames.ts";
import { HEARTBEAT_US, LOGON_US, type SessionOutput, SILENCE_US } from "./peers.ts";
import type { PrimarySide, ServingNode } from "./serving-node.ts";
import { ServingWords } from "./serving-words.ts";
import { Sending, SnapshotSender } from "./snapshot-sender.ts";

/** No message to a listener is longer: a Logon is the longest. */
const MESSAGE_BYTES_MAX = 256;

/** A replica that is followed from here. */
interface Followed {
  readonly primary: PrimarySide;
  readonly name: string;
  readonly row: number;
  readonly sender: FrameSender;
  inMemory: Position;
  persisted: Position;
  /** What it logged on with, until it has promised to follow. */
  claim: PeerStanding | undefined;
}

/** A replica that gets a snapshot. */
interface Transfer {
  readonly primary: PrimarySide;
  readonly name: string;
  readonly row: number;
  readonly sender: SnapshotSender;
}

export class ServingSession {
  readonly #node: ServingNode;
  readonly #output: SessionOutput;
  readonly #nonce: Uint8Array;
  readonly #stream: MessageStream;
  readonly #words: ServingWords;
  readonly #begun_us: number;
  #heard_us: number;
  #spoke_us: number;
  /** Of the Logon that it has to answer. */
  #logonProof: Uint8Array | undefined;
  #peer = "";
  #claimant: string | undefined;
  #followed: Followed | undefined;
  #transfer: Transfer | undefined;
  #ended: SessionEnd | undefined;

  constructor(node: ServingNode, output: SessionOutput, now_us: number) {
    this.#node = node;
    this.#output = output;
    this.#begun_us = now_us;
    this.#heard_us = now_us;
    this.#spoke_us = now_us;
    this.#stream = new MessageStream(node.checksums, MESSAGE_BYTES_MAX);
    this.#nonce = node.nonce();
    this.#words = new ServingWords(node, output);
    this.#words.challenge(this.#nonce);
  }

  /** How it ended; undefined while it goes on. Once it has, close the connection when its output is out. */
  get ended(): SessionEnd | undefined {
    return this.#ended;
  }
  /** The replica's name, once it is followed. */
  get replica(): string | undefined {
    return this.#followed?.name;
  }
  /** Who it says it is, proved or not; "" before it has logged on. */
  get peer(): string {
    return this.#peer;
  }
  /** When something came last. */
  get heard_us(): number {
    return this.#heard_us;
  }
  /** Who has proved its name, and wants to follow. */
  get claimant(): string | undefined {
    return this.#claimant;
  }
  /** Its row in the view, while it is followed. */
  get row(): number {
    return this.#followed?.row ?? -1;
  }
  /** The name of a replica that gets a snapshot, and of which position; it is not followed yet. */
  get snapshotTo(): { readonly name: string; readonly position: Position } | undefined {
    const transfer = this.#transfer;
    return transfer && { name: transfer.name, position: transfer.sender.position ?? 0 };
  }
  /** The last position sent to it. */
  get sent(): Position {
    return this.#followed?.sender.sent ?? 0;
  }

  received(bytes: Uint8Array, now_us: number): void {
    if (this.#ended !== undefined) return;
    this.#heard_us = now_us;
    this.#reading(() => {
      const fault = this.#stream.receive(bytes, (type, at) => this.#hear(type, at, now_us));
      if (fault !== undefined) this.#end({ kind: "bad stream", fault });
      return false;
    });
  }

  /** Sends what is new while the output wants it; true when there may be more at once. */
  send(now_us: number): boolean {
    if (this.#ended !== undefined) return false;
    const [followed, transfer] = [this.#followed, this.#transfer];
    return this.#reading(() => {
      if (transfer !== undefined) return this.#sendSnapshot(transfer);
      if (followed === undefined) return false;
      const frames = followed.sender.send(followed.primary.released());
      if (frames > 0) this.#spoke_us = now_us;
      return frames === FRAMES_PER_TURN;
    });
  }

  /** What the disk says of old files, read for one replica, ends its session and no other. */
  #reading(work: () => boolean): boolean {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SeriatimError)) throw error;
      const isRemoved = REMOVED.includes(error.code);
      this.#end(isRemoved ? { kind: "closed" } : { kind: "unreadable", why: error.message });
      return false;
    }
  }

  /** Behind damage there will be one: it comes again. What was retired without one, nobody brings back. */
  #endWithoutSnapshot(): void {
    const why = this.#node.primary?.history.damage;
    if (why === undefined) this.#refuse(RefusalCode.NoSnapshot);
    else this.#end({ kind: "unreadable", why });
  }

  #sendSnapshot({ sender }: Transfer): boolean {
    const sending = sender.step();
    if (sending === Sending.None) this.#endWithoutSnapshot();
    return sending === Sending.More;
  }

  /** Call it every so often: deadlines and heartbeats. */
  tick(now_us: number): void {
    if (this.#ended !== undefined) return;
    const welcomed = this.#followed ?? this.#transfer;
    const isLate = welcomed === undefined && now_us - this.#begun_us > LOGON_US;
    if (isLate || now_us - this.#heard_us > SILENCE_US) return this.#end({ kind: "silent" });
    if (welcomed !== undefined && now_us - this.#spoke_us >= HEARTBEAT_US && this.#output.hasRoom) {
      this.#words.heartbeat(welcomed.primary);
      this.#spoke_us = now_us;
    }
  }

  /** The connection is gone, or this node goes. */
  close(): void {
    this.#end({ kind: "closed" });
  }

  #hear(type: ReplicationType, at: number, now_us: number): boolean {
    const { buffer } = this.#stream;
    const [followed, transfer] = [this.#followed, this.#transfer];
    if (type === ReplicationType.Refusal) this.#endedByPeer(at);
    else if (type === ReplicationType.Logon && followed === undefined && transfer === undefined) {
      this.#logOn(decodeLogon(buffer, at), now_us);
    } else if (type === ReplicationType.Ack && followed !== undefined) {
      this.#acknowledged(followed, readAck(buffer, at));
    } else if (type === ReplicationType.Ack && transfer !== undefined) {
      // It says that it is there. What it had before is not compared with this history, so it counts for nothing.
      this.#isOfThisTenure(transfer, readAck(buffer, at));
    } else this.#refuse(RefusalCode.BadMessage);
    return this.#ended === undefined;
  }

  #logOn(logon: Logon & Signed, now_us: number): void {
    const { keys } = this.#node;
    this.#logonProof = logon.proof;
    this.#peer = logon.name;
    const statement = replicationStatement("logon", this.#nonce, logon.signed);
    if (!keys.isProof(logon.name, statement, logon.proof)) {
      return this.#refuse(RefusalCode.NotAuthorised);
    }
    if (logon.purpose === LogonPurpose.Ask) this.#answer(logon, now_us);
    else if (logon.purpose !== LogonPurpose.Follow || logon.persisted > logon.position) {
      this.#refuse(RefusalCode.BadMessage);
    } else {
      this.#claimant = logon.name;
      this.#node.claimed(claimOf(logon));
      this.#follow(logon, now_us);
    }
  }

  #answer(logon: Logon, now_us: number): void {
    const standing = this.#node.standing(now_us);
    // Who asks may know more than this node does.
    if (logon.epoch > standing.epoch) this.#node.mustStop(RefusalCode.StaleEpoch, logon);
    this.#words.standing(logon, standing);
    this.#end({ kind: "closed" });
  }

  #follow(logon: Logon, now_us: number): void {
    const { primary, log } = this.#node;
    const { epoch, position } = log;
    const live = primary && new LiveReader(primary.frames);
    const asked = {
      isPrimary: primary !== undefined,
      epoch,
      position: live?.written ?? position,
      hasSeat: primary?.seats.has(logon.name) ?? false,
      isNameInUse: primary?.seats.isPresent(logon.name, now_us) ?? false,
    };
    const verdict = judgeLogon(asked, logon, () => primaryOf(primary).history.compare(logon, asked.position));
    if (verdict === "follow" || verdict === "snapshot") {
      const side = primaryOf(primary);
      const begun = live ?? new LiveReader(side.frames);
      return verdict === "follow" ? this.#begin(side, begun, logon) : this.#beginTransfer(side, begun, logon);
    }
    if (verdict.stop) this.#node.mustStop(verdict.refuse, logon);
    this.#refuse(verdict.refuse);
  }

  #begin(primary: PrimarySide, live: LiveReader, logon: Logon): void {
    const row = primary.seats.take(logon.name, this);
    const { checksums } = this.#node;
    const sender = new FrameSender(primary.history, live, this.#output, checksums, logon.position);
    // Its true position before it counts: it is in this node's own history.
    primary.view.join(row, logon.position, logon.persisted);
    const { name, position, persisted } = logon;
    this.#followed = { primary, name, row, sender, inMemory: position, persisted, claim: claimOf(logon) };
    this.#words.welcome(StartFrom.Journal, primary, live, logon);
  }

  #beginTransfer(primary: PrimarySide, live: LiveReader, logon: Logon): void {
    const { snapshots, history, seats } = primary;
    if (snapshots === undefined) return this.#endWithoutSnapshot();
    const between = { after: logon.position, written: live.written };
    const sender = new SnapshotSender(snapshots, history, between, this.#output, this.#node.checksums);
    if (sender.position === undefined) return this.#endWithoutSnapshot();
    const row = seats.take(logon.name, this);
    this.#transfer = { primary, name: logon.name, row, sender };
    this.#words.welcome(StartFrom.Snapshot, primary, live, logon);
  }

  /** Refuses an acknowledgement of another one. */
  #isOfThisTenure({ primary, name }: Pick<Transfer, "primary" | "name">, ack: ReplicaAck): boolean {
    const { epoch, inMemory } = ack;
    if (epoch === primary.epoch) return true;
    if (epoch > primary.epoch) {
      this.#node.mustStop(RefusalCode.StaleEpoch, { name, epoch, position: inMemory });
    }
    this.#refuse(RefusalCode.StaleEpoch);
    return false;
  }

  #acknowledged(followed: Followed, ack: ReplicaAck): void {
    const { primary, row, sender } = followed;
    const { inMemory, persisted } = ack;
    if (!this.#isOfThisTenure(followed, ack)) return;
    if (Math.max(inMemory, persisted) > sender.sent) return this.#refuse(RefusalCode.AckAhead);
    if (inMemory < followed.inMemory || persisted < followed.persisted) {
      return this.#refuse(RefusalCode.BadMessage);
    }
    if (followed.claim !== undefined) this.#node.promised(followed.claim);
    followed.claim = undefined;
    if (inMemory === followed.inMemory && persisted === followed.persisted) return;
    followed.inMemory = inMemory;
    followed.persisted = persisted;
    primary.view.acknowledge(row, inMemory, persisted);
  }

  #endedByPeer(at: number): void {
    const { code, epoch, position } = decodeReplicationRefusal(this.#stream.buffer, at);
    const welcomed = this.#followed ?? this.#transfer;
    // Only of one that has proved who it is: anybody can say a number.
    if (welcomed !== undefined && epoch > welcomed.primary.epoch) {
      this.#node.outpromised(welcomed.name, epoch);
    }
    this.#end({ kind: "refused by peer", code, epoch, position, isProved: welcomed !== undefined });
  }

  #refuse(code: RefusalCode): void {
    this.#words.refusal(code, this.#logonProof);
    this.#end({ kind: "refused", code });
  }

  /** The row leaves the view first: what a gone replica had is no promise. */
  #end(how: SessionEnd): void {
    if (this.#ended !== undefined) return;
    this.#ended = how;
    this.#followed?.primary.view.leave(this.#followed.row);
    const welcomed = this.#followed ?? this.#transfer;
    welcomed?.primary.seats.leave(welcomed.row);
    welcomed?.sender.close();
  }
}

/** What a node that logs on to follow has shown of itself. */
function claimOf({ name, isWarm, mayLack, epoch, position, persisted }: Logon): PeerStanding {
  const unknown = { role: NodeRole.Replica, primaryHeard_us: SAFE_MAX };
  return { name, isWarm, mayLack, epoch, position, persisted, ...unknown };
}

/**
 * What reading says of files that were removed meanwhile, or have rotted since they were checked: the replica connects again,
 * and gets another snapshot.
 */
const REMOVED: readonly string[] = ["LOG_RETIRED", "SNAPSHOT_DAMAGED"];

function primaryOf(primary: PrimarySide | undefined): PrimarySide {
  assert(primary !== undefined, "only a primary is followed");
  return primary;
}
