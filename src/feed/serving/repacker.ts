// Makes packets of one subscriber's own out of the channel's: those of its symbols only, or, while it is slow, the newest state
// instead of every message. Trades, definitions, status and clears are never left out, and before one of them everything that
// waits of its symbol is told. What was left out of a symbol is told before its newest state, by message Conflated.
//
// `first` of a filtered packet is its first message's sequence; of a conflated one, where messages come in another order, the
// sequence from which on they come: who resumes there misses nothing.
// Bounds: the history read in one go, and what it becomes: one piece, which is memory of the subscriber's own.

import { assert, type Checksums, highLane, lowLane } from "../../base/index.ts";
import {
  MarketDataReader,
  MdType,
  messageBytes,
  PACKET_BYTES_MAX,
  PacketFlag,
  PacketWriter,
  packetCount,
  packetFirst,
  putConflated,
} from "../../protocol/index.ts";
import { PendingSymbol } from "./pending-symbol.ts";
import type { ServedChannel } from "./served-channel.ts";
import type { Chunk } from "./shared-chunks.ts";

/** Who the packets are for. */
export interface RepackWish {
  /** Undefined: all. */
  readonly symbols: ReadonlySet<number> | undefined;
  readonly conflates: boolean;
}

const CONFLATED_BYTES = messageBytes(MdType.Conflated);
/** Headers of packets and the room that messages leave unused at their ends: less than 1 / this of what there is. */
const OVERHEAD_PARTS = 8;
/** What is read at once may come to three packets: without it one packet could be too much for a piece. */
const PACKETS_MIN = 4;

export class Repacker {
  /** Messages left out, ever. */
  leftOut = 0;
  /** Bytes of history read, ever. */
  scanned_bytes = 0;
  readonly #out: Uint8Array;
  readonly #scan_bytes: number;
  readonly #writer: PacketWriter;
  readonly #reader = new MarketDataReader();
  readonly #pending = new Map<number, PendingSymbol>();
  /** What everything pending will take. */
  #pending_bytes = 0;
  #used = 0;
  #now_us = 0;
  /** Of the packets at work. */
  #channel: ServedChannel | undefined;
  #flags = 0;
  /** Of the history that is read. */
  #bytes: Uint8Array = new Uint8Array(0);

  /** `chunk_bytes`: of a piece; `scan_bytes`: of history read for one. */
  constructor(checksums: Checksums, chunk_bytes: number, scan_bytes: number) {
    assert(chunk_bytes >= PACKETS_MIN * PACKET_BYTES_MAX, "a piece holds some packets");
    this.#writer = new PacketWriter(checksums);
    this.#out = new Uint8Array(chunk_bytes);
    this.#scan_bytes = scan_bytes;
  }

  /** What follows from `from`, which is kept and less than the channel's next; no bytes: nothing of it is for this subscriber. */
  take(channel: ServedChannel, from: number, wish: RepackWish, now_us: number): Chunk {
    const { symbols, conflates } = wish;
    this.#flags = (symbols === undefined ? 0 : PacketFlag.Filtered) | (conflates ? PacketFlag.Conflated : 0);
    this.#channel = channel;
    this.#now_us = now_us;
    this.#used = 0;
    const cursor = channel.seek(from);
    const reader = this.#reader;
    let [next, scanned] = [from, 0];
    while (scanned < this.#scan_bytes && this.#hasRoom() && cursor.next()) {
      this.#bytes = cursor.bytes;
      scanned += cursor.to - cursor.from;
      next = packetFirst(cursor.bytes, cursor.from) + packetCount(cursor.bytes, cursor.from);
      reader.bind(cursor.bytes, cursor.from, cursor.to);
      while (reader.next()) {
        if (reader.sequence < from || symbols?.has(reader.symbol) === false) continue;
        if (conflates) this.#conflate(from);
        else this.#tell(reader.at, reader.length, reader.sequence);
      }
    }
    this.scanned_bytes += scanned;
    for (const [symbol, pending] of this.#pending) this.#flush(symbol, pending, from);
    this.#pending.clear();
    this.#seal();
    return { bytes: this.#out.slice(0, this.#used), next };
  }

  /** Whether one more packet of history surely fits, whatever becomes of it. */
  #hasRoom(): boolean {
    const waiting = this.#pending_bytes + CONFLATED_BYTES * this.#pending.size;
    const needed = (waiting + 2 * PACKET_BYTES_MAX) * (1 + 1 / OVERHEAD_PARTS);
    return this.#used + this.#writer.length + needed <= this.#out.length;
  }

  #conflate(from: number): void {
    const reader = this.#reader;
    let pending = this.#pending.get(reader.symbol);
    if (pending === undefined) {
      pending = new PendingSymbol();
      this.#pending.set(reader.symbol, pending);
    }
    const before = pending.pending_bytes;
    if (pending.take(reader)) {
      this.#pending_bytes += pending.pending_bytes - before;
      return;
    }
    this.#flush(reader.symbol, pending, from);
    this.#tell(reader.at, reader.length, from);
  }

  /** Tells everything that waits of a symbol. */
  #flush(symbol: number, pending: PendingSymbol, from: number): void {
    if (pending.offsets.length === 0) return;
    const { leftOut, timestamp_us, isWhole, offsets } = pending;
    if (leftOut > 0) this.#tellLeftOut(symbol, leftOut, timestamp_us, from);
    for (const at of offsets) {
      if (at < 0) continue;
      this.#tell(at, messageBytes(this.#bytes[at]), from);
      // Only what all of them together tell is a state that there was.
      this.#writer.continueEvent();
    }
    if (isWhole) this.#writer.endEvent();
    this.#pending_bytes -= pending.pending_bytes;
    pending.clear();
  }

  #tellLeftOut(symbol: number, count: number, timestamp_us: number, from: number): void {
    const writer = this.#writer;
    this.leftOut += count;
    this.#makeRoom(CONFLATED_BYTES, from);
    writer.timestampLow = lowLane(timestamp_us) | 0;
    writer.timestampHigh = highLane(timestamp_us);
    putConflated(writer, symbol, 0, count);
  }

  /** Copies a message; `first`: what its packet's header says if it is the first one there. */
  #tell(at: number, length: number, first: number): void {
    this.#makeRoom(length, first);
    this.#writer.copy(this.#bytes, at, length);
  }

  #makeRoom(length: number, first: number): void {
    const writer = this.#writer;
    if (writer.length + length > PACKET_BYTES_MAX) this.#seal();
    if (writer.length > 0 || this.#channel === undefined) return;
    writer.begin(this.#channel.kind, this.#flags, this.#channel.epoch, first);
  }

  #seal(): void {
    const writer = this.#writer;
    if (writer.length === 0) return;
    const length = writer.seal(this.#now_us);
    this.#out.set(writer.bytes.subarray(0, length), this.#used);
    this.#used += length;
  }
}
