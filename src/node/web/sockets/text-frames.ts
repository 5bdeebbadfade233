// WebSocket text frames, made once for all who get the same text (RFC 6455, section 5.2). The library makes a frame per
// receiver: with 50 subscribers that is most of what telling them costs, though a server's frames are the same for everybody.
//
//   0x81 (final, text) | length: 1 byte, or 126 and 2 bytes, or 127 and 8 bytes | text as UTF-8

const FINAL_TEXT = 0x81;
const LENGTH_IN_ONE_BYTE_MAX = 125;
const LENGTH_IN_TWO_BYTES_MAX = 0xffff;
const TWO_BYTES_FOLLOW = 126;
const EIGHT_BYTES_FOLLOW = 127;

/** Texts remembered at once: one flush of a few hundred symbols. */
const FRAMES_MAX = 1_024;

export class TextFrames {
  /** Of this turn of the event loop; a string's hash is computed once, so looking it up again is cheap. */
  readonly #frames = new Map<string, Buffer>();

  /** The frame of `text`; to be written as it is, never changed. */
  of(text: string): Buffer {
    const known = this.#frames.get(text);
    if (known !== undefined) return known;
    const frame = frameOf(text);
    if (this.#frames.size === 0) setImmediate(() => this.#frames.clear());
    if (this.#frames.size < FRAMES_MAX) this.#frames.set(text, frame);
    return frame;
  }
}

function frameOf(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header = headerBytes(length);
  const frame = Buffer.allocUnsafe(header + length);
  frame[0] = FINAL_TEXT;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = TWO_BYTES_FOLLOW;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = EIGHT_BYTES_FOLLOW;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, header);
  return frame;
}

function headerBytes(length: number): number {
  if (length <= LENGTH_IN_ONE_BYTE_MAX) return 2;
  return length <= LENGTH_IN_TWO_BYTES_MAX ? 4 : 10;
}
