// Who may send how much: every request on an order, cancel and query takes a token of its session and one of its account.
// Cancels have buckets of their own, so whoever is throttled can still get out; so have an account's queries for lists,
// which cost more than they say, and its mass cancels, each of which looks at all its orders. Over the rate a request is refused (Throttled), never sequenced, and its connection goes on.
//
// Heartbeats, Hello and logons take none here: refusing one costs what answering it does, and a connection's turn bounds
// both; logons have limits of their own (logon-attempts.ts). So does the one list of the open mode, of instruments: how
// fast its peer reads it bounds how often it is asked for.
//
// What a session's buckets lack when it ends, the next session of its key lacks: logging on again buys nothing.
//
// Where there are enough tokens for whatever a turn may bring, requests on orders are not asked for one by one, but counted and
// taken together behind it: nobody else takes any in between.
//
// Time is the last tick's: no clock is read per frame, and a bucket holds a second's worth, ten ticks and more.

import { MessageType } from "../../protocol/index.ts";
import { type Debt, left, TokenBuckets } from "./token-bucket.ts";

/** Requests a second. */
export interface RateLimits {
  /** Orders, modifies and questions about one order, of a logged-on session, and of all sessions of an account. */
  readonly frames: number;
  readonly accountFrames: number;
  /** Cancels of the same. */
  readonly cancels: number;
  readonly accountCancels: number;
  /** Lists of open orders or instruments, of an account's logged-on sessions. */
  readonly queries: number;
  /** Mass cancels, of an account's logged-on sessions. */
  readonly massCancels: number;
  /**
   * Orders and modifies of a connection that has proved nothing, and of the account it says it is; as many cancels beside
   * them. Anybody may say he is another account there, so a rate that a single program can reach would let one keep another out.
   */
  readonly open: number;
}

/** What a key may say instead. */
export interface SessionRates {
  readonly frames_per_second?: number;
  readonly cancels_per_second?: number;
}

/** Several times what one node can sequence, requests a second: a rate of the open mode from here on is none, and costs nothing. */
const OPEN_RATE_FREE = 5_000_000;

export const RATE_LIMITS: RateLimits = {
  frames: 100_000,
  accountFrames: 200_000,
  cancels: 100_000,
  accountCancels: 200_000,
  queries: 10,
  massCancels: 10,
  open: OPEN_RATE_FREE,
};

/** Requests refused, by the limit that they met; of both the session's. */
export const NO_REQUESTS = {
  ...{ session_orders: 0, session_cancels: 0, account_orders: 0, account_cancels: 0 },
  ...{ account_queries: 0, account_mass_cancels: 0 },
};
export type RequestLimit = keyof typeof NO_REQUESTS;

// What kind of bucket a request takes from; constants of a hot file: docs/adr/constants-of-hot-files.md
const FREE = 0;
const FRAME = 1;
const CANCEL = 2;
const QUERY = 3;
const MASS_CANCEL = 4;

/** By message type, of connections that have proved nothing: the only ones that they can send for. */
const OPEN_CLASSES = new Uint8Array(256);
OPEN_CLASSES[MessageType.NewOrder] = FRAME;
OPEN_CLASSES[MessageType.Modify] = FRAME;
OPEN_CLASSES[MessageType.CancelOrder] = CANCEL;

/** The same of logged-on sessions. */
const CLASSES = OPEN_CLASSES.slice();
CLASSES[MessageType.OrderStatus] = FRAME;
CLASSES[MessageType.MassCancel] = MASS_CANCEL;
CLASSES[MessageType.OpenOrders] = QUERY;
CLASSES[MessageType.Instruments] = QUERY;

/** What a session's buckets lacked when it ended. */
interface Debts {
  readonly frames: Debt;
  readonly cancels: Debt;
}

export class Throttles {
  /** The limit that the request met which was refused last. */
  met: RequestLimit = "session_orders";
  readonly #limits: RateLimits;
  readonly #sessionFrames: TokenBuckets;
  readonly #sessionCancels: TokenBuckets;
  readonly #accountFrames: TokenBuckets;
  readonly #accountCancels: TokenBuckets;
  readonly #accountQueries: TokenBuckets;
  readonly #accountMassCancels: TokenBuckets;
  /** Of the session in each slot, a second. */
  readonly #frameRates: Float64Array;
  readonly #cancelRates: Float64Array;
  /** 1: it has logged on. */
  readonly #isLoggedOn: Uint8Array;
  /** The open mode's rate is beyond what a node sequences: nothing of it is counted. */
  readonly #isOpenFree: boolean;
  /** Of each key's sessions that have ended, the greatest; as many as there are keys. */
  readonly #debts = new Map<string, Debts>();

  constructor(limits: RateLimits, connectionsMax: number, accountsMax: number) {
    this.#limits = limits;
    this.#sessionFrames = new TokenBuckets(connectionsMax);
    this.#sessionCancels = new TokenBuckets(connectionsMax);
    this.#accountFrames = new TokenBuckets(accountsMax);
    this.#accountCancels = new TokenBuckets(accountsMax);
    this.#accountQueries = new TokenBuckets(accountsMax);
    this.#accountMassCancels = new TokenBuckets(accountsMax);
    this.#frameRates = new Float64Array(connectionsMax);
    this.#cancelRates = new Float64Array(connectionsMax);
    this.#isLoggedOn = new Uint8Array(connectionsMax);
    this.#isOpenFree = limits.open >= OPEN_RATE_FREE;
  }

