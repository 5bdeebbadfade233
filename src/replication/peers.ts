// What a session of either side is given by its node: keys, chance, a way out for its bytes. No sockets, no timers: bytes
// and time come in by calls, so that a test or a simulation can own them.

import type { Checksums } from "../base/index.ts";

export interface NodeKeys {
  /** Signs with this node's key. */
  prove(statement: Uint8Array): Uint8Array;
  /** Whether `proof` is a signature of `statement` by the key of the node called `name`. */
  isProof(name: string, statement: Uint8Array, proof: Uint8Array): boolean;
}

export interface Peer {
  /** Its key's, by which the others know that. */
  readonly name: string;
  readonly keys: NodeKeys;
  readonly checksums: Checksums;
  /** Bytes that were never given before. */
  nonce(): Uint8Array;
}

/** Where a session's bytes go. */
export interface SessionOutput {
  /** Whether it wants more now. What is written all the same it keeps: a message at most beyond its bound. */
  readonly hasRoom: boolean;
  /** Takes `bytes`, which are lent for the duration of the call. */
  write(bytes: Uint8Array): void;
}

/** The longest a logon may take: two messages, two signatures and a look into the journal. */
export const LOGON_US = 5_000_000;
/** A node with nothing to say says so this often. */
export const HEARTBEAT_US = 250_000;
/**
 * A replica that was heard within four heartbeats is there, and another node of its name is none. One that comes again is
 * let in as soon as its old connection has been silent for so long, before that is found dead.
 */
export const PRESENT_US = 1_000_000;
/** Eight heartbeats that did not come: the peer is gone, or the way to it. */
export const SILENCE_US = 2_000_000;
