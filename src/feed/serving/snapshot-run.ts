// A snapshot as one subscriber, or the snapshot channel, gets it: symbol after symbol, over as many turns as it takes. `first` of
// all its packets is the channel's next sequence when the run began: whoever has them and everything from there on lacks nothing. A
// symbol that came later in the run is newer, as its SnapshotBegin says.

import type { Checksums } from "../../base/index.ts";
import { announcedBytes, type ChannelKind, PacketFlag, PacketWriter } from "../../protocol/index.ts";
import type { PacketCopies } from "./packet-copies.ts";
import type { ServedChannel } from "./served-channel.ts";
import type { ServingParts } from "./serving-parts.ts";
import type { SnapshotImage, SnapshotImages } from "./snapshot-images.ts";

/** Before that nothing is said of how fast an image is read. */
const RATE_AFTER_US = 2_000_000;

export class SnapshotRun {
  readonly epoch: number;
  readonly first: number;
  isDone = false;
  readonly channel: ServedChannel;
  /** Undefined: they are numbered from 0. */
  readonly #symbols: readonly number[] | undefined;
  readonly #count: number;
  #image: SnapshotImage | undefined;
  /** The next symbol's place, and where in the image at work the next packet begins. */
  #index = 0;
  #at = 0;
  #part = 0;
  /** When it came to the image at work. */
  #took_us = 0;

  /** Begins now, at the channel's next message, with these symbols; a number: so many, from 0. */
  constructor(channel: ServedChannel, symbols: readonly number[] | number) {
    this.channel = channel;
    this.epoch = channel.epoch;
    this.first = channel.next;
    this.#symbols = typeof symbols === "number" ? undefined : symbols;
    this.#count = typeof symbols === "number" ? symbols : symbols.length;
  }

  get kind(): ChannelKind {
    return this.channel.kind;
  }

  /** The history that it leads up to is over: what is left of it would be another one's. */
  get isStale(): boolean {
    return this.epoch !== this.channel.epoch;
  }

  /** Something has happened since it began. */
  get isOvertaken(): boolean {
    return this.channel.next > this.first;
  }

  /** The next piece; undefined: an image has to be waited for. Not of a run that is done or stale. */
  take({ copies, images, checksums, clock }: ServingParts): Uint8Array | undefined {
    if (this.#count === 0) return this.#nothing(checksums, clock.wallMicros());
    while (!this.isDone && copies.hasRoom) {
      const symbol = this.#symbols?.[this.#index] ?? this.#index;
      if (this.#image === undefined) {
        this.#image = images.take(this.channel.kind, symbol, this.first);
        this.#took_us = clock.monotonicMicros();
      }
      if (this.#image === undefined) break;
      this.#addPacket(copies, this.#image, images);
    }
    return copies.isEmpty ? undefined : copies.take();
  }

  /** How fast the image that it holds is read, in bytes a second; what was begun a moment ago counts as fast. */
  rate(now_us: number): number {
    const elapsed_us = now_us - this.#took_us;
    if (this.#image === undefined || elapsed_us < RATE_AFTER_US) return Number.POSITIVE_INFINITY;
    return (this.#at * 1e6) / elapsed_us;
  }

  /** Breaks it off. */
  end(images: SnapshotImages): void {
    if (this.#image !== undefined) images.giveBack(this.#image);
    this.#image = undefined;
    this.isDone = true;
  }

  /** Of no symbol: one packet that says so. */
  #nothing(checksums: Checksums, now_us: number): Uint8Array {
    const writer = new PacketWriter(checksums);
    const flags = PacketFlag.Snapshot | PacketFlag.SnapshotLast;
    writer.begin(this.channel.kind, flags, this.epoch, this.first);
    this.isDone = true;
    return writer.bytes.slice(0, writer.seal(now_us));
  }

  #addPacket(copies: PacketCopies, { bytes }: SnapshotImage, images: SnapshotImages): void {
    const from = this.#at;
    const to = from + announcedBytes(bytes, from);
    const isLastOfImage = to === bytes.length;
    const isLast = isLastOfImage && this.#index === this.#count - 1;
    const flags = PacketFlag.Snapshot | (isLast ? PacketFlag.SnapshotLast : 0);
    copies.addPart(bytes, from, to, { first: this.first, part: this.#part++, flags });
    this.#at = to;
    if (!isLastOfImage) return;
    if (this.#image !== undefined) images.giveBack(this.#image);
    this.#image = undefined;
    this.#index++;
    this.#at = 0;
    this.isDone = isLast;
  }
}
