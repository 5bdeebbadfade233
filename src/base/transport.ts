// A transport moves bytes of numbered connections and knows nothing of what they mean. Everything runs on one thread:
// the transport calls the handler, the handler calls the transport, and no call of the handler is made from inside a
// call of the transport. So whoever sends or closes need not fear to be re-entered.
//
// A connection's number is its slot (the low 16 bits, small, reused) and a generation above it, so that what is late
// for a closed connection never reaches the next one in its slot. Numbers are non-negative 31-bit integers.

import type { SeriatimError } from "./errors.ts";

/** Bits of the slot in a connection's number. */
const CONNECTION_SLOT_BITS = 16;
/** The most connections a transport can hold at once. */
export const CONNECTION_SLOTS_MAX = 1 << CONNECTION_SLOT_BITS;
/** Generations wrap here: a late call would have to outlast this many successors in its slot. */
export const CONNECTION_GENERATIONS = 1 << (31 - CONNECTION_SLOT_BITS);

/** The number of the connection in `slot` with `generation`. */
export function connectionNumber(slot: number, generation: number): number {
  return generation * CONNECTION_SLOTS_MAX + slot;
}

/** The slot of a connection: below `connectionsMax`, an index for the handler's own tables. */
export function connectionSlot(connection: number): number {
  return connection & (CONNECTION_SLOTS_MAX - 1);
}

/** How a connection ended. */
export const CloseCause = {
  /** Both sides ended it, or this side destroyed it. */
  Finished: 0,
  /** The network or the peer broke it off. */
  Broken: 1,
} as const;
export type CloseCause = (typeof CloseCause)[keyof typeof CloseCause];

export interface TransportHandler {
  /** A peer connected, from `address` ("": this program itself). The first call for this connection. */
  opened(connection: number, address: string): void;
  /** Bytes came in. They are lent for the duration of the call. Never called while reading is paused. */
  received(connection: number, bytes: Uint8Array): void;
  /** The bytes of the send that answered `false` are gone: their memory is free and the next send allowed. */
  drained(connection: number): void;
  /** The peer sends no more, and may still read (half-close). */
  ended(connection: number): void;
  /** The last call for this connection, once for each `opened`, also after `close` and `destroy`. */
  closed(connection: number, cause: CloseCause): void;
}

/** Calls for a connection that is gone do nothing. */
export interface Transport {
  /** Starts to accept connections; throws SeriatimError (`EADDRINUSE`, ...) naming the address. */
  listen(address: ListenAddress, handler: TransportHandler): Promise<Listener>;
  /**
   * Sends `bytes[from, to)`. True: they are taken (or the connection is gone), the memory may be reused now. False:
   * they are held by reference and must stay as they are, and nothing more may be sent, until `drained` or `closed`.
   */
  send(connection: number, bytes: Uint8Array, from: number, to: number): boolean;
  /**
   * Bytes given to the kernel that the peer's has not acknowledged, or -1 where that can't be seen. While a send is
   * held any change means that the peer takes bytes. As seen a moment ago: asking makes the transport look again.
   */
  unacknowledgedBytes(connection: number): number;
  /** Calls `turned` once, after whatever this turn of the event loop still reads: the next one begins with it. */
  nextTurn(turned: () => void): void;
  /** Stops calling `received` and `ended`, so that the peer is pushed back, until `resume`. */
  pause(connection: number): void;
  resume(connection: number): void;
  /**
   * Ends the connection once what was sent is out: the peer reads everything, then the end. Of this connection only
   * `closed` is called from now on.
   */
  close(connection: number): void;
  /** Breaks the connection off at once, also one that is being closed. Memory that was held is free now; only `closed` is called from now on. */
  destroy(connection: number): void;
}

export interface ListenAddress {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** The setting that it comes from, for messages. */
  readonly setting?: string | undefined;
}

export interface Listener {
  /** The port listened on. */
  readonly port: number;
  /** Resolves with why it can't listen any more, if that ever happens. */
  readonly failed: Promise<SeriatimError>;
  /** Stops accepting. Connections that are open stay open. */
  close(): Promise<void>;
}
