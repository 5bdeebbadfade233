// Who may do what on the order port, as far as the gateway must know: it asks for a proof and is told what that grants. Keys,
// signatures and chance are its user's.

import type { KeyLimits } from "../../protocol/index.ts";

/** What a proved key may do. */
export interface Grant {
  /** The key's name: it goes into the log with the session. */
  readonly name: string;
  readonly role: "trader" | "reader";
  readonly accounts: ReadonlySet<number> | "all";
  readonly limits: KeyLimits;
}

export interface Authenticator {
  /** 32 bytes that nobody has seen before. */
  challenge(): Uint8Array;
  /**
   * Tells what the key of `name` grants when `proof` is its signature of `statement`; undefined otherwise. Once: before it returns, or
   * later, but not from inside a call of the gateway.
   */
  verify(
    name: string,
    statement: Uint8Array,
    proof: Uint8Array,
    told: (grant: Grant | undefined) => void,
  ): void;
}

/** Undefined in a gateway: anybody may say who he is, and nobody can log on. */
export interface Access {
  readonly authenticator: Authenticator;
  /** Open mode: who has not logged on may trade for any account that is not reserved. */
  readonly openOrderEntry: boolean;
  /** Accounts that only a logon gives. */
  readonly reservedAccounts: ReadonlySet<number>;
}