  /** A new connection in `slot`: it has proved nothing yet. */
  opened(slot: number): void {
    this.#sessionFrames.reset(slot);
    this.#sessionCancels.reset(slot);
    this.#frameRates[slot] = this.#limits.open;
    this.#cancelRates[slot] = this.#limits.open;
    this.#isLoggedOn[slot] = 0;
  }

  /** It has proved the key of `who`: from now on that key's rates hold, or what the node says for all. */
  loggedOn(slot: number, who: string, rates: SessionRates): void {
    this.#frameRates[slot] = rates.frames_per_second ?? this.#limits.frames;
    this.#cancelRates[slot] = rates.cancels_per_second ?? this.#limits.cancels;
    this.#isLoggedOn[slot] = 1;
    const debts = this.#debts.get(who);
    if (debts === undefined) return;
    this.#sessionFrames.owe(slot, debts.frames);
    this.#sessionCancels.owe(slot, debts.cancels);
  }

  /** The session of `who` in `slot` has ended. */
  ended(slot: number, who: string): void {
    const before = this.#debts.get(who);
    const frames = greater(before?.frames, this.#sessionFrames.debt(slot), this.#frameRates[slot]);
    const cancels = greater(before?.cancels, this.#sessionCancels.debt(slot), this.#cancelRates[slot]);
    this.#debts.set(who, { frames, cancels });
  }

  /** Whether what the connection in `slot` sends takes tokens at all. */
  counts(slot: number): boolean {
    return this.#isLoggedOn[slot] === 1 || !this.#isOpenFree;
  }

  /** Whether so many orders, modifies and cancels, in whatever mix, have tokens of session and account; none is taken. */
  haveTokens(slot: number, account: number, requests: number, now_us: number): boolean {
    const { accountFrames, accountCancels, open } = this.#limits;
    const isOpen = this.#isLoggedOn[slot] === 0;
    return (
      this.#sessionFrames.has(slot, this.#frameRates[slot], now_us, requests) &&
      this.#sessionCancels.has(slot, this.#cancelRates[slot], now_us, requests) &&
      this.#accountFrames.has(account, isOpen ? open : accountFrames, now_us, requests) &&
      this.#accountCancels.has(account, isOpen ? open : accountCancels, now_us, requests)
    );
  }

  /** Takes the tokens of so many orders and modifies, and so many cancels, that `haveTokens` has seen. */
  spend(slot: number, account: number, orders: number, cancels: number): void {
    this.#sessionFrames.take(slot, orders);
    this.#accountFrames.take(account, orders);
    this.#sessionCancels.take(slot, cancels);
    this.#accountCancels.take(account, cancels);
  }

  /** Takes the tokens of a request of that type, from session and account; false: at least one has none, and none is taken. */
  admits(slot: number, account: number, type: MessageType, now_us: number): boolean {
    const isOpen = this.#isLoggedOn[slot] === 0;
    const kind = isOpen ? OPEN_CLASSES[type] : CLASSES[type];
    if (kind === FREE) return true;
    const { accountFrames, accountCancels, queries, massCancels, open } = this.#limits;
    switch (kind) {
      case FRAME: {
        const rate = isOpen ? open : accountFrames;
        if (!this.#sessionFrames.has(slot, this.#frameRates[slot], now_us))
          return this.#refuse("session_orders");
        if (!this.#accountFrames.has(account, rate, now_us)) return this.#refuse("account_orders");
        this.spend(slot, account, 1, 0);
        return true;
      }
      case CANCEL: {
        const rate = isOpen ? open : accountCancels;
        if (!this.#sessionCancels.has(slot, this.#cancelRates[slot], now_us))
          return this.#refuse("session_cancels");
        if (!this.#accountCancels.has(account, rate, now_us)) return this.#refuse("account_cancels");
        this.spend(slot, account, 0, 1);
        return true;
      }
      case QUERY:
        if (!this.#accountQueries.has(account, queries, now_us)) return this.#refuse("account_queries");
        this.#accountQueries.take(account);
        return true;
      default:
        if (!this.#accountMassCancels.has(account, massCancels, now_us))
          return this.#refuse("account_mass_cancels");
        this.#accountMassCancels.take(account);
        return true;
    }
  }

  #refuse(met: RequestLimit): false {
    this.met = met;
    return false;
  }
}

/** The one of which more is left when the later one was reckoned: else a session that sent little would end the other's. */
function greater(a: Debt | undefined, b: Debt, rate: number): Debt {
  if (a === undefined) return b;
  const now_us = Math.max(a.at_us, b.at_us);
  return left(a.taken, now_us - a.at_us, rate) > left(b.taken, now_us - b.at_us, rate) ? a : b;
}
