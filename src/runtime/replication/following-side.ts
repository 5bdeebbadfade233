// What a node that follows does with its connections to a primary, one after another, and what it says to whoever asks how it
// stands. Where bytes come from, and what the node makes of its end, is its user's: a thread with sockets, or a simulation.
//
//   connecting   to the addresses in turn, with a pause behind each round
//   following    what comes is stored, made safe and acknowledged (replication/following-session.ts)
//   over         told to stop, or its disk has failed; its history is another one (diverged), a snapshot has come to take its
//                place (received), or a refusal is to be obeyed: its journal is closed, and nothing of it happens any more

import { type Clock, type Position, SeriatimError } from "../../base/index.ts";
import { RefusalCode, type SnapshotBegin, StartFrom, type Welcome } from "../../protocol/index.ts";
import {
  endingWords,
  type FollowingNode,
  FollowingSession,
  obeyedRefusal,
  type Peer,
  type ReplicaLog,
  ReplicaStanding,
  refuseOtherCluster,
  type ServingNode,
  type SessionEnd,
  type SessionOutput,
  type SnapshotReceiver,
} from "../../replication/index.ts";
import type { LogPoint } from "../../segment/index.ts";
import type { HostPort } from "./asking.ts";
import type { Promises } from "./promise.ts";
import type { ReplicaEnd, Standings } from "./replica-messages.ts";

/** Between two rounds through the addresses where the primary may be. */
const RETRY_MS = 250;

/** What a person can do about a refusal that ends the replica. */
const REMEDIES: Readonly<Partial<Record<RefusalCode, string>>> = {
  [RefusalCode.NotAuthorised]: "one of the two nodes does not know the other's key: compare their keys files",
  [RefusalCode.NoSnapshot]:
    "the primary has retired the segments that this journal lacks, and no snapshot of its own holds: take one there",
};

export interface FollowingParts extends Peer {
  /** The nodes of its cluster, by its keys file. */
  readonly cluster: readonly string[];
  /** Where the primary may be. */
  readonly primaries: readonly HostPort[];
  readonly segmentBytes: number;
  readonly log: ReplicaLog & ConstructorParameters<typeof ReplicaStanding>[0] & { close(): void };
  readonly promises: Promises;
  readonly clock: Pick<Clock, "monotonicMicros">;
}

/** A connection to where the primary may be. */
export interface FollowingLine extends SessionOutput {
  /** At once; or, when the other end is to have the last words, behind them. */
  end(hasLastWords: boolean): void;
}

/** How it is over. */
export type FollowingEnd =
  | { readonly kind: "stopped"; readonly end: ReplicaEnd }
  | { readonly kind: "diverged"; readonly end: Pick<LogPoint, "position" | "chain"> }
  | { readonly kind: "received" }
  | { readonly kind: "failed"; readonly error: unknown };

export interface FollowingSteps {
  /** What becomes of the connection is told later: received(), closed(). */
  connect(to: HostPort): FollowingLine;
  /** connect() is to be called then. */
  connectAfter(pause_ms: number): void;
  follows(primary: string, epoch: number, position: Position): void;
  /** A snapshot of the primary's is about to come. */
  receive(begin: SnapshotBegin): SnapshotReceiver;
  /** Commands up to here may be seen. */
  released(position: Position): void;
  /** The connection has ended, or there was none. */
  lost(how: string): void;
  /** All connections end, and none is made: its journal is about to be closed. */
  leave(): void;
  over(how: FollowingEnd): void;
}

export class FollowingSide implements FollowingNode {
  readonly name: string;
  readonly keys: Peer["keys"];
  readonly checksums: Peer["checksums"];
  readonly nonce: Peer["nonce"];
  readonly log: FollowingParts["log"];
  readonly #parts: FollowingParts;
  readonly #steps: FollowingSteps;
  readonly #standing: ReplicaStanding;
  #session: FollowingSession | undefined;
  /** The session's. */
  #line: FollowingLine | undefined;
  /** Where it leads to. */
  #peer = "";
  #tries = 0;
  #isOver = false;

  constructor(parts: FollowingParts, steps: FollowingSteps) {
    const { name, keys, checksums, nonce, log } = parts;
    this.name = name;
    this.keys = keys;
    this.checksums = checksums;
    this.nonce = nonce;
    this.log = log;
    this.#parts = parts;
    this.#steps = steps;
    this.#standing = new ReplicaStanding(log);
  }

  get highestEpoch(): number {
    return Math.max(this.#parts.promises.epoch, this.log.epoch);
  }
  get isWarm(): boolean {
    return this.#standing.isWarm;
  }
  get mayLack(): boolean {
    return this.#standing.mayLack;
  }
  /** What its primary has shown to have at least; 0 when it has none. */
  get primaryPosition(): Position {
    return this.#session?.primaryPosition ?? 0;
  }

  get #now_us(): number {
    return this.#parts.clock.monotonicMicros();
  }

