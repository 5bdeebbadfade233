// Secret tokens, for programs that can't sign (browsers): 32 random bytes as base64url text, known to a node by their SHA-256 alone.

/// <reference types="node" preserve="true" />

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const TOKEN_BYTES = 32;
/** Longer text is no token, and is not hashed. */
const TOKEN_CHARACTERS = 43;

export function makeToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}

/** What a keys file says of a token. */
export function tokenDigest(token: string): string {
  return digest(token).toString("base64url");
}

/** What finds which of `digests` is a token's, or -1, in a time that depends on none of them. */
export function tokenFinder(digests: readonly string[]): (token: string) => number {
  const known = digests.map((text) => Buffer.from(text, "base64url"));
  return (token) => {
    if (token.length !== TOKEN_CHARACTERS) return -1;
    const mine = digest(token);
    let found = -1;
    known.forEach((other, i) => {
      if (timingSafeEqual(mine, other)) found = i;
    });
    return found;
  };
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
