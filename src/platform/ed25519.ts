// Ed25519 by the runtime's own library. Keys travel as base64url text of their 32 bytes, a JWK's x and d.

/// <reference types="node" preserve="true" />

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  randomBytes,
  sign,
  verify,
} from "node:crypto";

const NONCE_BYTES = 32;

export interface Ed25519Pair {
  readonly public: string;
  readonly private: string;
}

export function makeEd25519Pair(): Ed25519Pair {
  const { x = "", d = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  return { public: x, private: d };
}

/** What signs with the pair's private key. Throws when the two don't belong together. */
export function ed25519Signer(pair: Ed25519Pair): (statement: Uint8Array) => Uint8Array {
  const key = createPrivateKey({ key: { ...jwk(pair.public), d: pair.private }, format: "jwk" });
  const { x } = createPublicKey(key).export({ format: "jwk" });
  if (x !== pair.public) throw new Error("the private key is not the public one's");
  return (statement) => sign(null, statement, key);
}

/** Whether a proof is a signature of the statement. */
export type Ed25519Verifier = (statement: Uint8Array, proof: Uint8Array) => boolean;

/** Tells the same, always later, and has it found out on a thread of the runtime's pool. */
export type Ed25519PoolVerifier = (
  statement: Uint8Array,
  proof: Uint8Array,
  told: (isProof: boolean) => void,
) => void;

/** By the private key of `publicKey`. */
export function ed25519Verifier(publicKey: string): Ed25519Verifier {
  const key = createPublicKey({ key: jwk(publicKey), format: "jwk" });
  return (statement, proof) => verify(null, statement, key, proof);
}

/** By the private key of `publicKey`. Neither statement nor proof may be changed until it has told. */
export function ed25519PoolVerifier(publicKey: string): Ed25519PoolVerifier {
  const key = createPublicKey({ key: jwk(publicKey), format: "jwk" });
  return (statement, proof, told) =>
    verify(null, statement, key, proof, (error, isProof) => told(error === null && isProof));
}

/** 32 bytes that nobody has seen before. */
export function makeNonce(): Uint8Array {
  return randomBytes(NONCE_BYTES);
}

function jwk(x: string): JsonWebKey {
  return { kty: "OKP", crv: "Ed25519", x };
}
