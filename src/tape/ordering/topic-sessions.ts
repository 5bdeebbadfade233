// The order of one topic, decided batch by batch; nothing here writes, sends or reads a clock.
//
//   number of a batch          order level 0, 1     order level 2
//   0                          BadNumber            BadNumber
//   up to `last`               Duplicate            Duplicate
//   last + 1                   Take                 Take, then what waits behind it (takeHeld)
//   further                    Take                 Hold, AlreadyHeld; HoldFull, or BadNumber, at a bound
//
// A session is kept here while it has a connection or a batch that waits, so there are at most as many as connections and
// held batches. All others are in the topic's log, whose word on an epoch and its last batch `open` is given.
// The lease counts from when a batch began to wait, and anew with every batch that is taken: whoever gets on is not fenced.

import { SAFE_MAX } from "../../base/index.ts";
import { EPOCH_NAMED_MAX, type HoldMemory, type OrderingLimits, OrderLevel } from "./limits.ts";
import { type HeldBatch, PublisherSession } from "./publisher-session.ts";

export const Judgement = {
  Take: 1,
  /** It is in the log: acknowledged again, not written. */
  Duplicate: 2,
  /** An earlier one is missing: keep a copy, `hold` it. */
  Hold: 3,
  /** A copy waits already: nothing to do; its ack goes to the connection that sent it last. */
  AlreadyHeld: 4,
  /** 0, or further ahead than batches can wait. */
  BadNumber: 5,
  /** No memory is left for batches that wait. */
  HoldFull: 6,
} as const;
export type Judgement = (typeof Judgement)[keyof typeof Judgement];

export const Opening = {
  /** The session goes on behind its last batch. */
  Joined: 1,
  /** A session begins: it must be in the log, and safe, before anybody is told. */
  Begun: 2,
  /** The publisher has a higher epoch, or none higher can be given: refused. */
  OldEpoch: 3,
  /** The session is fenced: refused, with the last batch that is committed. */
  Fenced: 4,
  /** The session has as many connections as it may: refused. */
  TooMany: 5,
} as const;
export type Opening = (typeof Opening)[keyof typeof Opening];

/** What the log knows of a publisher. */
export interface KnownSession {
  readonly epoch: number;
  readonly lastBatch: number;
}

export interface OpenedSession {
  readonly opening: Opening;
  /** Of the session; refused: the highest one that is known. */
  readonly epoch: number;
  /** Its last batch. */
  readonly last: number;
  /** Connections that the new one takes the place of: theirs no more. */
  readonly replaced: readonly number[];
}

export class TopicSessions<Held extends HeldBatch> {
  readonly #level: OrderLevel;
  readonly #limits: OrderingLimits;
  readonly #memory: HoldMemory;
  /** By publisher: of its epochs only the highest is open. */
  readonly #sessions = new Map<number, PublisherSession<Held>>();
  readonly #byConnection = new Map<number, PublisherSession<Held>>();
  /** Sessions in which a batch is missing, longest missing first. */
  readonly #missing = new Set<PublisherSession<Held>>();
  /** By publisher, the epoch that is over and its last batch; oldest fence first. */
  readonly #fenced = new Map<number, KnownSession>();

  constructor(level: OrderLevel, limits: OrderingLimits, memory: HoldMemory) {
    this.#level = level;
    this.#limits = limits;
    this.#memory = memory;
  }

  /** The connections of all sessions. */
  connections(): IterableIterator<number> {
    return this.#byConnection.keys();
  }

  /** Sessions that are kept in memory. */
  get size(): number {
    return this.#sessions.size;
  }

  sessionOf(connection: number): PublisherSession<Held> | undefined {
    return this.#byConnection.get(connection);
  }

  /**
   * Binds a connection to a session; `epoch` 0: the next one of this publisher, else a new one up to EPOCH_NAMED_MAX. `known`: what the log says of the publisher,
   * if it knows it; of a session that is kept here it need not be asked.
   */
  open(connection: number, publisher: number, epoch: number, known: KnownSession | undefined): OpenedSession {
    const open = this.#sessions.get(publisher);
    const highest = open?.epoch ?? known?.epoch ?? 0;
    const last = open?.last ?? known?.lastBatch ?? 0;
    const wanted = epoch === 0 ? highest + 1 : epoch;
    const isTooFar = wanted > highest && wanted > (epoch === 0 ? SAFE_MAX : EPOCH_NAMED_MAX);
    if (wanted < highest || isTooFar) return refused(Opening.OldEpoch, highest, last);
    if (wanted > highest) {
      const replaced = this.drop(publisher);
      this.#fenced.delete(publisher);
      this.#bind(connection, this.#keep(new PublisherSession<Held>(publisher, wanted, 0)));
      return { opening: Opening.Begun, epoch: wanted, last: 0, replaced };
    }
    const fence = this.#fenced.get(publisher);
    if (fence?.epoch === highest) return refused(Opening.Fenced, highest, fence.lastBatch);
    const session = open ?? new PublisherSession<Held>(publisher, highest, last);
    const { connections } = session;
    if (this.#level === OrderLevel.Session && connections.length >= this.#limits.sessionConnectionsMax) {
      return refused(Opening.TooMany, highest, last);
    }
    const replaced = this.#level === OrderLevel.Session ? [] : connections.splice(0);
    for (const old of replaced) this.#byConnection.delete(old);
    this.#bind(connection, this.#keep(session));
    return { opening: Opening.Joined, epoch: highest, last, replaced };
  }

