// One subscriber of the binary feed, whatever carries it: requests in, packets out. It knows no socket and no thread.
//
// Output: answers first, then what was asked for again, then snapshots that were asked for, then the channels in turn. One piece at a
// time is with the carrier; what follows is read from the history when that has gone. So a slow peer holds one piece and its place.
//
//   what ends it: a request that is none; asking on, with a piece held, while as many answers wait as may, or far beyond the rate; falling
//   out of the history; taking nothing for stalled_us; subscribing to nothing for idle_us; the end of the service, which is told (ShuttingDown).

import {
  decodeMdRequest,
  EVERY_SYMBOL,
  encodeMdRequest,
  MdRefusal,
  type MdReply,
  type MdRequest,
  MdRequestType,
  type PacketWriter,
  type RetransmitRequest,
  type SnapshotRequest,
  type SubscribeRequest,
} from "../../protocol/index.ts";
import { RequestInput } from "./request-input.ts";
import { RequestRate } from "./request-rate.ts";
import { Retransmission } from "./retransmission.ts";
import type { ServedChannel } from "./served-channel.ts";
import type { FeedClose } from "./serving-limits.ts";
import type { ServingParts } from "./serving-parts.ts";
import { SnapshotRun } from "./snapshot-run.ts";
import { Subscription } from "./subscription.ts";

/** Where a request's head says what it is, and of which channel. */
const REQUEST_TYPE = 3;
const REQUEST_CHANNEL = 4;

/** What moves a session's bytes. No call of it calls the session. */
export interface FeedCarrier {
  /** Whole packets and replies. False: they are held, and nothing more may be sent until the session's drained(). */
  send(bytes: Uint8Array): boolean;
  /** Bytes that were sent and the peer's system has not acknowledged, as seen a moment ago; -1 where that is not known. */
  unacknowledged?(): number;
  /** Ends the connection: what was sent goes out first, where that is possible. */
  close(why: FeedClose): void;
}

export class FeedSession {
  /** Given to the carrier, ever; without heartbeats. */
  sent_bytes = 0;
  readonly #carrier: FeedCarrier;
  readonly #parts: ServingParts;
  readonly #input = new RequestInput();
  readonly #rate: RequestRate;
  readonly #replies: Uint8Array[] = [];
  readonly #retransmissions: Retransmission[] = [];
  readonly #snapshots: SnapshotRun[] = [];
  /** By kind. */
  readonly #subscriptions = new Map<number, Subscription>();
  /** Since when a piece is held; undefined: none is. */
  #held_us: number | undefined;
  /** When it last had or asked for something. */
  #active_us: number;
  /** So much waits in the system for the peer that who takes conflation is sent nothing more for now. */
  #isFlooded = false;
  #isOver = false;

  constructor(carrier: FeedCarrier, parts: ServingParts) {
    this.#carrier = carrier;
    this.#parts = parts;
    this.#active_us = parts.clock.monotonicMicros();
    this.#rate = new RequestRate(parts.limits.requestsPerSecond, this.#active_us);
  }

