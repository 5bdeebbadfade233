// Sessions of ticks/1 without a socket: ticks by number, and what a session hands over, read by the plain reader.

import {
  ChunkPool,
  EncodedTick,
  TICK_STAGE_LIMITS,
  type TickFaults,
  TickSession,
  type TickStageLimits,
  TickValues,
} from "../../../src/feed/index.ts";
import { readTicks, type TickFrame } from "../../protocol/ticks/reference-reader.ts";

export interface SessionWanted {
  readonly limits?: TickStageLimits;
  readonly faults?: TickFaults;
  readonly seed?: number;
  readonly firstSequence?: number;
}

export class DrivenSession {
  now_us = 0;
  readonly session: TickSession;
  /** Every write that was begun, in order. */
  readonly writes: Uint8Array[] = [];
  readonly #tick = new EncodedTick();

  constructor({ limits = TICK_STAGE_LIMITS, faults, seed = 1, firstSequence }: SessionWanted = {}) {
    this.session = new TickSession({ limits, faults, seed, firstSequence }, new ChunkPool(), this.now_us);
  }

  trade(symbol: number, price = 10, quantity = 1): void {
    this.#tick.encode(values({ isTrade: true, symbol, price, quantity, timeLow: 5, timeHigh: 6 }));
    this.session.offer(this.#tick, this.now_us);
  }

  /** `bid` distinguishes one quote from another. */
  quote(symbol: number, bid = 10): void {
    const quoted = { bid, bidQuantity: 1, ask: bid + 1, askQuantity: 2 };
    this.#tick.encode(values({ symbol, ...quoted, timeLow: 5, timeHigh: 6 }));
    this.session.offer(this.#tick, this.now_us);
  }

  /** Lets time pass, with a look at deadlines; a heartbeat is sent when it is due. */
  pass(time_us: number): void {
    this.now_us += time_us;
    this.session.check(this.now_us);
    this.#tick.heartbeat(5, 6);
    this.session.offerHeartbeat(this.#tick, this.now_us);
  }

  /** The next write, as the socket would get it; false when there is none. */
  begin(): boolean {
    const { session } = this;
    if (!session.next(this.now_us)) return false;
    this.writes.push(session.bytes.slice(session.from, session.to));
    return true;
  }

  finish(): void {
    this.session.written(this.now_us);
  }

  /** Writes everything, at once. */
  drain(): void {
    while (this.begin()) this.finish();
  }

  /** The client's bytes. */
  receive(...bytes: readonly number[]): void {
    this.session.receive(Uint8Array.from(bytes), this.now_us);
  }

  /** All frames that were written, whole. */
  frames(): TickFrame[] {
    const { frames, rest } = readTicks(Buffer.concat(this.writes));
    if (rest > 0) throw new Error(`${rest} bytes are left behind the last frame`);
    return frames;
  }

  sequences(): number[] {
    return this.frames().map(({ sequence }) => sequence);
  }
}

/** A quote, unless something else is said. */
export function values(some: Partial<TickValues>): TickValues {
  return Object.assign(new TickValues(), some);
}

/** The bytes of a Subscribe of these symbols. */
export function subscribeBytes(...symbols: readonly number[]): number[] {
  return [0xff, symbols.length & 255, symbols.length >> 8, ...symbols.flatMap((s) => [s & 255, s >> 8])];
}

/** What must hold of a session's counters at any time. `skipped`: numbers that were left out on purpose. */
export function assertCountsAddUp({ session }: DrivenSession, firstSequence = 1): void {
  const { counters, waitingFrames, nextSequence } = session;
  const { framesSent, framesDropped, heartbeatsSent, quotesConflated, injected } = counters;
  const taken = framesSent + waitingFrames + framesDropped + injected.gaps;
  if ((firstSequence + taken) >>> 0 !== nextSequence)
    throw new Error(`${taken} numbers are accounted for, the next one is ${nextSequence}`);
  const told = framesSent + waitingFrames - heartbeatsSent + quotesConflated + framesDropped;
  if (told !== counters.ticks) throw new Error(`${counters.ticks} ticks came, ${told} are accounted for`);
}
