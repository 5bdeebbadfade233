// What becomes of one part: its batches are checked, ordered, and the taken ones written, as many together as lie together.
// A batch that is not to be written (there already, or too early) cuts the part in two; what waited for one that came
// is written behind it, before the rest.

import { type Checksums, getU64 } from "../../base/index.ts";
import {
  recordsProblem,
  TapeBatch,
  TapeBatchFlag,
  type TapeMemory,
  TapeReason,
  tapeLengthAt,
} from "../../protocol/index.ts";
import type { TopicLog } from "../log/topic-log.ts";
import type { PublisherSession } from "../ordering/publisher-session.ts";
import { Judgement } from "../ordering/topic-sessions.ts";
import type { CommitFigures } from "./commit-figures.ts";
import { HeldCopy } from "./held-copy.ts";
import type { CommitConnection, Outcomes } from "./outcomes.ts";

/** The time of a turn, by both clocks. */
export interface TurnTime {
  /** Since 1970: what the log says. */
  wall_us: number;
  /** What leases are reckoned by. */
  monotonic_us: number;
}

/** A connection, its session and its topic's log: what a part is committed for. */
export interface PartOwner {
  readonly of: CommitConnection;
  readonly session: PublisherSession<HeldCopy>;
  readonly log: TopicLog;
}

export class PartCommitter {
  readonly #checksums: Checksums;
  readonly #outcomes: Outcomes;
  readonly #figures: CommitFigures;
  /** Those that are open. */
  readonly #connections: ReadonlyMap<number, CommitConnection>;
  readonly #now: Readonly<TurnTime>;

  constructor(
    checksums: Checksums,
    outcomes: Outcomes,
    figures: CommitFigures,
    connections: ReadonlyMap<number, CommitConnection>,
    now: Readonly<TurnTime>,
  ) {
    this.#checksums = checksums;
    this.#outcomes = outcomes;
    this.#figures = figures;
    this.#connections = connections;
    this.#now = now;
  }

  /**
   * Commits the batches in [from, to) of `memory`. Returns why its connection has to be closed, None when it goes on: the batches
   * before the one at fault are committed, those behind it are not. Throws what the log throws.
   */
  commit(owner: PartOwner, memory: TapeMemory, from: number, to: number): TapeReason {
    const { session, of } = owner;
    const { view } = memory;
    // [run, at) is taken and not written yet.
    let run = from;
    for (let at = from; at < to; ) {
      const length = tapeLengthAt(view, at);
      const problem = this.#problem(session, memory, at);
      const batch = getU64(view, at + TapeBatch.batch);
      const judgement =
        problem === TapeReason.None
          ? of.topic.sessions.judge(session, batch, length, this.#now.monotonic_us)
          : Judgement.BadNumber;
      const next = at + length;
      if (judgement !== Judgement.Take) {
        this.#write(owner, memory, run, at);
        if (problem !== TapeReason.None) return problem;
        const refusal = this.#leaveOut(owner, judgement, batch, memory, at);
        if (refusal !== TapeReason.None) return refusal;
        run = next;
      } else if (session.held.size > 0) {
        this.#write(owner, memory, run, next);
        this.#cascade(owner);
        run = next;
      }
      at = next;
    }
    this.#write(owner, memory, run, to);
    return TapeReason.None;
  }

  #problem(
    { publisher, epoch }: PublisherSession<HeldCopy>,
    { bytes, view }: TapeMemory,
    at: number,
  ): TapeReason {
    const isOwn =
      getU64(view, at + TapeBatch.publisher) === publisher && getU64(view, at + TapeBatch.epoch) === epoch;
    if (!isOwn) return TapeReason.OtherSession;
    const from = at + TapeBatch.bytes;
    const sum = this.#checksums.crc32c(bytes.subarray(from, at + tapeLengthAt(view, at)));
    if (sum !== view.getUint32(at + TapeBatch.payloadCrc, true)) return TapeReason.ChecksumPayload;
    if ((view.getUint32(at + TapeBatch.flags, true) & TapeBatchFlag.Zstd) !== 0) return TapeReason.None;
    const to = from + view.getUint32(at + TapeBatch.payloadBytes, true);
    const count = view.getUint32(at + TapeBatch.records, true);
    return recordsProblem(bytes, from, to, count) === undefined ? TapeReason.None : TapeReason.Records;
  }

  /** A batch that is not written now; returns why its connection can't go on. */
  #leaveOut(
    { session, of }: PartOwner,
    judgement: Judgement,
    batch: number,
    { bytes, view }: TapeMemory,
    at: number,
  ): TapeReason {
    switch (judgement) {
      case Judgement.Duplicate:
        this.#figures.duplicates++;
        this.#outcomes.ack(of, session.last, 0);
        return TapeReason.None;
      case Judgement.Hold: {
        const copy = new HeldCopy(of.connection, bytes, at, tapeLengthAt(view, at));
        of.topic.sessions.hold(session, batch, copy, this.#now.monotonic_us);
        this.#figures.held++;
        return TapeReason.None;
      }
      case Judgement.AlreadyHeld: {
        const copy = session.held.get(batch);
        if (copy !== undefined) copy.connection = of.connection;
        return TapeReason.None;
      }
      default:
        return judgement === Judgement.HoldFull ? TapeReason.HoldFull : TapeReason.BatchNumber;
    }
  }

  /** What waited for the batch that was written last. */
  #cascade(owner: PartOwner): void {
    const { session, log, of } = owner;
    for (;;) {
      const copy = of.topic.sessions.takeHeld(session);
      if (copy === undefined) return;
      log.appendPart(copy.memory, copy.at, copy.length, this.#now.wall_us);
      this.#wrote(owner, copy.length, 1);
      const sender = this.#connections.get(copy.connection);
      if (sender !== undefined && of.topic.sessions.sessionOf(copy.connection) === session) {
        this.#outcomes.ack(sender, session.last, log.nextRecord);
      }
    }
  }

  /** The batches in [from, to), all of them taken. */
  #write(owner: PartOwner, memory: TapeMemory, from: number, to: number): void {
    if (from === to) return;
    const { log, of } = owner;
    let batches = 0;
    let last = 0;
    for (let at = from; at < to; at += tapeLengthAt(memory.view, at)) {
      last = getU64(memory.view, at + TapeBatch.batch);
      batches++;
    }
    log.appendPart(memory, from, to - from, this.#now.wall_us);
    this.#wrote(owner, to - from, batches);
    this.#outcomes.ack(of, last, log.nextRecord);
  }

  #wrote({ of }: PartOwner, bytes: number, batches: number): void {
    this.#figures.batches += batches;
    this.#figures.bytes += bytes;
    this.#outcomes.visible(of.topic);
  }
}
