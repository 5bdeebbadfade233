// The session commands of generated flows: connections that come and go, some that log on as another, ends of those that have
// ended. Remembers what was opened, and nothing of what became of it.

import { type Prng, U32_MAX } from "../base/index.ts";
import { type FlowCommand, SESSION_FLAGS } from "../protocol/index.ts";

/** Shares of session commands; more open than end, so that an account reaches the most it may have. */
const SESSIONS = { open: 18, logout: 1, disconnected: 2, dead_man: 1, node_lost: 1 };
/** Instances are one of so many: few, so that sessions come again, or more than an account may have. */
const INSTANCES = [2, 1_000];
const SESSION_NAMES = ["ann", "b", "0123456789abcdef"];

export class SessionDraws {
  readonly #random: Prng;
  readonly #newId: (n: bigint) => bigint;
  readonly #accounts: number;
  readonly #opened: { readonly account: number; readonly session: bigint }[] = [];

  constructor(random: Prng, newId: (n: bigint) => bigint, accounts: number) {
    this.#random = random;
    this.#newId = newId;
    this.#accounts = accounts;
  }

  /** Opens a session, now and then one of a connection that has another, or ends one of the newest, which may have ended. */
  next(): FlowCommand {
    const kind = pickWeighted(this.#random, SESSIONS);
    if (kind !== "open" && this.#opened.length > 0) {
      const session = this.#random.pick(this.#opened.slice(-this.#random.pick([3, 100])));
      return { kind: "session_end", ...session, cause: kind };
    }
    const isNew = this.#opened.length === 0 || this.#random.chance(0.95);
    const { account, session } = isNew ? this.#connection() : this.#random.pick(this.#opened.slice(-3));
    this.#opened.push({ account, session });
    return {
      ...{ kind: "session_open", account, session, who: this.#random.pick(SESSION_NAMES) },
      instance: this.#random.between(0, this.#random.pick(INSTANCES)),
      flags: this.#random.between(0, SESSION_FLAGS),
      deadMan_ms: this.#random.pick([0, 1, U32_MAX]),
    };
  }

  #connection() {
    const account = this.#random.between(0, this.#accounts - 1);
    return { account, session: this.#newId(BigInt(this.#opened.length + 1)) };
  }
}

/** One of the keys, each as often as its share says. */
export function pickWeighted<K extends string>(random: Prng, weights: Readonly<Record<K, number>>): K {
  const shares = Object.entries<number>(weights) as [K, number][];
  let left = random.unit() * shares.reduce((sum, [, share]) => sum + share, 0);
  for (const [kind, share] of shares) {
    left -= share;
    if (left < 0) return kind;
  }
  return shares[0][0];
}
