// Keys of simulated nodes. A digest of the signer's name stands for Ed25519, which has its own tests: here it only has to be
// true that a proof holds for one name and one statement.

import { createHash } from "node:crypto";
import type { Access, Authenticator } from "../gateway/index.ts";
import type { NodeKeys } from "../replication/index.ts";

export function simulatedKeys(name: string, known: readonly string[]): NodeKeys {
  return {
    prove: (statement) => signAs(name, statement),
    isProof: (who, statement, proof) => known.includes(who) && signAs(who, statement).equals(proof),
  };
}

/** Anybody may log on, by a key of any name, for any account; open connections too, but for these accounts. */
export function simulatedAccess(nonce: () => Uint8Array, reserved: readonly number[]): Access {
  const verify: Authenticator["verify"] = (name, statement, proof, told) => {
    const isProof = signAs(name, statement).equals(proof);
    told(isProof ? { name, role: "trader", accounts: "all", limits: {} } : undefined);
  };
  return {
    authenticator: { challenge: nonce, verify },
    openOrderEntry: true,
    reservedAccounts: new Set(reserved),
  };
}

export function signAs(name: string, statement: Uint8Array): Buffer {
  return createHash("sha512").update(name).update(statement).digest();
}
