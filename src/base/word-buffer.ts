// Memory of frames and messages under its three views. One class for both, so that the frame in a message is read where it lies.

import { assert } from "./assert.ts";

export class WordBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Int32Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;

  /** `length` bytes: whole words of 8, as frames and messages are. */
  constructor(length: number) {
    assert(length % 8 === 0, "a buffer is whole words");
    const buffer = new ArrayBuffer(length);
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.view = new DataView(buffer);
  }
}