  /** What becomes of batch `batch` of a session; a Take has happened with the answer, everything else has changed nothing. */
  judge(session: PublisherSession<Held>, batch: number, bytes: number, now_us: number): Judgement {
    const { last } = session;
    if (batch < 1) return Judgement.BadNumber;
    if (batch <= last) return Judgement.Duplicate;
    if (this.#level === OrderLevel.Session && batch !== last + 1)
      return this.#judgeAhead(session, batch, bytes);
    session.last = batch;
    if (session.held.size > 0) this.#missingSince(session, now_us);
    return Judgement.Take;
  }

  #judgeAhead(session: PublisherSession<Held>, batch: number, bytes: number): Judgement {
    const { heldBatchesMax, heldBytesMax } = this.#limits;
    // As many numbers as may wait, and the missing one before them.
    if (batch > session.last + 1 + heldBatchesMax) return Judgement.BadNumber;
    if (session.held.has(batch)) return Judgement.AlreadyHeld;
    const fits = session.held_bytes + bytes <= heldBytesMax && this.#memory.fits(bytes);
    return fits ? Judgement.Hold : Judgement.HoldFull;
  }

  /** Keeps a batch that was judged Hold. */
  hold(session: PublisherSession<Held>, batch: number, held: Held, now_us: number): void {
    if (session.held.size === 0) this.#missingSince(session, now_us);
    this.#memory.take(held.bytes);
    session.held_bytes += held.bytes;
    session.held.set(batch, held);
  }

  /** The batch that waited for the one taken last, if there is one: it is taken now, and the next call gives the one behind it. */
  takeHeld(session: PublisherSession<Held>): Held | undefined {
    const held = session.held.get(session.last + 1);
    if (held === undefined) return undefined;
    session.last++;
    session.held.delete(session.last);
    session.held_bytes -= held.bytes;
    this.#memory.give(held.bytes);
    if (session.held.size === 0) this.#missing.delete(session);
    return held;
  }

  /** A connection is no more. What waits goes on waiting: its session may come back within the lease. */
  close(connection: number): void {
    const session = this.#byConnection.get(connection);
    if (session === undefined) return;
    this.#byConnection.delete(connection);
    session.connections.splice(session.connections.indexOf(connection), 1);
    if (session.connections.length === 0 && session.held.size === 0) this.#sessions.delete(session.publisher);
  }

  /** A session in which a batch is missing longer than the lease, if there is one. It is to be fenced. */
  overdue(now_us: number): PublisherSession<Held> | undefined {
    for (const session of this.#missing) {
      return now_us - session.missingSince_us > this.#limits.lease_us ? session : undefined;
    }
    return undefined;
  }

  /** Ends a session whose lease is over: what waits in it is dropped, and its epoch refused. Returns the connections that had it. */
  fence({ publisher, epoch, last }: PublisherSession<Held>): readonly number[] {
    this.#fenced.delete(publisher);
    if (this.#fenced.size >= this.#limits.fencedMax) {
      for (const oldest of this.#fenced.keys()) {
        this.#fenced.delete(oldest);
        break;
      }
    }
    this.#fenced.set(publisher, { epoch, lastBatch: last });
    return this.drop(publisher);
  }

  /** Forgets a publisher's session and what waits in it; returns the connections that had it. */
  drop(publisher: number): readonly number[] {
    const session = this.#sessions.get(publisher);
    if (session === undefined) return [];
    this.#memory.give(session.held_bytes);
    this.#missing.delete(session);
    this.#sessions.delete(publisher);
    for (const connection of session.connections) this.#byConnection.delete(connection);
    return session.connections;
  }

  /** Forgets everything, fences too: the topic is closed, and what is opened again is what its log says. */
  clear(): void {
    this.#fenced.clear();
    for (const publisher of this.#sessions.keys()) this.drop(publisher);
  }

  #keep(session: PublisherSession<Held>): PublisherSession<Held> {
    this.#sessions.set(session.publisher, session);
    return session;
  }

  #bind(connection: number, session: PublisherSession<Held>): void {
    session.connections.push(connection);
    this.#byConnection.set(connection, session);
  }

  /** Behind all others: none is missing for a shorter time. */
  #missingSince(session: PublisherSession<Held>, now_us: number): void {
    session.missingSince_us = now_us;
    this.#missing.delete(session);
    this.#missing.add(session);
  }
}

function refused(opening: Opening, epoch: number, last: number): OpenedSession {
  return { opening, epoch, last, replaced: [] };
}
