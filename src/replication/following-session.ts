// The side of a session that follows: a replica logs on with what it has, stores what it is sent, byte for byte, and
// says how far it has come. Driven from outside like the other side.
//
//   connected -> challenged -> logged on -> welcomed: batches in, acknowledgements out -> ended
//                                        -> welcomed with a snapshot: its parts in -> whole -> ended
//
// Who owns it: its node, which has one at a time. When it has ended with a whole snapshot, the node puts that in the place
// of its files (journal/replica-files.ts), restores its application and connects again, with another session.
//
// What does not follow its own history is never stored: it refuses, ends, and its node connects again. Once for all
// batches of a call it acknowledges what is in memory, then makes that safe, then acknowledges the disk; of many small
// ones it says in between how far it has come.

import { assert, type Position, WordBuffer } from "../base/index.ts";
import {
  BATCH_FRAME_AT,
  decodeChallenge,
  decodeReplicationRefusal,
  decodeWelcome,
  encodeLogon,
  encodeReplicationRefusal,
  LogonPurpose,
  MessageStream,
  type Prove,
  REPLICATION_BODY_AT,
  RefusalCode,
  type ReplicationRefusal,
  ReplicationType,
  readBatch,
  readHeartbeat,
  readSnapshotBegin,
  readSnapshotPart,
  replicationStatement,
  type Signed,
  type SnapshotBegin,
  StartFrom,
  type Welcome,
  writeAck,
} from "../protocol/index.ts";
import type { SessionEnd } from "./ending.ts";
import { HEARTBEAT_US, LOGON_US, type Peer, type SessionOutput, SILENCE_US } from "./peers.ts";
import { SnapshotIntake, type SnapshotReceiver } from "./snapshot-intake.ts";

/** An Ack with its header. */
const ACK_MESSAGE_BYTES = 64;
/**
 * Frames stored between two acknowledgements at most. Each may wait for a sync of the one before it (LogWriter.appendFrame), and as many as
 * are read at once for longer than a silence may last.
 */
const FRAMES_PER_ACK = 32;
/** Where a batch's frame begins in its body. */
const FRAME_IN_BATCH = BATCH_FRAME_AT - REPLICATION_BODY_AT;

/** A replica's journal. What its disk refuses it throws: fail-stop, as everywhere. */
export interface ReplicaLog {
  /** Of its last frame, 0 when there is none. */
  readonly epoch: number;
  readonly position: Position;
  /** The last position that survives the end of the machine. */
  readonly persisted: Position;
  /** Of its last frame. */
  readonly chain: Uint8Array;
  /**
   * Stores a frame of the primary's, lent, in segment `segment` of its log; returns why it does not follow this history
   * byte for byte, and then nothing is stored.
   */
  append(frame: Uint8Array, segment: number): string | undefined;
  /** Makes all that was stored safe. */
  sync(): void;
  /** Prepares more of the next segment, as far as it keeps ahead of what was stored, or, `whenIdle`, all of it. */
  prepareNext(whenIdle: boolean): void;
}

export interface FollowingNode extends Peer {
  readonly log: ReplicaLog;
  /** The highest epoch that it has promised to follow, or its log is of: no older one is followed. */
  readonly highestEpoch: number;
  /** As in a Standing. */
  readonly isWarm: boolean;
  readonly mayLack: boolean;
  /** Promises, durably, to follow no epoch below this one. */
  welcomed(welcome: Welcome): void;
  /** A snapshot is about to come, for this node lacks what the primary's journal no longer has. */
  receive(begin: SnapshotBegin): SnapshotReceiver;
  /** Commands up to this position may be seen. */
  released(position: Position): void;
}

export class FollowingSession {
  readonly #node: FollowingNode;
  readonly #output: SessionOutput;
  readonly #stream: MessageStream;
  readonly #nonce: Uint8Array;
  readonly #ack = new WordBuffer(ACK_MESSAGE_BYTES);
  readonly #begun_us: number;
  #heard_us: number;
  #primary = "";
  #primaryPosition: Position = 0;
  /** Of its own Logon, once it has logged on. */
  #logonProof: Uint8Array | undefined;
  #welcome: Welcome | undefined;
  #intake: SnapshotIntake | undefined;
  #acknowledgeIsDue = false;
  /** Frames stored since its last acknowledgement. */
  #unacknowledged = 0;
  #spoke_us = 0;
  #ended: SessionEnd | undefined;
  /** Why a frame was refused, for the log line. */
  #why: string | undefined;

