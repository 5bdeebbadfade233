// The frames that a simulated client reads from a connection: whatever comes is put behind what is left of a frame cut short.

import { DecodeOutcome, decodeFrame, frameLength } from "../protocol/index.ts";

export class FrameInput {
  #input: Uint8Array = new Uint8Array(0);

  /** Another connection: nothing is left of the one before. */
  begin(): void {
    this.#input = new Uint8Array(0);
  }

  /** Gives `hear` every whole frame, as long as `isRead`: a frame may end the connection. What is left waits for more. */
  take(bytes: Uint8Array, isRead: () => boolean, hear: (view: DataView, at: number) => void): void {
    const input = new Uint8Array(this.#input.length + bytes.length);
    input.set(this.#input);
    input.set(bytes, this.#input.length);
    const view = new DataView(input.buffer);
    let at = 0;
    while (isRead() && decodeFrame(view, at, input.length) === DecodeOutcome.Ok) {
      hear(view, at);
      at += frameLength(view, at);
    }
    this.#input = input.slice(at);
  }
}
