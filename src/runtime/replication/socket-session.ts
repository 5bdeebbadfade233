// A TCP connection as a session's output, with a bound: beyond it the session is asked for nothing more until the peer
// has taken what there is.

import type { Socket } from "node:net";
import type { SessionOutput } from "../../replication/index.ts";

/** Bytes that may wait for a peer, and one message more: some frames, so that the line is never idle. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;

export class SocketOutput implements SessionOutput {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get hasRoom(): boolean {
    return this.#socket.writable && this.#socket.writableLength < WAITING_BYTES_MAX;
  }

  write(bytes: Uint8Array): void {
    // The socket keeps what it can't send at once; the session writes over its buffer.
    if (this.#socket.writable) this.#socket.write(bytes.slice());
  }
}