  constructor(node: FollowingNode, output: SessionOutput, now_us: number) {
    this.#node = node;
    this.#output = output;
    this.#begun_us = now_us;
    this.#heard_us = now_us;
    this.#nonce = node.nonce();
    this.#stream = new MessageStream(node.checksums);
  }

  get ended(): SessionEnd | undefined {
    return this.#ended;
  }
  /** Whether it follows a primary that has proved who it is. */
  get isFollowing(): boolean {
    return this.#welcome !== undefined && this.#ended === undefined;
  }
  /** The name of the node it is connected to, as that says. */
  get primary(): string {
    return this.#primary;
  }
  /** What the primary has shown to have at least. */
  get primaryPosition(): Position {
    return this.#primaryPosition;
  }
  get heard_us(): number {
    return this.#heard_us;
  }
  /** Why it sent Refusal Gap, in words. */
  get why(): string | undefined {
    return this.#why;
  }

  /** Throws what the log's disk says. */
  received(bytes: Uint8Array, now_us: number): void {
    if (this.#ended !== undefined) return;
    this.#heard_us = now_us;
    const fault = this.#stream.receive(bytes, (type, at, bodyBytes) => this.#hear(type, at, bodyBytes));
    // A frame or a snapshot's part may be long on its way: the primary must hear that somebody takes it.
    if (this.#welcome !== undefined && now_us - this.#spoke_us >= HEARTBEAT_US) this.#acknowledgeIsDue = true;
    if (this.#acknowledgeIsDue) {
      this.#spoke_us = now_us;
      this.#acknowledge();
    }
    if (fault !== undefined) this.#end({ kind: "bad stream", fault });
  }

  /** What came is stored, as of `now_us`: the time that this disk takes is no silence of the primary. */
  stored(now_us: number): void {
    this.#heard_us = now_us;
  }

  /** Call it every so often: deadlines. */
  tick(now_us: number): void {
    const isLate = this.#welcome === undefined && now_us - this.#begun_us > LOGON_US;
    if (isLate || now_us - this.#heard_us > SILENCE_US) this.#end({ kind: "silent" });
  }

  close(): void {
    this.#end({ kind: "closed" });
  }

  #hear(type: ReplicationType, at: number, bodyBytes: number): boolean {
    const { buffer } = this.#stream;
    if (type === ReplicationType.Refusal) {
      this.#refused(decodeReplicationRefusal(buffer, at));
    } else if (type === ReplicationType.Challenge && !this.#isLoggedOn) this.#logOn(at);
    else if (type === ReplicationType.Welcome && this.#isLoggedOn && this.#welcome === undefined) {
      this.#follow(decodeWelcome(buffer, at));
    } else if (type === ReplicationType.Batch && this.#welcome?.start === StartFrom.Journal) {
      this.#store(at, bodyBytes);
    } else if (type === ReplicationType.SnapshotBegin && this.#expectsSnapshot) {
      this.#beginSnapshot(readSnapshotBegin(buffer, at));
    } else if (type === ReplicationType.SnapshotPart && this.#intake !== undefined) {
      this.#takePart(this.#intake, at, bodyBytes);
    } else if (type === ReplicationType.Heartbeat && this.#welcome !== undefined) {
      this.#heartbeat(this.#welcome, at);
    } else this.#refuse(RefusalCode.BadMessage);
    return this.#ended === undefined;
  }

  get #isLoggedOn(): boolean {
    return this.#logonProof !== undefined;
  }

  #refused({ code, epoch, position, signed, proof }: ReplicationRefusal & Signed): void {
    const logon = this.#logonProof;
    const isProved =
      logon !== undefined &&
      this.#node.keys.isProof(this.#primary, replicationStatement("refusal", logon, signed), proof);
    this.#end({ kind: "refused by peer", code, epoch, position, isProved });
  }

  #logOn(at: number): void {
    const challenge = decodeChallenge(this.#stream.buffer, at);
    const { name, keys, checksums, log, isWarm, mayLack } = this.#node;
    const { epoch, position, persisted, chain } = log;
    const logon = {
      ...{ purpose: LogonPurpose.Follow, isWarm, mayLack, name, nonce: this.#nonce, epoch, position },
      ...{ persisted, chain },
    };
    this.#primary = challenge.name;
    const prove: Prove = (signed) => {
      this.#logonProof = keys.prove(replicationStatement("logon", challenge.nonce, signed));
      return this.#logonProof;
    };
    this.#output.write(encodeLogon(logon, prove, checksums));
  }

  #follow({ signed, proof, ...welcome }: Welcome & Signed): void {
    const { keys, highestEpoch } = this.#node;
    if (!keys.isProof(this.#primary, replicationStatement("welcome", this.#nonce, signed), proof)) {
      return this.#refuse(RefusalCode.NotAuthorised);
    }
    if (welcome.epoch < highestEpoch) return this.#refuse(RefusalCode.StaleEpoch);
    this.#welcome = welcome;
    this.#spoke_us = this.#heard_us;
    this.#primaryPosition = welcome.position;
    this.#node.welcomed(welcome);
    // At once: it says that the promise is kept. Who is to get a snapshot says so when it logs on with that.
    this.#acknowledgeIsDue = welcome.start === StartFrom.Journal;
  }

  get #expectsSnapshot(): boolean {
    return this.#welcome?.start === StartFrom.Snapshot && this.#intake === undefined;
  }

  /** It would take the place of what this node has, and may have acknowledged: only one that has more may. */
  #beginSnapshot(begin: SnapshotBegin): void {
    const { position } = this.#node.log;
    if (begin.position > position) {
      this.#intake = new SnapshotIntake(begin, this.#node.receive(begin), this.#node.checksums);
      return;
    }
    this.#why = `a snapshot of position ${begin.position} is sent to a node that has position ${position}`;
    this.#refuse(RefusalCode.Gap);
  }

