// One channel: it numbers messages, cuts them into packets, keeps those for a while and hands each to the sinks. What the
// messages say is not its business.
//
// The packet at work is sealed when the next message doesn't fit, and at the end of a turn; never in between, so the last message
// of an event can still be marked when the event's end is known.

import { assert, type Checksums, type Clock, powerOfTwoAtLeast } from "../../base/index.ts";
import { type ChannelKind, PacketWriter } from "../../protocol/index.ts";
import { PacketHistory } from "./packet-history.ts";

/** Takes packets as they are sealed. */
export interface ChannelSink {
  /** The packet `bytes[from, to)` of `channel`, lent for the call. It may neither read nor call the publisher. */
  onPacket(channel: Channel, bytes: Uint8Array, from: number, to: number): void;
}

export class Channel {
  readonly kind: ChannelKind;
  readonly writer: PacketWriter;
  readonly history: PacketHistory;
  readonly #clock: Clock;
  readonly #sinks: ChannelSink[] = [];
  /** Microseconds since 1970 when this history began; 0 before there is one. */
  epoch = 0;
  /** The sequence of the next message that is not in a sealed packet. */
  next = 1;
  /** Packets and bytes sealed since the publisher was made. */
  packets = 0;
  bytes = 0;
  /** By symbol: the sequence of its next message. */
  #symbolNext = new Float64Array(0);
  /** By symbol: the channel's sequence of its last message. */
  #symbolLast = new Float64Array(0);
  #isEventOpen = false;
  readonly #cursor: PacketCursor;

  constructor(kind: ChannelKind, historyBytes: number, clock: Clock, checksums: Checksums) {
    this.kind = kind;
    this.#clock = clock;
    this.writer = new PacketWriter(checksums);
    this.history = new PacketHistory(historyBytes);
    this.#cursor = new PacketCursor(this.history);
  }

  /** The oldest sequence that is kept; `next` when none is. */
  get first(): number {
    const { history } = this;
    return history.oldest === history.count ? this.next : history.firstOf(history.oldest);
  }

  /**
   * A cursor before the packet that holds `sequence`, which is from `first` to `next`: at the end for `next`. There is one, and the
   * next call moves it: it is read at once.
   */
  seek(sequence: number): PacketCursor {
    const { history, next, first } = this;
    assert(sequence >= first && sequence <= next, "a sequence that is kept");
    this.#cursor.number = sequence === next ? history.count : history.find(sequence);
    return this.#cursor;
  }

  addSink(sink: ChannelSink): void {
    this.#sinks.push(sink);
  }

  /** The sequence of the next message of `symbol`, which may be one that was never told of. */
  symbolNext(symbol: number): number {
    return symbol < this.#symbolNext.length ? this.#symbolNext[symbol] : 1;
  }

  /** The sequence of the last message of `symbol` on this channel, sealed or not; 0 when it has none. */
  lastOf(symbol: number): number {
    return symbol < this.#symbolLast.length ? this.#symbolLast[symbol] : 0;
  }

  /** The time of the messages that follow, as lanes of microseconds since 1970. */
  setTime(low: number, high: number): void {
    this.writer.timestampLow = low;
    this.writer.timestampHigh = high;
  }

  /** Makes room for a message of `type` in `writer`, and returns its symbol sequence: the caller writes it at once. */
  claim(type: number, symbol: number): number {
    const { writer } = this;
    if (writer.length === 0) this.#begin();
    else if (!writer.fits(type)) {
      this.seal();
      this.#begin();
    }
    if (symbol >= this.#symbolNext.length) this.#grow(symbol + 1);
    this.#isEventOpen = true;
    this.#symbolLast[symbol] = this.next + writer.count;
    return this.#symbolNext[symbol]++;
  }

  /** What was written since the last call is one event; nothing happens when that is nothing. */
  endEvent(): void {
    if (!this.#isEventOpen) return;
    this.#isEventOpen = false;
    this.writer.endEvent();
  }

  /** Seals the packet at work, if there is one, keeps it and hands it to the sinks. */
  seal(): void {
    const { writer, history } = this;
    if (writer.length === 0) return;
    const { count } = writer;
    const length = writer.seal(this.#clock.wallMicros());
    const from = history.append(writer.packetOf(length), this.next);
    this.next += count;
    this.packets++;
    this.bytes += length;
    for (const sink of this.#sinks) sink.onPacket(this, history.bytes, from, from + length);
  }

  /** Begins a new history, of a later epoch. */
  restart(epoch: number): void {
    this.seal();
    this.epoch = epoch;
    this.next = 1;
    this.#symbolNext.fill(1);
    this.#symbolLast.fill(0);
    this.#isEventOpen = false;
    this.history.clear();
  }

  #begin(): void {
    this.writer.begin(this.kind, 0, this.epoch, this.next);
  }

  #grow(symbols: number): void {
    const grown = new Float64Array(powerOfTwoAtLeast(symbols)).fill(1);
    grown.set(this.#symbolNext);
    this.#symbolNext = grown;
    const last = new Float64Array(grown.length);
    last.set(this.#symbolLast);
    this.#symbolLast = last;
  }
}

/** Goes through the sealed packets of a channel, oldest first. */
class PacketCursor {
  /** The next packet's number. */
  number = 0;
  /** The current packet is `bytes[from, to)`. */
  readonly bytes: Uint8Array;
  from = 0;
  to = 0;
  readonly #history: PacketHistory;

  constructor(history: PacketHistory) {
    this.#history = history;
    this.bytes = history.bytes;
  }

  /** Goes to the next packet; false: there is none yet. */
  next(): boolean {
    const history = this.#history;
    if (this.number === history.count) return false;
    this.from = history.placeOf(this.number);
    this.to = this.from + history.lengthOf(this.number);
    this.number++;
    return true;
  }
}
