// What a resuming client decides, without sockets and timers: what is unanswered, what an answer settles, when a connection
// is given up, where and when to try the next, and when to stop trying. Times are microseconds of any one clock.
//
//   answer                            settles
//   Ack, or a Reject of the engine    the oldest request on the wire; its id must agree
//   a Reject of the gateway           the only request with its id, if that was sent once in its life: one sent before may
//                                     have been executed then, and the gateway does not know
//   Halted, ShuttingDown              nothing: the node is on its way out, and another may answer
//   whatever settles nothing          the connection is given up, and all is asked again: that does nothing twice
//
// Patience runs from the loss of a connection that got on: one that answered something, or stood a while with nothing to
// answer. So a peer that takes connections and answers nothing does not renew it.

import { assert } from "../../base/index.ts";
import { Reason } from "../../protocol/index.ts";
import { AddressRounds } from "../addresses.ts";

/** What the exchange remembers of an account: more can't be asked again. */
export const REQUESTS_MAX = 256;
/** Between two rounds through all addresses: doubled every time, up to the most, which adds to every failover. */
const WAIT_MIN_US = 50_000;
const WAIT_MAX_US = 250_000;
/** A connection that stood so long with nothing to answer has got on. */
const STEADY_US = 1_000_000;

export interface ResumptionLimits {
  /** How many there are; they are numbered from 0. */
  readonly addresses: number;
  /** The longest without getting on. */
  readonly patience_us: number;
  /** The longest that something may be unanswered on a connection without an answer to anything. */
  readonly silence_us: number;
}

/** A request, with its number and its order's id as i32 lanes. */
export interface Resumable {
  readonly number: number;
  readonly idLow: number;
  readonly idHigh: number;
}

interface Entry<T> {
  readonly request: T;
  /** How often it was sent, over all connections. */
  times: number;
  isOnWire: boolean;
}

export class Resumption<T extends Resumable> {
  readonly #rounds: AddressRounds;
  readonly #limits: ResumptionLimits;
  /** Unanswered, by number. */
  #entries: Entry<T>[] = [];
  #welcomed_us: number | undefined;
  /** Since when something is unanswered without an answer to anything. */
  #heard_us = 0;
  /** This connection got on. */
  #gotOn = false;
  #trouble_us: number;

  constructor(limits: ResumptionLimits, now_us: number) {
    assert(limits.addresses >= 1, "there is an address to connect to");
    this.#limits = limits;
    this.#rounds = new AddressRounds(limits.addresses);
    this.#trouble_us = now_us;
  }

  /** Where to connect to, or where the connection is. */
  get address(): number {
    return this.#rounds.address;
  }

  get unanswered(): number {
    return this.#entries.length;
  }

  /** Whether a request with this number may be added: the exchange remembers it until the oldest is answered. */
  mayAdd(number: number): boolean {
    return this.#entries.length === 0 || number - this.#entries[0].request.number < REQUESTS_MAX;
  }

  add(request: T, now_us: number): void {
    assert(this.mayAdd(request.number), "no more requests than the exchange remembers");
    if (this.#entries.length === 0) {
      this.#heard_us = now_us;
      this.#noteSteady(now_us);
    }
    this.#entries.push({ request, times: 0, isOnWire: false });
  }

  /** The connection has said Hello: what is unanswered may be sent. */
  welcomed(now_us: number): void {
    this.#welcomed_us = now_us;
    this.#heard_us = now_us;
  }

  /** What is to be sent now, in order; it counts as sent. */
  takeToSend(): T[] {
    if (this.#welcomed_us === undefined) return [];
    const due = this.#entries.filter((entry) => !entry.isOnWire);
    for (const entry of due) {
      entry.times++;
      entry.isOnWire = true;
    }
    return due.map(({ request }) => request);
  }

  /** The request that an answer of the engine settles; undefined: the connection is of no more use. */
  answered(idLow: number, idHigh: number, now_us: number): T | undefined {
    const oldest = this.#entries.find((entry) => entry.isOnWire);
    return oldest !== undefined && isOf(oldest, idLow, idHigh) ? this.#settle(oldest, now_us) : undefined;
  }

  /** The request that a refusal of the gateway settles; undefined: all is to be asked again, over another connection. */
  refused(idLow: number, idHigh: number, reason: number, now_us: number): T | undefined {
    if (reason === Reason.Halted || reason === Reason.ShuttingDown) return undefined;
    const meant = this.#entries.filter((entry) => entry.isOnWire && isOf(entry, idLow, idHigh));
    return meant.length === 1 && meant[0].times === 1 ? this.#settle(meant[0], now_us) : undefined;
  }

  /** Whether the connection is to be given up because it answers nothing. */
  isSilent(now_us: number): boolean {
    const waits = this.#welcomed_us !== undefined && this.#entries.length > 0;
    return waits && now_us - this.#heard_us >= this.#limits.silence_us;
  }

  /** The connection is lost or never came about: how long to wait before `address` is tried; undefined: it is over. */
  lost(now_us: number): number | undefined {
    if (this.#entries.length === 0) this.#noteSteady(now_us);
    if (this.#gotOn) {
      this.#rounds.gotOn();
      this.#trouble_us = now_us;
    }
    this.#gotOn = false;
    this.#welcomed_us = undefined;
    for (const entry of this.#entries) entry.isOnWire = false;
    const left_us = this.#trouble_us + this.#limits.patience_us - now_us;
    if (left_us <= 0) return undefined;
    const rounds = this.#rounds.failed();
    return rounds === 0 ? 0 : Math.min(left_us, WAIT_MAX_US, WAIT_MIN_US * 2 ** (rounds - 1));
  }

  /** Takes everything out: what was sent, whose outcome nobody knows, and what never was. */
  takeAll(): { readonly sent: T[]; readonly unsent: T[] } {
    const all = this.#entries;
    this.#entries = [];
    const sent = all.filter(({ times }) => times > 0);
    const unsent = all.filter(({ times }) => times === 0);
    return { sent: sent.map(({ request }) => request), unsent: unsent.map(({ request }) => request) };
  }

  #noteSteady(now_us: number): void {
    if (this.#welcomed_us !== undefined && now_us - this.#welcomed_us >= STEADY_US) this.#gotOn = true;
  }

  #settle(entry: Entry<T>, now_us: number): T {
    this.#entries.splice(this.#entries.indexOf(entry), 1);
    this.#heard_us = now_us;
    this.#gotOn = true;
    return entry.request;
  }
}

function isOf({ request }: Entry<Resumable>, idLow: number, idHigh: number): boolean {
  return request.idLow === idLow && request.idHigh === idHigh;
}
