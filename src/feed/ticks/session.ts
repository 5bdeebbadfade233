// One connection of a server of ticks/1, without its socket: ticks come in, stretches of whole frames go out, one write
// at a time. The number of a frame is taken when it enters the queue, so a loss shows as a gap of its size; a quote that
// a newer one replaces leaves it its number. Time is passed in, monotonic microseconds.
//
//   offer() ─► wanted? ─► stage ─► queue ─► next() ─► bytes[from, to) ─► written()
//                           └─► replaced in place, or dropped with its number
//
// Memory: the queue (at most TickStageLimits.loadMax_bytes and a chunk), 4 KiB of places of quotes, 1.5 KiB of subscription.

import { TICK_SYMBOLS_MAX } from "../../protocol/index.ts";
import { TickServerCounters } from "./counters.ts";
import type { EncodedTick } from "./encoded-tick.ts";
import { FaultInjector, type TickFaults } from "./faults.ts";
import { type ChunkPool, FrameQueue } from "./frame-queue.ts";
import { stageAfter, TickStage, type TickStageLimits } from "./stages.ts";
import { ConnectionSubscription } from "./subscription.ts";

/** Who has been sent nothing for so long gets a heartbeat. */
const TICK_HEARTBEAT_us = 1_000_000;

/** Why a connection must end: its client is slow or talks nonsense, or a fault on purpose, which finishes or resets it. */
export type TickEnding = "slow" | "input" | "finish" | "reset";

export interface TickSessionOptions {
  readonly limits: TickStageLimits;
  readonly faults?: TickFaults | undefined;
  /** Of faults: u32. */
  readonly seed: number;
  /** The number of the first frame: 1, but for whoever wants to see it wrap. */
  readonly firstSequence?: number | undefined;
}

const NOWHERE = -1;

export class TickSession {
  readonly counters = new TickServerCounters();
  stage: TickStage = TickStage.Normal;
  /** Once set, nothing more is taken or handed over. */
  ending: TickEnding | undefined;
  /** What next() hands over. */
  bytes: Uint8Array = new Uint8Array(0);
  from = 0;
  to = 0;
  readonly #subscription = new ConnectionSubscription();
  readonly #queue: FrameQueue;
  readonly #limits: TickStageLimits;
  readonly #faults: FaultInjector | undefined;
  /** Where each symbol's latest quote is in the queue. */
  readonly #quotePlaces = new Float64Array(TICK_SYMBOLS_MAX).fill(NOWHERE);
  #sequence: number;
  #isWriting = false;
  #writeBegan_us = 0;
  /** Of what was handed over, the bytes that are to be written still, up to `#batchTo`. */
  #batchAt = 0;
  #batchTo = 0;
  #dropping_us = 0;
  /** When something was last under way. */
  #quietSince_us: number;

  constructor(options: TickSessionOptions, pool: ChunkPool, now_us: number) {
    this.#limits = options.limits;
    this.#queue = new FrameQueue(pool);
    this.#sequence = options.firstSequence ?? 1;
    this.#quietSince_us = now_us;
    if (options.faults !== undefined)
      this.#faults = new FaultInjector(options.faults, options.seed, this.counters.injected);
  }

  /** Bytes that wait or are being written. */
  get load(): number {
    return this.#queue.waiting_bytes + this.#batchTo - this.#batchAt;
  }

  /** Frames that have not been handed over. */
  get waitingFrames(): number {
    return this.#queue.waitingFrames;
  }

  /** The number that the next frame takes. */
  get nextSequence(): number {
    return this.#sequence;
  }

