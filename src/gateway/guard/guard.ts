// What keeps one peer from taking what others need: how many connections an address has, how often it is tried to log on,
// until when something must have happened, how much may be sent. One object that the gateway asks; the decisions are the
// files' it is made of.
//
// Its time is the last tick's, and goes on by a second at most from one to the next: while the gateway itself stood still, a
// peer's bytes waited for it, and nobody was silent.

import { AddressTable, addressKey } from "../../base/index.ts";
import type { MessageType } from "../../protocol/index.ts";
import type { CloseReason, GatewayCounters, GatewayLimits } from "../limits.ts";
import { Deadlines, type Seen } from "./deadlines.ts";
import { LogonAttempts } from "./logon-attempts.ts";
import { type SessionRates, Throttles } from "./throttles.ts";

/** The most that one tick counts for. */
const STEP_MAX_us = 1_000_000;

export class Guard {
  readonly #counters: GatewayCounters;
  readonly #throttles: Throttles;
  readonly #deadlines: Deadlines;
  readonly #addresses: AddressTable;
  readonly #attempts: LogonAttempts;
  /** By slot: what the address of its connection counts as. */
  readonly #keys: string[];
  #now_us = 0;
  /** The clock at the last tick; -1: there was none. */
  #ticked_us = -1;

  constructor(limits: GatewayLimits, counters: GatewayCounters) {
    const { connectionsMax, accountsMax, rates, deadlines, addresses, attempts } = limits;
    this.#counters = counters;
    this.#throttles = new Throttles(rates, connectionsMax, accountsMax);
    this.#deadlines = new Deadlines(deadlines, connectionsMax);
    this.#addresses = new AddressTable(addresses);
    this.#attempts = new LogonAttempts(attempts);
    this.#keys = new Array<string>(connectionsMax).fill("");
  }

  /** Its time, in microseconds from the first tick on. */
  get now_us(): number {
    return this.#now_us;
  }

  /** To be called some times a second, before connections are looked at. */
  tick(now_us: number): void {
    if (this.#ticked_us >= 0) this.#now_us += Math.min(now_us - this.#ticked_us, STEP_MAX_us);
    this.#ticked_us = now_us;
  }

  /** A connection opens in `slot`; false: its address has as many as one may have, and this one is not counted. */
  enter(slot: number, address: string): boolean {
    const key = addressKey(address);
    if (!this.#addresses.enter(key)) return false;
    this.#keys[slot] = key;
    this.#throttles.opened(slot);
    this.#deadlines.opened(slot, this.#now_us);
    return true;
  }

  /** The connection in `slot`, which has entered, is gone. */
  leave(slot: number): void {
    this.#addresses.leave(this.#keys[slot]);
    this.#keys[slot] = "";
  }

  /** What the address of the connection in `slot` counts as. */
  addressOf(slot: number): string {
    return this.#keys[slot];
  }

  /** The connection in `slot` has to log on: from now on its time runs. */
  mustLogOn(slot: number): void {
    this.#deadlines.mustLogOn(slot, this.#now_us);
  }

  /** It tries to; false: too many have, of its address or of all. To be asked before any signature is looked at. */
  admitsLogon(slot: number): boolean {
    const admits = this.#attempts.admits(this.#keys[slot], this.#now_us);
    if (!admits) this.#counters.throttled.logon++;
    return admits;
  }

  /** It has, with the key of `who` that may send this much. Its silence is its session's to judge from now on. */
  loggedOn(slot: number, who: string, rates: SessionRates): void {
    this.#throttles.loggedOn(slot, who, rates);
    this.#deadlines.loggedOn(slot);
  }

  /** The session in `slot`, which the key of `who` has proved, is over. */
  ended(slot: number, who: string): void {
    this.#throttles.ended(slot, who);
  }

  /** Whether requests of the connection in `slot` have a rate: for `admits` to be asked. Changes when it logs on. */
  counts(slot: number): boolean {
    return this.#throttles.counts(slot);
  }

  /** Whether a request of that type may be taken now; false: it is over the rate. */
  admits(slot: number, account: number, type: MessageType): boolean {
    const admits = this.#throttles.admits(slot, account, type, this.#now_us);
    if (!admits) this.#counters.throttled[this.#throttles.met]++;
    return admits;
  }

  /** Whether so many requests on orders may be taken now: then they need not be asked for one by one, but are told to `spend`. */
  haveTokens(slot: number, account: number, requests: number): boolean {
    return this.#throttles.haveTokens(slot, account, requests, this.#now_us);
  }

  spend(slot: number, account: number, orders: number, cancels: number): void {
    this.#throttles.spend(slot, account, orders, cancels);
  }

  /** Why the connection in `slot`, of which this is seen at this look, has to be closed; or undefined. */
  look(slot: number, seen: Seen): CloseReason | undefined {
    return this.#deadlines.look(slot, seen, this.#now_us);
  }
}
