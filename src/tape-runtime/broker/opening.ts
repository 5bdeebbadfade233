// A connection from its first byte until who serves its role takes over: the handshake, then what has to be asked for it. Its bytes behind
// the Hello wait here, a read at most, because nothing more is read until then.

import { Handshake, type TapeAccess } from "../../tape/index.ts";

export class Opening {
  readonly connection: number;
  readonly address: string;
  readonly handshake: Handshake;
  /** When its handshake has to be over, or its last words said. */
  until_us: number;
  rest: Uint8Array | undefined;
  /** Something sent to it is held by the transport. */
  isHeld = false;
  /** It is being closed. */
  isOver = false;
  /** To be done when it is gone before it is let in: it waits for nothing more. */
  whenGone: (() => void) | undefined;
  /** To be done when nothing is held any more. */
  whenDrained: (() => void) | undefined;

  constructor(connection: number, address: string, access: TapeAccess, until_us: number) {
    this.connection = connection;
    this.address = address;
    this.handshake = new Handshake(access);
    this.until_us = until_us;
  }
}