  #takePart(intake: SnapshotIntake, at: number, bodyBytes: number): void {
    const part = readSnapshotPart(this.#stream.buffer, at, bodyBytes);
    if (part === undefined) return this.#refuse(RefusalCode.BadMessage);
    this.#why = intake.take(part);
    if (this.#why !== undefined) return this.#refuse(RefusalCode.Gap);
    if (intake.isWhole) this.#end({ kind: "snapshot received" });
  }

  #store(at: number, bodyBytes: number): void {
    const { buffer } = this.#stream;
    const { released, segment } = readBatch(buffer, at);
    const frame = buffer.bytes.subarray(at + FRAME_IN_BATCH, at + bodyBytes);
    this.#why = this.#node.log.append(frame, segment);
    if (this.#why !== undefined) return this.#refuse(RefusalCode.Gap);
    this.#acknowledgeIsDue = true;
    if (++this.#unacknowledged === FRAMES_PER_ACK) this.#acknowledgeStored();
    this.#show(released);
  }

  #heartbeat(welcome: Welcome, at: number): void {
    const { epoch, released } = readHeartbeat(this.#stream.buffer, at);
    if (epoch !== welcome.epoch) return this.#refuse(RefusalCode.StaleEpoch);
    this.#acknowledgeIsDue = true;
    // While a snapshot comes, nobody has compared what this log has with that history: it is not shown.
    if (welcome.start === StartFrom.Journal) this.#show(released);
    else this.#primaryPosition = Math.max(this.#primaryPosition, released);
  }

  #show(released: Position): void {
    const { position } = this.#node.log;
    this.#primaryPosition = Math.max(this.#primaryPosition, released, position);
    this.#node.released(Math.min(released, position));
  }

  /** In memory first: a policy that counts memory does not wait for this disk. */
  #acknowledge(): void {
    this.#acknowledgeIsDue = false;
    this.#acknowledgeStored();
    const { log } = this.#node;
    if (log.persisted === log.position) return;
    log.sync();
    this.#writeAck(log.position, log.persisted);
    // As the primary does behind each of its frames: otherwise a full load would wait for a whole segment of zeros.
    log.prepareNext(false);
  }

  #acknowledgeStored(): void {
    this.#unacknowledged = 0;
    const { log } = this.#node;
    this.#writeAck(log.position, log.persisted);
  }

  #writeAck(inMemory: Position, persisted: Position): void {
    assert(this.#welcome !== undefined, "only who was welcomed acknowledges");
    if (this.#ended !== undefined) return;
    const { epoch } = this.#welcome;
    const total = writeAck(this.#ack, { epoch, inMemory, persisted }, this.#node.checksums);
    this.#output.write(this.#ack.bytes.subarray(0, total));
  }

  #refuse(code: RefusalCode): void {
    const { log, highestEpoch, checksums } = this.#node;
    const refusal = { code, epoch: Math.max(highestEpoch, log.epoch), position: log.position };
    this.#output.write(encodeReplicationRefusal(refusal, undefined, checksums));
    this.#end({ kind: "refused", code });
  }

  #end(how: SessionEnd): void {
    this.#ended ??= how;
    this.#intake?.end();
  }
}
