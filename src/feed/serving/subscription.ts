// One channel of one subscriber: how far it has read, what it wants, and what it gets next.
//
//   snapshot ──run done──► live ──new epoch──► snapshot
//
// It reads from the channel's history by a sequence and has no queue of its own; what happens while its snapshot is sent is kept for
// all who join (kept-history.ts). What it has not read when it is dropped there is lost to it: then it has fallen behind, and nothing
// is left out silently.

import type { PacketWriter } from "../../protocol/index.ts";
import { PacketFlag, type SubscribeRequest } from "../../protocol/index.ts";
import { SymbolFilter } from "./filtered-chunks.ts";
import type { KeptHistory, KeptPlace } from "./kept-history.ts";
import type { ServedChannel } from "./served-channel.ts";
import type { ServingParts } from "./serving-parts.ts";
import { SnapshotRun } from "./snapshot-run.ts";

export class Subscription {
  readonly channel: ServedChannel;
  /** When it was sent something last. */
  sent_us: number;
  readonly #parts: ServingParts;
  /** Undefined: all symbols. */
  readonly #filter: SymbolFilter | undefined;
  readonly #conflates: boolean;
  #epoch: number;
  /** The sequence of the next message that it has not been sent. */
  #next: number;
  #run: SnapshotRun | undefined;
  /** From the begin of a snapshot of all symbols until everything that happened meanwhile is sent: where it is there. */
  #kept: KeptPlace | undefined;

  constructor(
    channel: ServedChannel,
    { from, epoch, symbols, conflate }: SubscribeRequest,
    parts: ServingParts,
  ) {
    this.channel = channel;
    this.#parts = parts;
    this.#filter = symbols.length === 0 ? undefined : new SymbolFilter(symbols);
    this.#conflates = conflate;
    this.#epoch = channel.epoch;
    this.sent_us = parts.clock.monotonicMicros();
    const resumes = from > 0 && epoch === channel.epoch && from >= channel.first;
    this.#next = resumes ? from : channel.next;
    if (!resumes) this.#begin();
  }

  /** What it would have to be sent next is no longer kept. */
  get hasFallenBehind(): boolean {
    if (this.#epoch !== this.channel.epoch) return false;
    if (this.#kept !== undefined) return this.#history?.isTooLong(this.#kept) ?? false;
    return this.#next < this.channel.first;
  }

  /** What is kept of the channel for whoever joins. */
  get #history(): KeptHistory | undefined {
    return this.#parts.kept.get(this.channel.kind);
  }

  /** Whether there is something live that it has not been sent or passed over. */
  get isBehind(): boolean {
    return this.#run === undefined && this.#epoch === this.channel.epoch && this.#next < this.channel.next;
  }

  /** Whether it takes conflation, and is at what happens now. */
  get isConflatable(): boolean {
    return this.#conflates && this.#run === undefined && this.#kept === undefined;
  }

  /** The next piece; undefined: there is none in this turn. */
  take(now_us: number): Uint8Array | undefined {
    if (this.#epoch !== this.channel.epoch) this.#begin();
    const piece = this.#run === undefined ? this.#takeLive() : this.#takeSnapshot(this.#run);
    if (piece !== undefined) this.sent_us = now_us;
    return piece;
  }

  /** What tells how far the channel is, while nothing happens there. */
  heartbeat(writer: PacketWriter, now_us: number): Uint8Array {
    const flags = this.#filter === undefined ? 0 : PacketFlag.Filtered;
    writer.begin(this.channel.kind, flags, this.#epoch, this.#next);
    this.sent_us = now_us;
    return writer.bytes.slice(0, writer.seal(this.#parts.clock.wallMicros()));
  }

  /** As SnapshotRun's. */
  snapshotRate(now_us: number): number {
    return this.#run?.rate(now_us) ?? Number.POSITIVE_INFINITY;
  }

  /** Whether a heartbeat is due: it has everything, and has heard nothing for so long. */
  isQuiet(now_us: number): boolean {
    const hasAll =
      this.#run === undefined && this.#epoch === this.channel.epoch && this.#next >= this.channel.next;
    return hasAll && now_us - this.sent_us >= this.#parts.limits.heartbeat_us;
  }

  end(): void {
    this.#run?.end(this.#parts.images);
    this.#run = undefined;
    this.#giveBack();
  }

  #giveBack(): void {
    if (this.#kept !== undefined) this.#history?.giveBack();
    this.#kept = undefined;
  }

  /** From the channel as it is now. */
  #begin(): void {
    this.end();
    this.#epoch = this.channel.epoch;
    this.#next = this.channel.next;
    const symbols = this.#filter === undefined ? this.#parts.market.symbols : [...this.#filter.symbols];
    this.#run = new SnapshotRun(this.channel, symbols);
    // Of some symbols a snapshot is short.
    if (this.#filter === undefined) this.#kept = this.#history?.hold();
  }

  #takeSnapshot(run: SnapshotRun): Uint8Array | undefined {
    const piece = run.take(this.#parts);
    if (!run.isDone) return piece;
    this.#run = undefined;
    this.#parts.counters.snapshots++;
    return piece ?? this.#takeLive();
  }

  /** What happened while its snapshot was sent. */
  #takeKept(): Uint8Array | undefined {
    const place = this.#kept?.after;
    if (place === undefined) {
      this.#giveBack();
      return undefined;
    }
    this.#kept = place;
    this.#next = place.next;
    return place.bytes;
  }

  #takeLive(): Uint8Array | undefined {
    const { channel } = this;
    if (this.#kept !== undefined) {
      const piece = this.#takeKept();
      if (piece !== undefined) return piece;
    }
    if (this.#next >= channel.next || this.#next < channel.first) return undefined;
    const { bytes, next } = this.#read();
    this.#next = next;
    // What is of other symbols alone makes no piece; what follows it is for the next turn.
    return bytes.length > 0 ? bytes : undefined;
  }

  #read() {
    const { repacker, chunks, filtered, clock, counters } = this.#parts;
    const filter = this.#filter;
    const conflates = this.#conflates && this.#isSlow();
    if (filter === undefined && !conflates) return chunks.take(this.channel, this.#next);
    const before = repacker.leftOut;
    const wish = { symbols: filter?.symbols, conflates };
    const now_us = clock.wallMicros();
    const chunk =
      filter === undefined
        ? repacker.take(this.channel, this.#next, wish, now_us)
        : filtered.take(this.channel, this.#next, filter, wish, now_us);
    counters.conflated += repacker.leftOut - before;
    return chunk;
  }

  /** Whether more waits than a peer that keeps up would leave. */
  #isSlow(): boolean {
    const cursor = this.channel.seek(this.#next);
    let waiting = 0;
    while (waiting <= this.#parts.limits.conflateAbove_bytes && cursor.next())
      waiting += cursor.to - cursor.from;
    return waiting > this.#parts.limits.conflateAbove_bytes;
  }
}
