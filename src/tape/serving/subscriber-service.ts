// The subscribers of a broker: a session for each connection, a seat for each topic, one pool of delivery buffers. The broker hands a
// connection over when its handshake is done and its topic is open, with nothing of it held by the transport, and from then on
// forwards what the transport says of it. Sessions that have something to do are pumped in turns of the event loop, a piece each.

import type { Clock, Transport } from "../../base/index.ts";
import {
  encodeEnd,
  TAPE_GROUPS_MAX,
  TapeReason,
  TapeType,
  tapeTopicReasonText,
} from "../../protocol/index.ts";
import type { GroupOffsets } from "../catalog/index.ts";
import type { GroupFigures } from "../figures.ts";
import { DeliveryPool } from "./delivery-pool.ts";
import { GroupSeat } from "./group-seat.ts";
import { SERVING_LIMITS, type ServingLimits } from "./limits.ts";
import type { TopicProgress } from "./progress.ts";
import type { ReadBatches, ReadFailure, ReadsListener, StorageReads } from "./storage-reads.ts";
import type {
  ServingCounters,
  ServingParts,
  SubscriberCarrier,
  SubscriberWish,
  TopicSeat,
} from "./subscriber-parts.ts";
import { SubscriberSession } from "./subscriber-session.ts";

/** What of a transport sessions are carried by. */
export type ServingTransport = Pick<
  Transport,
  "send" | "close" | "destroy" | "unacknowledgedBytes" | "nextTurn"
>;

/** Now, and since the start. */
export interface ServingFigures extends ServingCounters {
  readonly subscribers: number;
  /** Delivery buffers, those that are held, who waits for one, and how often somebody had to. */
  readonly buffers: number;
  readonly inUse: number;
  readonly waiting: number;
  readonly timesExhausted: number;
  /** Of the storage: fewer than deliveries where subscribers share. */
  readonly reads: number;
}

interface SubscriberServiceOptions {
  readonly transport: ServingTransport;
  readonly storage: StorageReads;
  /** Shared with the storage. */
  readonly deliveryBuffers: readonly SharedArrayBuffer[];
  readonly offsets: GroupOffsets;
  readonly clock: Clock;
  readonly limits?: ServingLimits;
}

export class SubscriberService implements ReadsListener {
  readonly #transport: ServingTransport;
  readonly #storage: StorageReads;
  readonly #parts: ServingParts;
  /** By connection. */
  readonly #sessions = new Map<number, SubscriberSession>();
  /** By topic, of all that were ever open. */
  readonly #seats = new Map<number, TopicSeat>();
  /** To be pumped with the next turn. */
  #ready = new Set<SubscriberSession>();
  #hasTurn = false;
  #isOver = false;

  constructor(options: SubscriberServiceOptions) {
    const { transport, storage, deliveryBuffers, offsets, clock, limits = SERVING_LIMITS } = options;
    this.#transport = transport;
    this.#storage = storage;
    const pool = new DeliveryPool(deliveryBuffers, storage);
    this.#parts = { clock, limits, pool, offsets, counters: { bytes: 0, batches: 0, ended: 0, tooSlow: 0 } };
  }

