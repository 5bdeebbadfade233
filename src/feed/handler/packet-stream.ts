// Bytes of a stream in, whole packets and replies out, whatever the splits. Bytes that are neither are passed over one by one until a
// packet follows whose checksum holds: only that ends the search, because a reply has no checksum.
//
// Bounds: one buffer of BUFFER_BYTES; what can't be judged yet is shorter than a packet, so there is always room. Nothing is
// allocated per packet.

import type { Checksums } from "../../base/index.ts";
import {
  announcedBytes,
  isMdRequest,
  MARKET_DATA_VERSION,
  PACKET_BYTES_MAX,
  PacketLayout,
  PacketProblem,
  packetProblem,
} from "../../protocol/index.ts";

/** One read's worth. */
const BUFFER_BYTES = 65_536;
/** Length, version, and what it is. */
const HEAD_BYTES = 4;
const KIND_AT = PacketLayout.channel;
const REPLY_BYTES_MIN = 8;
const REPLY_BYTES_MAX = 24;

/** Who takes what the stream holds: bytes[from, to), lent for the call. */
export interface PacketSink {
  packet(bytes: Uint8Array, from: number, to: number): void;
  reply(bytes: Uint8Array, from: number, to: number): void;
}

export class PacketStream {
  /** Bytes passed over because they were no part of a packet, and how often such a stretch began. */
  skippedBytes = 0;
  losses = 0;
  readonly #checksums: Checksums;
  readonly #sink: PacketSink;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  /** Bytes that wait for the rest of their packet. */
  #length = 0;
  #isLost = false;

  constructor(checksums: Checksums, sink: PacketSink) {
    this.#checksums = checksums;
    this.#sink = sink;
  }

  /** Forgets what waits: another connection begins. */
  reset(): void {
    this.#length = 0;
    this.#isLost = false;
  }

  /** Takes bytes[from, to) and gives what is whole by then. */
  push(bytes: Uint8Array, from = 0, to = bytes.length): void {
    for (let at = from; at < to; ) {
      const taken = Math.min(to - at, BUFFER_BYTES - this.#length);
      this.#buffer.set(bytes.subarray(at, at + taken), this.#length);
      this.#length += taken;
      at += taken;
      this.#give();
    }
  }

  #give(): void {
    const buffer = this.#buffer;
    let at = 0;
    while (this.#length - at >= HEAD_BYTES) {
      const length = this.#lengthAt(at);
      if (length > this.#length - at) break;
      at += length > 0 && this.#take(at, length) ? length : this.#skip();
    }
    buffer.copyWithin(0, at, this.#length);
    this.#length -= at;
  }

  /** What the bytes at `at` may be, by their length; 0: nothing. */
  #lengthAt(at: number): number {
    const buffer = this.#buffer;
    if (buffer[at + PacketLayout.version] !== MARKET_DATA_VERSION) return 0;
    const length = announcedBytes(buffer, at);
    const isReply = isMdRequest(buffer[at + KIND_AT]);
    const least = isReply ? REPLY_BYTES_MIN : PacketLayout.bytes;
    const most = isReply ? REPLY_BYTES_MAX : PACKET_BYTES_MAX;
    return length >= least && length <= most && length % 8 === 0 ? length : 0;
  }

  #take(at: number, length: number): boolean {
    const buffer = this.#buffer;
    if (isMdRequest(buffer[at + KIND_AT])) {
      if (!this.#isLost) this.#sink.reply(buffer, at, at + length);
      return !this.#isLost;
    }
    if (packetProblem(buffer, at, at + length, this.#checksums) !== PacketProblem.None) return false;
    this.#isLost = false;
    this.#sink.packet(buffer, at, at + length);
    return true;
  }

  #skip(): number {
    if (!this.#isLost) this.losses++;
    this.#isLost = true;
    this.skippedBytes++;
    return 1;
  }
}
