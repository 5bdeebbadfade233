// The public keys that a node knows: who signed, and what that key may do.

import {
  type Ed25519PoolVerifier,
  ed25519PoolVerifier,
  ed25519Verifier,
  tokenFinder,
} from "../platform/index.ts";
import {
  hasAccounts,
  type KeyEntry,
  type KeyLimits,
  type KeyRole,
  type TopicGrant,
} from "../protocol/index.ts";

type Verifier = ReturnType<typeof ed25519Verifier>;

/** What whoever has proved a trader's or reader's key may do. */
export interface Grant {
  readonly name: string;
  readonly role: "trader" | "reader";
  readonly accounts: ReadonlySet<number> | "all";
  readonly limits: KeyLimits;
}

interface KnownKey {
  readonly role: KeyRole;
  readonly verify: Verifier;
  readonly verifyInPool: Ed25519PoolVerifier;
  readonly grant: Grant | undefined;
  readonly topicGrant: TopicGrant | undefined;
}

export class KeyRing {
  /** Of all keys, as another thread makes its own ring of them; no private key is in it. */
  readonly entries: readonly KeyEntry[];
  /** Accounts that traders' keys name one by one; a key for all of them names none. */
  readonly tradersAccounts: ReadonlySet<number>;
  readonly #keys: ReadonlyMap<string, KnownKey>;
  /** Of keys with a token, in the order that the finder knows. */
  readonly #tokenNames: readonly string[];
  readonly #findToken: (token: string) => number;

  constructor(keys: readonly KeyEntry[]) {
    this.entries = keys.map(({ private: _, ...entry }) => entry);
    this.#keys = new Map(
      keys.map((key) => {
        const verify = ed25519Verifier(key.public);
        const verifyInPool = ed25519PoolVerifier(key.public);
        const grants = { grant: grantOf(key), topicGrant: topicGrantOf(key) };
        return [key.name, { role: key.role, verify, verifyInPool, ...grants }];
      }),
    );
    const named = keys.filter(({ role, accounts }) => role === "trader" && accounts !== "all");
    this.tradersAccounts = new Set(named.flatMap(({ accounts }) => accounts as readonly number[]));
    const tokens = keys.flatMap(({ name, token }) => (token === undefined ? [] : [{ name, token }]));
    this.#tokenNames = tokens.map(({ name }) => name);
    this.#findToken = tokenFinder(tokens.map(({ token }) => token));
  }

  /** Names with that role. */
  names(role: KeyRole): string[] {
    return [...this.#keys].filter(([, key]) => key.role === role).map(([name]) => name);
  }

  /** Whether `proof` signs `statement` by the key of `name`, which has that role. */
  isProof(name: string, role: KeyRole, statement: Uint8Array, proof: Uint8Array): boolean {
    const key = this.#keys.get(name);
    return key?.role === role && key.verify(statement, proof);
  }

  /** Whether `proof` signs `statement` by the key of `name`, whatever its role. */
  isProofOf(name: string, statement: Uint8Array, proof: Uint8Array): boolean {
    return this.#keys.get(name)?.verify(statement, proof) ?? false;
  }

  /** Checks on another thread whether a proof is by the key of `name`; undefined: there is none. */
  poolVerifier(name: string): Ed25519PoolVerifier | undefined {
    return this.#keys.get(name)?.verifyInPool;
  }

  /** What the key of `name` may do on the tape; undefined: nothing, or there is none. */
  topicGrant(name: string): TopicGrant | undefined {
    return this.#keys.get(name)?.topicGrant;
  }

  /** What the key of `name` may do on an account; undefined: there is none, or it is no trader's or reader's. */
  grant(name: string): Grant | undefined {
    return this.#keys.get(name)?.grant;
  }

  /** The same of the key whose token this is. */
  grantOfToken(token: string): Grant | undefined {
    const at = this.#findToken(token);
    return at < 0 ? undefined : this.grant(this.#tokenNames[at]);
  }
}

function topicGrantOf({ name, role, topics = [], limits = {} }: KeyEntry): TopicGrant | undefined {
  const isAdmin = role === "admin";
  if (topics.length === 0 && !isAdmin) return undefined;
  return { name, isAdmin, topics, bytesPerSecond: limits.bytes_per_second };
}

function grantOf({ name, role, accounts, limits = {} }: KeyEntry): Grant | undefined {
  if (!hasAccounts(role) || accounts === undefined) return undefined;
  return { name, role, accounts: accounts === "all" ? "all" : new Set(accounts), limits };
}