  /** Takes a connection over, and says Accepted, or Refused and ends it. `progress`: of its topic, which is open. */
  open(connection: number, wish: SubscriberWish, progress: TopicProgress): void {
    const seat = this.#seatOf(wish.topic.id, progress);
    if (!this.#hasRoom(seat, wish)) {
      const reason = TapeReason.GroupLimit;
      const text = tapeTopicReasonText(reason, wish.topic.name);
      const bytes = encodeEnd(TapeType.Refused, { reason, detail: 0, text });
      this.#transport.send(connection, bytes, 0, bytes.length);
      this.#transport.close(connection);
      return;
    }
    const session = new SubscriberSession(this.#carrierOf(connection, seat), seat, wish, this.#parts);
    this.#sessions.set(connection, session);
    seat.sessions.add(session);
    session.begin(join(seat, wish.group, session));
  }

  received(connection: number, bytes: Uint8Array): void {
    this.#sessions.get(connection)?.received(bytes);
  }

  drained(connection: number): void {
    this.#sessions.get(connection)?.drained();
  }

  ended(connection: number): void {
    this.#sessions.get(connection)?.ended();
  }

  closed(connection: number): void {
    const session = this.#sessions.get(connection);
    if (session === undefined) return;
    session.closed();
    this.#sessions.delete(connection);
    this.#ready.delete(session);
    this.#seats.get(session.wish.topic.id)?.sessions.delete(session);
  }

  /**
   * The topic's log is open, and nothing more has been written: groups stand at its end at most. Undefined: it may be written at once. Otherwise
   * resolves when it may, with None, or with why it can't be for now.
   */
  onOpened(topic: number, nextRecord: number): Promise<TapeReason> | undefined {
    return this.#parts.offsets.cut(topic, nextRecord);
  }

  /** The topic's log has come so far. */
  onVisible(topic: number, progress: TopicProgress): void {
    const seat = this.#seatOf(topic, progress);
    for (const session of seat.sessions) this.#makeReady(session);
  }

  /** The topic was deleted, or its log has failed: its subscribers are told. */
  onTopicOver(topic: number, reason: TapeReason): void {
    const seat = this.#seats.get(topic);
    if (seat === undefined) return;
    this.#parts.pool.drop(topic);
    this.#seats.delete(topic);
    for (const session of seat.sessions) session.end(reason);
  }

  /** Of a topic that is open. */
  progressOf(topic: number): TopicProgress | undefined {
    return this.#seats.get(topic)?.progress;
  }

  // What the storage answers.

  read(buffer: number, outcome: ReadBatches | ReadFailure): void {
    this.#parts.pool.read(buffer, outcome);
  }

  located(connection: number, outcome: number | ReadFailure): void {
    this.#sessions.get(connection)?.located(outcome);
  }

  /** Ten times a second: who says or takes nothing, heartbeats, who waits, what groups have committed. */
  tick(): void {
    for (const session of this.#sessions.values()) session.tick();
    this.#parts.pool.callWaiting();
    void this.#parts.offsets.flush();
  }

  /** The broker ends: everybody is told. */
  shutDown(): void {
    this.#isOver = true;
    for (const session of this.#sessions.values()) session.end(TapeReason.ShuttingDown);
  }

  get figures(): ServingFigures {
    const { pool, counters } = this.#parts;
    const { buffers, inUse, waiting, timesExhausted, reads } = pool;
    return { subscribers: this.#sessions.size, buffers, inUse, waiting, timesExhausted, reads, ...counters };
  }

  /** Those that have a place, committed or begun at, or have members, by name. */
  groupsOf(topic: number): GroupFigures[] {
    const seats = this.#seats.get(topic)?.groups;
    const { offsets } = this.#parts;
    const names = new Set([...offsets.of(topic).keys(), ...(seats?.keys() ?? [])]);
    return [...names].sort().map((name) => {
      const committed = offsets.committed(topic, name);
      return { name, committed, members: seats?.get(name)?.size ?? 0 };
    });
  }

  /** What a group has committed is of no account any more. GroupUnknown; NotAllowed while it has members. */
  forgetGroup(topic: number, group: string): TapeReason {
    if (this.#seats.get(topic)?.groups.has(group) === true) return TapeReason.NotAllowed;
    return this.#parts.offsets.forget(topic, group) ? TapeReason.None : TapeReason.GroupUnknown;
  }

  #seatOf(topic: number, progress: TopicProgress): TopicSeat {
    let seat = this.#seats.get(topic);
    if (seat === undefined) {
      seat = { progress, sessions: new Set(), groups: new Map() };
      this.#seats.set(topic, seat);
    }
    seat.progress = progress;
    return seat;
  }

  /** Groups of one topic are bounded, those that have committed nothing yet included. */
  #hasRoom({ groups }: TopicSeat, { topic, group }: SubscriberWish): boolean {
    const known = this.#parts.offsets.of(topic.id);
    if (group === "" || groups.has(group) || known.has(group)) return true;
    let count = known.size;
    for (const name of groups.keys()) if (!known.has(name)) count++;
    return count < TAPE_GROUPS_MAX;
  }

  #carrierOf(connection: number, seat: TopicSeat): SubscriberCarrier {
    const transport = this.#transport;
    const session = () => this.#sessions.get(connection) as SubscriberSession;
    return {
      send: (bytes, from, to) => transport.send(connection, bytes, from, to),
      unacknowledged: () => transport.unacknowledgedBytes(connection),
      close: () => transport.close(connection),
      destroy: () => transport.destroy(connection),
      ready: () => this.#makeReady(session()),
      left: () => this.#left(seat, session()),
      locate: (topic, time_us, end) => this.#storage.locate(connection, topic, time_us, end),
    };
  }

  #left(seat: TopicSeat, session: SubscriberSession): void {
    const { topic, group } = session.wish;
    const left = seat.groups.get(group);
    if (left?.leave(session) !== true) return;
    seat.groups.delete(group);
    // Whom the broker has ended with everybody else comes back, and goes on where its group began.
    const isEnded = this.#isOver || this.#seats.get(topic.id) !== seat;
    // Else a group that never commits would be one of the few that a topic has for good.
    if (left.isNew && !isEnded) this.#parts.offsets.forget(topic.id, group);
  }

  #makeReady(session: SubscriberSession): void {
    this.#ready.add(session);
    if (this.#hasTurn) return;
    this.#hasTurn = true;
    this.#transport.nextTurn(() => this.#turn());
  }

  /** A piece for each; who has more comes behind the others. */
  #turn(): void {
    this.#hasTurn = false;
    const ready = this.#ready;
    this.#ready = new Set();
    for (const session of ready) if (session.pump()) this.#makeReady(session);
  }
}

/** Whether the session is to begin at once: it is in no group, or its group's active member. */
function join({ groups }: TopicSeat, name: string, session: SubscriberSession): boolean {
  if (name === "") return true;
  let group = groups.get(name);
  if (group === undefined) {
    group = new GroupSeat();
    groups.set(name, group);
  }
  return group.join(session);
}