  /** Bytes of the peer, split anywhere; lent. */
  received(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#input.receive(bytes, (all, from, to) => this.#request(all, from, to));
    if (!this.#input.isMalformed || this.#isOver) return;
    this.#farewell(this.#input.hasTooManySymbols ? MdRefusal.Symbols : MdRefusal.Malformed);
    this.#close("Malformed");
  }

  /** What was held has gone. */
  drained(): void {
    this.#held_us = undefined;
  }

  /** Sends what there is, a few pieces at most; true: there is more, and the carrier would take it. */
  pump(): boolean {
    for (let pieces = this.#parts.limits.chunksPerTurn; pieces > 0; pieces--) {
      if (this.#isOver || this.#held_us !== undefined) return false;
      const now_us = this.#parts.clock.monotonicMicros();
      const piece = this.#next(now_us);
      if (piece === undefined) return this.#isBehind;
      this.sent_bytes += piece.length;
      if (!this.#carrier.send(piece)) this.#held_us = now_us;
    }
    return this.#held_us === undefined;
  }

  get #hasFallenBehind(): boolean {
    for (const subscription of this.#subscriptions.values()) if (subscription.hasFallenBehind) return true;
    return false;
  }

  /** Whether there is history that it has to read on in, though what it read was for others. */
  get #isBehind(): boolean {
    if (this.#isOver) return false;
    for (const subscription of this.#subscriptions.values())
      if (subscription.isBehind && !(this.#isFlooded && subscription.isConflatable)) return true;
    return false;
  }

  /** Some times a second: heartbeats, if any may be sent, and who takes or wants nothing. */
  tick(writer: PacketWriter, mayBeat: boolean): void {
    if (this.#isOver) return;
    const now_us = this.#parts.clock.monotonicMicros();
    const { stalled_us, idle_us } = this.#parts.limits;
    if (this.#held_us !== undefined) {
      if (now_us - this.#held_us >= stalled_us) this.#close("Stalled");
      // What is kept for it goes on growing, whether it takes anything or not.
      else if (this.#hasFallenBehind) this.#close("FellBehind");
      return;
    }
    if (this.#subscriptions.size === 0 && now_us - this.#active_us >= idle_us) return this.#close("Idle");
    if (!mayBeat) return;
    for (const subscription of this.#subscriptions.values()) {
      if (!subscription.isQuiet(now_us)) continue;
      if (this.#carrier.send(subscription.heartbeat(writer, now_us))) continue;
      this.#held_us = now_us;
      return;
    }
  }

  /**
   * Looks at what waits for the peer in the system, some times a second: megabytes may, so who is slow would be conflated
   * after minutes only. True: it may be sent to again.
   */
  look(): boolean {
    if (this.#isOver || ![...this.#subscriptions.values()].some(({ isConflatable }) => isConflatable))
      return false;
    const wasFlooded = this.#isFlooded;
    this.#isFlooded = (this.#carrier.unacknowledged?.() ?? -1) > this.#parts.limits.systemWaiting_bytes;
    return wasFlooded && !this.#isFlooded;
  }

  /** How fast it reads the snapshots that it holds, in bytes a second: the slowest. */
  snapshotRate(now_us: number): number {
    let rate = this.#snapshots[0]?.rate(now_us) ?? Number.POSITIVE_INFINITY;
    for (const subscription of this.#subscriptions.values())
      rate = Math.min(rate, subscription.snapshotRate(now_us));
    return rate;
  }

  /** Others wait for what it holds. */
  giveUp(): void {
    this.#close("Stalled");
  }

  /** The service ends: says so. */
  shutDown(): void {
    if (this.#isOver) return;
    this.#farewell(MdRefusal.ShuttingDown);
    this.#close("GoingAway");
  }

  /** The connection is gone. */
  end(): void {
    this.#isOver = true;
    for (const subscription of this.#subscriptions.values()) subscription.end();
    for (const run of this.#snapshots) run.end(this.#parts.images);
    this.#subscriptions.clear();
    this.#snapshots.length = this.#retransmissions.length = this.#replies.length = 0;
  }

  /** Why it ends, if the peer takes it. */
  #farewell(reason: MdRefusal): void {
    if (this.#held_us === undefined) this.#carrier.send(encodeMdRequest(refused(0, 0, reason)));
  }

  #close(why: FeedClose): void {
    if (this.#isOver) return;
    this.end();
    this.#carrier.close(why);
  }

  // Requests.

  #request(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#isOver) return false;
    const { clock } = this.#parts;
    const now_us = clock.monotonicMicros();
    this.#active_us = now_us;
    const [type, channel] = [bytes[from + REQUEST_TYPE], bytes[from + REQUEST_CHANNEL]];
    if (!this.#rate.admits(now_us)) {
      if (!this.#rate.isFlood) return this.#refuse(type, channel, MdRefusal.TooManyRequests);
      this.#giveReplies();
      this.#close("TooManyRequests");
      return false;
    }
    const request = decodeMdRequest(bytes, from, to);
    if (request === undefined) return this.#refuse(type, channel, MdRefusal.Malformed);
    const refusal = this.#carryOut(request);
    return refusal === undefined || this.#refuse(type, channel, refusal);
  }

  /** Undefined: it is done, or under way. */
  #carryOut(request: MdRequest): MdRefusal | undefined {
    if (request.type === MdRequestType.Heartbeat) return undefined;
    const channel = this.#parts.market.channel(request.channel);
    if (channel === undefined) return MdRefusal.UnknownChannel;
    switch (request.type) {
      case MdRequestType.Subscribe:
        return this.#subscribe(channel, request);
      case MdRequestType.Retransmit:
        return this.#retransmit(channel, request);
      case MdRequestType.Snapshot:
        return this.#snapshot(channel, request);
    }
  }

  #subscribe(channel: ServedChannel, request: SubscribeRequest): MdRefusal | undefined {
    const { market } = this.#parts;
    if (request.symbols.some((symbol) => symbol >= market.symbols)) return MdRefusal.Symbols;
    if (request.from > channel.next && request.epoch === channel.epoch) return MdRefusal.Beyond;
    this.#subscriptions.get(channel.kind)?.end();
    this.#subscriptions.set(channel.kind, new Subscription(channel, request, this.#parts));
    this.#accept(request.type, channel, channel.next);
    return undefined;
  }

  #retransmit(channel: ServedChannel, request: RetransmitRequest): MdRefusal | undefined {
    const { epoch, first, count, type } = request;
    if (epoch !== channel.epoch) return MdRefusal.EpochOver;
    if (first + count > channel.next) return MdRefusal.Beyond;
    if (first < channel.first) return MdRefusal.NotKept;
    if (this.#retransmissions.length >= this.#parts.limits.retransmitsWaiting)
      return MdRefusal.TooManyRequests;
    this.#retransmissions.push(new Retransmission(channel, first, first + count));
    this.#accept(type, channel, channel.next);
    return undefined;
  }

  #snapshot(channel: ServedChannel, { symbol, type }: SnapshotRequest): MdRefusal | undefined {
    const { market, limits } = this.#parts;
    const isAll = symbol === EVERY_SYMBOL;
    if (!isAll && symbol >= market.symbols) return MdRefusal.Symbols;
    if (this.#snapshots.length >= limits.snapshotsWaiting) return MdRefusal.TooManyRequests;
    const run = new SnapshotRun(channel, isAll ? market.symbols : [symbol]);
    this.#snapshots.push(run);
    this.#accept(type, channel, run.first);
    return undefined;
  }

  #accept(request: number, { kind: channel, epoch }: ServedChannel, next: number): void {
    this.#reply({ type: MdRequestType.Accepted, request, channel, epoch, next });
  }

  /** Whether the session goes on. */
  #refuse(request: number, channel: number, reason: MdRefusal): boolean {
    const { counters } = this.#parts;
    counters.refused++;
    if (request === MdRequestType.Retransmit) counters.retransmissionsRefused++;
    this.#reply(refused(request, channel, reason));
    return !this.#isOver;
  }

  #reply(reply: MdReply): void {
    const isFull = this.#replies.length >= this.#parts.limits.repliesWaiting;
    if (isFull && !this.#giveReplies()) return this.#close("TooManyRequests");
    this.#replies.push(encodeMdRequest(reply));
  }

  /** Not waiting for its turn: who asks much at once but reads its answers gets them. False: the carrier holds a piece. */
  #giveReplies(): boolean {
    if (this.#held_us !== undefined) return false;
    const piece = concatenated(this.#replies.splice(0));
    this.sent_bytes += piece.length;
    if (!this.#carrier.send(piece)) this.#held_us = this.#parts.clock.monotonicMicros();
    return true;
  }

  // Output.

  #next(now_us: number): Uint8Array | undefined {
    return this.#replies.shift() ?? this.#nextAgain() ?? this.#nextSnapshot() ?? this.#nextLive(now_us);
  }

  #nextAgain(): Uint8Array | undefined {
    const { copies, counters } = this.#parts;
    const [job] = this.#retransmissions;
    if (job === undefined) return undefined;
    if (job.isLost) {
      const reason = job.epoch === job.channel.epoch ? MdRefusal.NotKept : MdRefusal.EpochOver;
      this.#retransmissions.shift();
      this.#refuse(MdRequestType.Retransmit, job.channel.kind, reason);
      return this.#replies.shift();
    }
    counters.retransmitted += job.fill(copies);
    if (job.isDone) this.#retransmissions.shift();
    return copies.take();
  }

  #nextSnapshot(): Uint8Array | undefined {
    const [run] = this.#snapshots;
    if (run === undefined) return undefined;
    if (run.isStale) {
      run.end(this.#parts.images);
      this.#snapshots.shift();
      this.#refuse(MdRequestType.Snapshot, run.kind, MdRefusal.EpochOver);
      return this.#replies.shift();
    }
    const piece = run.take(this.#parts);
    if (!run.isDone) return piece;
    this.#snapshots.shift();
    this.#parts.counters.snapshots++;
    return piece;
  }

  #nextLive(now_us: number): Uint8Array | undefined {
    for (const [kind, subscription] of this.#subscriptions) {
      if (subscription.hasFallenBehind) {
        this.#close("FellBehind");
        return undefined;
      }
      if (this.#isFlooded && subscription.isConflatable) continue;
      const piece = subscription.take(now_us);
      if (piece === undefined) continue;
      // To the end of the line: channels take turns.
      this.#subscriptions.delete(kind);
      this.#subscriptions.set(kind, subscription);
      return piece;
    }
    return undefined;
  }
}

function concatenated(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((bytes, piece) => bytes + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function refused(request: number, channel: number, reason: MdRefusal): MdReply {
  return { type: MdRequestType.Refused, request, channel, reason };
}
