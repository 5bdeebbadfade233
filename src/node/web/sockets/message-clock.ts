// Until when a peer must have finished the message that it began. The library tells of whole messages, pings and pongs alone, so
// whatever was read beyond them is the beginning of one. What comes in one read with the end of a message counts as that message's: who
// stops right there is found by the ping that he does not answer, and by this clock as soon as another byte comes.

/** Of a frame of a client that is no message: two bytes and a mask. */
const CONTROL_HEADER_bytes = 6;

export class MessageClock {
  readonly #message_us: number;
  #read_bytes = 0;
  /** Of those, what was told of. */
  #told_bytes = 0;
  /** When the beginning of a message was first seen, in microseconds; -1: none is. */
  #since_us = -1;

  /** `message_us`: from the look that sees its beginning to its end. */
  constructor(message_us: number) {
    this.#message_us = message_us;
  }

  /** Bytes came; to be told before what the library makes of them. */
  read(bytes: number): void {
    this.#read_bytes += bytes;
  }

  /** A message is whole. */
  message(): void {
    this.#told_bytes = this.#read_bytes;
    this.#since_us = -1;
  }

  /** A ping or pong that carries so much: it may lie between the pieces of a message. */
  control(bytes: number): void {
    this.#told_bytes = Math.min(this.#read_bytes, this.#told_bytes + CONTROL_HEADER_bytes + bytes);
  }

  /** Whether the message that is begun has had its time. `isRead`: the peer is; one that is not can't finish. */
  isOver(now_us: number, isRead: boolean): boolean {
    if (!isRead || this.#told_bytes === this.#read_bytes) this.#since_us = -1;
    else if (this.#since_us < 0) this.#since_us = now_us;
    return this.#since_us >= 0 && now_us - this.#since_us >= this.#message_us;
  }
}
