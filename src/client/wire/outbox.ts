// Requests on their way into a socket: frames are put into a chunk, which leaves in one write. While the kernel has not
// taken a write whole, a flush leaves the chunk as it is, to be filled further and sent when the kernel has: so all that
// waits is in full chunks, however small the flushes, and bytes that are bounded are memory that is bounded.

import type { Socket } from "node:net";

/** One write's worth of requests: about 1,500 new orders. */
const CHUNK_BYTES = 65_536;
/** Bytes that may wait for the kernel: a peer that reads nothing stops the caller here. */
const UNSENT_BYTES_MAX = 1_048_576;
/** Chunks that are kept for the next time: as many as can wait at the bound. */
const SPARE_CHUNKS_MAX = UNSENT_BYTES_MAX / CHUNK_BYTES;

export class Outbox {
  /** Frames are written here, from `length` on, after `reserve`. */
  view = new DataView(new ArrayBuffer(CHUNK_BYTES));
  /** Bytes of `view` in use. */
  length = 0;
  /** How often anything was given to the socket. */
  writes = 0;
  readonly #socket: Socket;
  readonly #onTaken: () => void;
  readonly #spareChunks: DataView<ArrayBuffer>[] = [];
  /** Writes that the kernel has not taken whole. */
  #writesWaiting = 0;

  /** `onTaken` is called whenever the kernel has taken a write. */
  constructor(socket: Socket, onTaken: () => void) {
    this.#socket = socket;
    this.#onTaken = onTaken;
  }

  /** Whether more may be put in. */
  get hasRoom(): boolean {
    return this.#socket.writableLength + this.length <= UNSENT_BYTES_MAX;
  }

  /** Makes room for a frame in `view`. */
  reserve(bytes: number): void {
    if (this.length + bytes > CHUNK_BYTES) this.write();
  }

  /** Puts in a whole frame, encoded by the caller. */
  put(frame: Uint8Array): void {
    this.reserve(frame.length);
    new Uint8Array(this.view.buffer).set(frame, this.length);
    this.length += frame.length;
  }

  /** Sends what was put in, now or when the kernel has taken what was sent before. */
  flush(): void {
    if (this.#writesWaiting === 0) this.write();
  }

  /** Gives what was put in to the socket, whatever waits there. */
  write(): void {
    if (this.length === 0 || this.#socket.destroyed) return;
    this.writes++;
    const chunk = this.view;
    let taken = false;
    this.#socket.write(new Uint8Array(chunk.buffer, 0, this.length), () => {
      if (!taken) this.#written(chunk);
      this.#onTaken();
    });
    this.length = 0;
    // Nothing waits in the socket: the kernel has copied it all, and the chunk is ours again.
    taken = this.#socket.writableLength === 0;
    if (taken) return;
    this.#writesWaiting++;
    this.view = this.#spareChunks.pop() ?? new DataView(new ArrayBuffer(CHUNK_BYTES));
  }

  #written(chunk: DataView<ArrayBuffer>): void {
    if (this.#spareChunks.length < SPARE_CHUNKS_MAX) this.#spareChunks.push(chunk);
    if (--this.#writesWaiting === 0) this.write();
  }
}
