// Who may trade on this node's order port: the traders and readers of its keys file, and the node itself. It makes a key of its
// own at each start, in no file, for its web thread and its simulated traders, which are clients like any other.
//
// The web logs on for whoever said a token: with the name of the token's key and a proof by the node's own. What is granted, what
// limits there are and whose session it is in the log are that key's then, as if it had signed itself.
//
// Signatures are checked on a thread of the runtime's pool: one takes as long as a hundred orders, and the main thread has those to do.

import type { Access, Grant } from "../gateway/index.ts";
import { type Ed25519Pair, ed25519PoolVerifier, makeNonce } from "../platform/index.ts";
import { type KeyEntry, NODE_KEY_NAME } from "../protocol/index.ts";
import type { KeyRing } from "../runtime/index.ts";
import { isLoopback } from "./listening.ts";
import type { Configuration } from "./settings.ts";

/** Whether who has not logged on may trade. */
export function isOpen({ openOrderEntry, host }: Configuration): boolean {
  return openOrderEntry === "auto" ? isLoopback(host) : openOrderEntry === "on";
}

/** `own`: the node's key, for its own sessions and those it logs on for others. */
export function orderAccess(
  configuration: Configuration,
  keys: KeyRing | undefined,
  own: Pick<Ed25519Pair, "public">,
): Access {
  const verifyOwn = ed25519PoolVerifier(own.public);
  const ownGrant: Grant = { name: NODE_KEY_NAME, role: "trader", accounts: "all", limits: {} };
  return {
    authenticator: {
      challenge: makeNonce,
      verify(name, statement, proof, told) {
        const grant = name === NODE_KEY_NAME ? ownGrant : keys?.grant(name);
        const settle = (isProof: boolean) => told(isProof ? grant : undefined);
        // By the own key twice for a name that nobody has: how long a refusal takes doesn't tell whether somebody has it.
        const isInFile = grant !== undefined && grant !== ownGrant;
        const verifyNamed = (isInFile ? keys?.poolVerifier(name) : undefined) ?? verifyOwn;
        verifyNamed(statement, proof, (isProof) =>
          isProof ? settle(true) : verifyOwn(statement, proof, settle),
        );
      },
    },
    openOrderEntry: isOpen(configuration),
    reservedAccounts: keys?.tradersAccounts ?? new Set(),
  };
}

/** Names of the keys that are for an account which this exchange doesn't have: their logons there will be refused. */
export function keysBeyond(accountsMax: number, keys: readonly KeyEntry[]): string[] {
  const isBeyond = ({ accounts }: KeyEntry) =>
    Array.isArray(accounts) && accounts.some((account: number) => account >= accountsMax);
  return keys.filter(isBeyond).map(({ name }) => name);
}
