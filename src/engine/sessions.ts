// The sessions that are logged on, as the log says: with what they asked for when they are gone. An entry ends with its
// SessionEnd; one with a dead man outlives its connection as *silent*, until the session comes back or its time is over.
// Who watches the time is the gateway's business: here a session is only ever ended by a command.

/** Of one account; one more is answered StorageExhausted. With 8,192 accounts: 524,288, about 100 MiB. */
export const SESSIONS_OF_ACCOUNT_MAX = 64;

export interface Session {
  readonly account: number;
  /** The connection's number, as i32 lanes: what its order records have. */
  readonly sessionLow: number;
  readonly sessionHigh: number;
  /** The name of the key that logged on. With account and instance it is what makes a session the same one again. */
  readonly who: string;
  readonly instance: number;
  /** SessionFlag. */
  readonly flags: number;
  /** 0 = none. */
  readonly deadMan_ms: number;
  /** Its connection is gone and its dead man's time is running. */
  readonly isSilent: boolean;
}

export class Sessions {
  /** Of each account, by (who, instance): so what is found first does not depend on how it came about. */
  readonly #byAccount = new Map<number, Session[]>();

  get count(): number {
    let count = 0;
    for (const sessions of this.#byAccount.values()) count += sessions.length;
    return count;
  }

  /** All of them, in no order that means anything. */
  *[Symbol.iterator](): IterableIterator<Session> {
    for (const sessions of this.#byAccount.values()) yield* sessions;
  }

  /** Adds an entry, or replaces the one of the same (who, instance); false when the account has as many as may be. */
  put(session: Session): boolean {
    const own = this.#byAccount.get(session.account) ?? [];
    const place = own.findIndex((other) => compare(other, session) >= 0);
    const isKnown = place >= 0 && compare(own[place], session) === 0;
    if (!isKnown && own.length === SESSIONS_OF_ACCOUNT_MAX) return false;
    own.splice(place < 0 ? own.length : place, isKnown ? 1 : 0, session);
    this.#byAccount.set(session.account, own);
    return true;
  }

  /** The entry of an account with this connection's number. */
  find(account: number, sessionLow: number, sessionHigh: number): Session | undefined {
    return this.#byAccount
      .get(account)
      ?.find((session) => session.sessionLow === sessionLow && session.sessionHigh === sessionHigh);
  }

  remove(session: Session): void {
    const left = this.#byAccount.get(session.account)?.filter((other) => other !== session) ?? [];
    if (left.length > 0) this.#byAccount.set(session.account, left);
    else this.#byAccount.delete(session.account);
  }

  /** By account, who and instance, ascending. Cold path: allocates. */
  sorted(): Session[] {
    return [...this].sort((a, b) => a.account - b.account || compare(a, b));
  }
}

/** Below 0, 0 or above 0 as `a` stands before, is the same as, or stands behind `b` within their account. */
export function compare(a: Session, b: Session): number {
  if (a.who !== b.who) return a.who < b.who ? -1 : 1;
  return a.instance - b.instance;
}