  /** How it stands, with what it has promised. */
  get standing(): Standings["own"] {
    return { name: this.name, ...this.#standing.of(this.#now_us), promised: this.highestEpoch };
  }

  /** As others see it: it can be asked, not followed. */
  get asked(): ServingNode {
    const { name, keys, checksums, nonce, log } = this;
    return {
      ...{ name, keys, checksums, nonce, log, primary: undefined },
      standing: (now_us) => this.#standing.of(now_us),
      claimed: () => {},
      promised: () => {},
      outpromised: () => {},
      mustStop: () => {},
    };
  }

  /** To the next address. */
  connect(): void {
    if (this.#isOver) return;
    const { primaries } = this.#parts;
    const to = primaries[this.#tries++ % primaries.length];
    const line = this.#steps.connect(to);
    this.#peer = `${to.host}:${to.port}`;
    this.#line = line;
    this.#session = new FollowingSession(this, line, this.#now_us);
  }

  /** What came on that connection. stored() is next. */
  received(line: FollowingLine, bytes: Uint8Array): void {
    const session = this.#session;
    if (line !== this.#line || session === undefined) return;
    this.guarded(() => {
      const now_us = this.#now_us;
      session.received(bytes, now_us);
      if (session.isFollowing) this.#standing.heard(now_us);
    });
  }

  /** The disk has taken what came on it. */
  stored(line: FollowingLine): void {
    if (line === this.#line) this.#session?.stored(this.#now_us);
  }

  /** `fault`: what the system says of the connection. */
  closed(line: FollowingLine, fault?: string): void {
    if (line !== this.#line) return;
    this.#session?.close();
    this.#look(fault);
  }

  /** Call it every so often: deadlines, and more of the next segment while there is time. */
  tick(): void {
    this.#session?.tick(this.#now_us);
    this.guarded(() => this.log.prepareNext(true));
  }

  /** Follows no more, and closes its journal. */
  stop(): void {
    const { isWarm, mayLack } = this;
    const { epoch, position, chain } = this.log;
    this.#endWith({ kind: "stopped", end: { epoch, position, chain: chain.slice(), isWarm, mayLack } });
  }

  fail(error: unknown): void {
    this.#leave();
    this.#steps.over({ kind: "failed", error });
  }

  /** A disk that fails ends the replica; so does what only a person can change. */
  guarded(work: () => void): void {
    if (this.#isOver) return;
    try {
      work();
      this.#look();
    } catch (error) {
      this.fail(error);
    }
  }

  // ---- as its session sees it

  welcomed(welcome: Welcome): void {
    const { start, epoch, segmentBytes } = welcome;
    if (segmentBytes !== this.#parts.segmentBytes) {
      const what = `the primary's segments have ${segmentBytes} bytes, this node's ${this.#parts.segmentBytes}`;
      throw new SeriatimError("SEGMENT_LIMITS", `${what}: give --segment-bytes ${segmentBytes}`, {
        exitCode: 2,
      });
    }
    const primary = this.#session?.primary ?? "";
    refuseOtherCluster(welcome, primary, this.#parts.cluster, this.checksums);
    this.#parts.promises.keep(epoch);
    // What it has is not compared with that tenure's history: it is not of it.
    if (start === StartFrom.Snapshot) return;
    this.#standing.welcomed(welcome);
    this.#steps.follows(primary, epoch, this.log.position);
  }

  receive(begin: SnapshotBegin): SnapshotReceiver {
    return this.#steps.receive(begin);
  }

  released(position: Position): void {
    this.#steps.released(position);
  }

  // ---- the end of a session

  #look(fault?: string): void {
    const [session, line] = [this.#session, this.#line];
    if (session?.ended === undefined || line === undefined) return;
    const { ended } = session;
    this.#session = undefined;
    this.#line = undefined;
    // Only a refusal is still to be sent. Otherwise at once: a machine that has lost power would keep a connection that is
    // being made, or that has something to send to it, for minutes.
    line.end(ended.kind === "refused");
    if (ended.kind === "snapshot received") return this.#endWith({ kind: "received" });
    const refusal = obeyedRefusal(ended, { logEpoch: this.log.epoch, highestEpoch: this.highestEpoch });
    if (refusal === RefusalCode.Diverged) return this.#diverged();
    if (refusal !== undefined) {
      const what = `${session.primary} at ${this.#peer}: ${REMEDIES[refusal] ?? endingWords(ended)}`;
      return this.fail(new SeriatimError("REPLICA_REFUSED", what));
    }
    this.#steps.lost(`${this.#peer}: ${session.why ?? fault ?? this.#wordsOf(session, ended)}`);
    const isRoundOver = this.#tries % this.#parts.primaries.length === 0;
    this.#steps.connectAfter(isRoundOver ? RETRY_MS : 0);
  }

  /** What most often is wrong with an address. */
  #wordsOf({ primary }: FollowingSession, ended: SessionEnd): string {
    if (primary === this.name) return "this node itself listens there, or another one with its key";
    const isSilent = ended.kind === "silent" || ended.kind === "bad stream";
    return `${endingWords(ended)}${primary === "" && isSilent ? ": is it a replication port?" : ""}`;
  }

  #diverged(): void {
    const { position, chain } = this.log;
    this.#endWith({ kind: "diverged", end: { position, chain: chain.slice() } });
  }

  #endWith(how: FollowingEnd): void {
    this.guarded(() => {
      this.#leave();
      this.log.close();
      this.#steps.over(how);
    });
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#session?.close();
    this.#session = undefined;
    this.#line = undefined;
    this.#steps.leave();
  }
}