  /** A tick, if the client wants its symbol. */
  offer(tick: EncodedTick, now_us: number): void {
    if (this.ending !== undefined || !this.#subscription.wants(tick.symbol)) return;
    this.counters.ticks++;
    if (this.#isSlow(now_us) && this.#lightened(tick)) return;
    if (this.#faults?.skipsNumber()) this.#takeNumber();
    const place = this.#append(tick);
    if (tick.isQuote) this.#quotePlaces[tick.symbol] = place;
  }

  /** Sends a heartbeat if it is time. */
  offerHeartbeat(tick: EncodedTick, now_us: number): void {
    if (!this.wantsHeartbeat(now_us)) return;
    this.counters.heartbeatsSent++;
    this.#append(tick);
  }

  wantsHeartbeat(now_us: number): boolean {
    // A stall on purpose begins before a frame, so something waits.
    if (this.ending !== undefined || this.load > 0) return false;
    return now_us - this.#quietSince_us >= TICK_HEARTBEAT_us;
  }

  /** Bytes from the client. */
  receive(bytes: Uint8Array, now_us: number): void {
    this.#subscription.receive(bytes, now_us);
    const { taken, errors, incidents, skippedBytes } = this.#subscription;
    this.counters.subscriptions = taken;
    this.counters.subscribeErrors = errors;
    this.counters.inputIncidents = incidents;
    this.counters.inputSkippedBytes = skippedBytes;
    this.check(now_us);
  }

  /** Judges what takes too long. */
  check(now_us: number): void {
    if (this.#subscription.isBroken(now_us)) this.#end("input");
    const { dropMax_us, writeMax_us } = this.#limits;
    const isStuck = this.#isWriting && now_us - this.#writeBegan_us >= writeMax_us;
    const isLost = this.stage === TickStage.Drop && now_us - this.#dropping_us >= dropMax_us;
    if (isStuck || isLost) this.#end("slow");
  }

  /** Whether there is something to write now: `bytes[from, to)`, which stays as it is until written() is called. */
  next(now_us: number): boolean {
    if (this.#isWriting || this.ending !== undefined) return false;
    if (this.#batchAt === this.#batchTo && !this.#hand(now_us)) return false;
    const piece = this.#batchTo - this.#batchAt;
    this.from = this.#batchAt;
    this.to = this.from + (this.#faults?.pieceOf(piece) ?? piece);
    this.#isWriting = true;
    this.#writeBegan_us = now_us;
    return true;
  }

  /** The bytes of next() are gone. */
  written(now_us: number): void {
    if (!this.#isWriting) return;
    this.#isWriting = false;
    this.#quietSince_us = now_us;
    this.#batchAt = this.to;
    if (this.#batchAt < this.#batchTo) return;
    this.#queue.release();
    this.#settle(now_us);
    this.counters.queueBytes = this.load;
    if (this.#faults?.ending !== undefined) this.#end(this.#faults.ending);
  }

  /** The connection is gone: its memory is given back. */
  close(): void {
    this.#queue.clear();
    this.#batchAt = this.#batchTo;
    this.counters.queueBytes = 0;
    this.ending ??= "finish";
  }

  #end(why: TickEnding): void {
    if (this.ending !== undefined) return;
    this.ending = why;
    if (why === "slow") this.counters.slowDisconnects++;
  }

  #takeNumber(): void {
    this.#sequence = (this.#sequence + 1) >>> 0;
  }

  #append(tick: EncodedTick): number {
    const place = this.#queue.append(tick, this.#sequence);
    this.#takeNumber();
    const load = this.load;
    const counters = this.counters;
    counters.queueBytes = load;
    if (load > counters.queueBytesMax) counters.queueBytesMax = load;
    return place;
  }

  #isSlow(now_us: number): boolean {
    if (this.stage === TickStage.Normal && this.load <= this.#limits.conflate.above) return false;
    this.#settle(now_us);
    return this.stage !== TickStage.Normal;
  }

  /** Whether the tick needs no room: it has replaced an older quote, or it is dropped. */
  #lightened(tick: EncodedTick): boolean {
    if (this.ending !== undefined) return this.#drop();
    if (!tick.isQuote) return this.stage === TickStage.Drop && this.#drop();
    const place = this.#quotePlaces[tick.symbol];
    if (place === NOWHERE || !this.#queue.waits(place)) return false;
    this.#queue.replace(place, tick);
    this.counters.quotesConflated++;
    return true;
  }

  #drop(): true {
    this.counters.framesDropped++;
    this.#takeNumber();
    return true;
  }

  #settle(now_us: number): void {
    const load = this.load;
    const stage = stageAfter(this.stage, load, this.#limits);
    if (stage > this.stage) {
      if (this.stage === TickStage.Normal) this.counters.conflateEntries++;
      if (stage === TickStage.Drop) {
        this.counters.dropEntries++;
        this.#dropping_us = now_us;
      }
    }
    this.stage = stage;
    if (load > this.#limits.loadMax_bytes) this.#end("slow");
  }

  /** Takes the next stretch of frames out of the queue; false: there is none now. */
  #hand(now_us: number): boolean {
    const queue = this.#queue;
    const from = queue.nextFrom;
    const to = queue.nextTo;
    if (from === to || this.#faults?.isStalled(now_us)) return false;
    this.bytes = queue.nextBytes;
    this.#batchAt = from;
    this.#batchTo =
      this.#faults === undefined ? this.#handAll(to) : this.#handPlanned(this.#faults, to, now_us);
    if (this.#batchTo > from) return true;
    if (this.#faults?.ending !== undefined) this.#end(this.#faults.ending);
    return false;
  }

  #handAll(to: number): number {
    this.counters.bytesSent += to - this.#batchAt;
    this.counters.framesSent += this.#queue.hand(to);
    return to;
  }

  /** The end of what goes out; behind it a part of a frame may, when the connection ends with it. */
  #handPlanned(faults: FaultInjector, to: number, now_us: number): number {
    faults.plan(this.bytes, this.#batchAt, to, now_us);
    const end = faults.to + faults.cut_bytes;
    this.counters.bytesSent += end - this.#batchAt;
    this.counters.framesSent += this.#queue.hand(faults.to, faults.frames);
    return end;
  }
}
