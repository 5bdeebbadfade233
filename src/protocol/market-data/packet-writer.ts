// Builds one packet at a time in memory of its own: begin, messages, seal. It neither keeps nor sends what it has made: whoever
// seals takes `bytes[0, length)` before the next packet begins.
//
// The last message stays open to be marked as the end of its event until the packet is sealed. Nothing is allocated: the
// checksum's views of the buffer are made once for each length a packet can have.

import { assert, type Checksums, crc32c, setU64 } from "../../base/index.ts";
import { MdFlag, MdHeader, messageBytes, PACKET_BYTES_MAX, PacketLayout } from "./layout.ts";
import { putChecksum, putPacketHeader } from "./packet.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md.
const BYTES_MAX = PACKET_BYTES_MAX;
const HEADER_BYTES = PacketLayout.bytes;
const COUNT = PacketLayout.count;
const SENT_AT = PacketLayout.sentAt;
const CHECKSUM_AT = PacketLayout.checksum;
const TYPE = MdHeader.type;
const FLAGS = MdHeader.flags;
const LENGTH = MdHeader.length;
const SYMBOL = MdHeader.symbol;
const SYMBOL_SEQUENCE = MdHeader.symbolSequence;
const TIMESTAMP = MdHeader.timestamp;
const MESSAGE_HEADER_BYTES = MdHeader.bytes;
const END_OF_EVENT = MdFlag.EndOfEvent;

export class PacketWriter {
  readonly bytes = new Uint8Array(BYTES_MAX);
  readonly view = new DataView(this.bytes.buffer);
  readonly #words = new Int32Array(this.bytes.buffer);
  /** Bytes of the packet so far; 0 while none is begun. */
  length = 0;
  /** Messages in it. */
  count = 0;
  /** The time of the messages that follow, as lanes of microseconds since 1970. */
  timestampLow = 0;
  timestampHigh = 0;
  /** Where the last message of the packet begins; 0 while there is none. */
  #last = 0;
  readonly #checksums: Checksums;
  /** By number of 8-byte words: what comes behind the header of a packet of that length. */
  readonly #contents: (Uint8Array | undefined)[] = [];
  /** By number of 8-byte words: a packet of that length. */
  readonly #packets: (Uint8Array | undefined)[] = [];

  constructor(checksums: Checksums) {
    this.#checksums = checksums;
  }

  /** Begins a packet; `first`: the sequence of its first message, `part`: its number in its snapshot. */
  begin(channel: number, flags: number, epoch: number, first: number, part = 0): void {
    putPacketHeader(this.view, 0, channel, flags, epoch, first, part);
    this.length = HEADER_BYTES;
    this.count = 0;
    this.#last = 0;
  }

  /** Whether a message of `type` still fits. */
  fits(type: number): boolean {
    return this.length + messageBytes(type) <= BYTES_MAX;
  }

  /** Writes the header of a message of `type`, which fits, and returns where its body goes; the body's bytes are zero. */
  message(type: number, symbol: number, symbolSequence: number): number {
    const { view, length: at } = this;
    const length = messageBytes(type);
    view.setUint8(at + TYPE, type);
    view.setUint8(at + FLAGS, 0);
    view.setUint16(at + LENGTH, length, true);
    view.setUint32(at + SYMBOL, symbol, true);
    setU64(view, at + SYMBOL_SEQUENCE, symbolSequence);
    view.setInt32(at + TIMESTAMP, this.timestampLow, true);
    view.setInt32(at + TIMESTAMP + 4, this.timestampHigh, true);
    // A loop is faster than a call out of compiled code for so few words.
    const words = this.#words;
    for (let word = (at + MESSAGE_HEADER_BYTES) >> 2; word < (at + length) >> 2; word++) words[word] = 0;
    this.#last = at;
    this.length = at + length;
    this.count++;
    return at + MESSAGE_HEADER_BYTES;
  }

  /** Marks the last message as the last of its event. */
  endEvent(): void {
    assert(this.#last !== 0, "an event ends with a message of the packet at work");
    this.bytes[this.#last + FLAGS] |= END_OF_EVENT;
  }

  /** The event of the last message goes on: it is a copy of one that ended another. */
  continueEvent(): void {
    this.bytes[this.#last + FLAGS] &= ~END_OF_EVENT;
  }

  /** Adds bits to the packet's flags. */
  flag(flags: number): void {
    this.bytes[PacketLayout.flags] |= flags;
  }

  /** A message of another packet, as it is: what is copied begins at `at` of `bytes`, and fits. */
  copy(bytes: Uint8Array, at: number, length: number): void {
    this.#last = this.length;
    for (let i = 0; i < length; i++) this.bytes[this.length + i] = bytes[at + i];
    this.length += length;
    this.count++;
  }

  /** Completes the packet and returns its length; `sentAt_us`: the wall clock. */
  seal(sentAt_us: number): number {
    const { bytes, view, length } = this;
    assert(length !== 0, "a packet is begun before it is sealed");
    view.setUint16(PacketLayout.length, length, true);
    view.setUint16(COUNT, this.count, true);
    setU64(view, SENT_AT, sentAt_us);
    const header = crc32c(bytes, 0, CHECKSUM_AT);
    putChecksum(bytes, 0, this.#checksums.crc32c(this.#contentOf(length), header));
    this.length = 0;
    return length;
  }

  /** The first `length` bytes: the packet that seal() has returned the length of, until the next one begins. */
  packetOf(length: number): Uint8Array {
    const words = length / 8;
    let packet = this.#packets[words];
    if (packet === undefined) {
      packet = this.bytes.subarray(0, length);
      this.#packets[words] = packet;
    }
    return packet;
  }

  #contentOf(length: number): Uint8Array {
    const words = length / 8;
    let content = this.#contents[words];
    if (content === undefined) {
      content = this.bytes.subarray(HEADER_BYTES, length);
      this.#contents[words] = content;
    }
    return content;
  }
}
