// A TCP connection as a session's output, with a bound: beyond it the session is asked for nothing more until the peer
// has taken what there is.
//
// The session writes over its buffer, so what it lends is copied: to memory that is used again and again while the kernel
// takes each write at once, and otherwise, behind one that waits, to memory of its own.

import type { Socket } from "node:net";
import type { SessionOutput } from "../../replication/index.ts";

/** Bytes that may wait for a peer, and one message more: some frames, so that the line is never idle. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;
/** A few frames of a light load; grows to twice the longest message there was: some 2 MiB. */
const MEMORY_BYTES = 64 * 1024;

export class SocketOutput implements SessionOutput {
  readonly #socket: Socket;
  #memory = new Uint8Array(MEMORY_BYTES);
  /** The socket still sends from that memory. */
  #isHeld = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get hasRoom(): boolean {
    return this.#socket.writable && this.#socket.writableLength < WAITING_BYTES_MAX;
  }

  write(bytes: Uint8Array): void {
    const socket = this.#socket;
    if (!socket.writable) return;
    if (this.#isHeld) {
      socket.write(bytes.slice(), this.#written);
      return;
    }
    if (bytes.length > this.#memory.length) this.#memory = new Uint8Array(2 * bytes.length);
    this.#memory.set(bytes);
    socket.write(this.#memory.subarray(0, bytes.length), this.#written);
    this.#isHeld = socket.writableLength > 0;
  }

  // Also called for writes that were taken at once, on a later tick, when others may wait.
  readonly #written = (): void => {
    this.#isHeld = this.#socket.writableLength > 0;
  };
}
