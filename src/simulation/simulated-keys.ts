// Keys of simulated nodes. A digest of the signer's name stands for Ed25519, which has its own tests: here it only has to be
// true that a proof holds for one name and one statement.

import { createHash } from "node:crypto";
import type { NodeKeys } from "../replication/index.ts";

export function simulatedKeys(name: string, known: readonly string[]): NodeKeys {
  return {
    prove: (statement) => sign(name, statement),
    isProof: (who, statement, proof) => known.includes(who) && sign(who, statement).equals(proof),
  };
}

function sign(name: string, statement: Uint8Array): Buffer {
  return createHash("sha512").update(name).update(statement).digest();
}
