// Snapshots of symbols, made when a subscriber comes to them and shared by all who come to them meanwhile. An image is the packets
// that the publisher gives, back to back; each subscriber sends copies with its own run's numbers.
//
// Bounds: what is made in one turn, and what all subscribers hold together; who has to wait for either asks again next turn.

import type { ChannelKind } from "../../protocol/index.ts";
import type { ServedMarket } from "./served-channel.ts";

export interface SnapshotImage {
  readonly kind: ChannelKind;
  readonly symbol: number;
  readonly epoch: number;
  /** The channel's next sequence when it was made. */
  readonly next: number;
  /** Whole packets. */
  readonly bytes: Uint8Array;
  /** Who has taken it and not given it back. */
  holders: number;
}

export interface ImageLimits {
  readonly perTurn_bytes: number;
  readonly held_bytes: number;
}

export class SnapshotImages {
  /** Bytes of all images that somebody holds or may share. */
  held_bytes = 0;
  /** Somebody has to wait for the next turn. */
  isShort = false;
  readonly #market: ServedMarket;
  readonly #limits: ImageLimits;
  /** The newest of each channel and symbol. */
  readonly #images = new Map<string, SnapshotImage>();
  #made_bytes = 0;
  /** Grows to the largest image; what is made is copied out of it. */
  #scratch = new Uint8Array(65_536);

  constructor(market: ServedMarket, limits: ImageLimits) {
    this.#market = market;
    this.#limits = limits;
  }

  /**
   * An image that is as new as sequence `since` of its channel at least, to be given back; undefined: not in this turn. The
   * channel is published and the symbol exists.
   */
  take(kind: ChannelKind, symbol: number, since: number): SnapshotImage | undefined {
    const channel = this.#market.channel(kind);
    if (channel === undefined) return undefined;
    const name = nameOf(kind, symbol);
    const newest = this.#images.get(name);
    if (newest !== undefined && newest.epoch === channel.epoch && newest.next >= since) {
      newest.holders++;
      return newest;
    }
    if (this.#made_bytes >= this.#limits.perTurn_bytes || this.held_bytes >= this.#limits.held_bytes) {
      this.isShort = true;
      return undefined;
    }
    if (newest?.holders === 0) this.#forget(newest);
    const bytes = this.#make(kind, symbol);
    const image = { kind, symbol, epoch: channel.epoch, next: channel.next, bytes, holders: 1 };
    this.#images.set(name, image);
    this.held_bytes += bytes.length;
    this.#made_bytes += bytes.length;
    return image;
  }

  giveBack(image: SnapshotImage): void {
    image.holders--;
    if (image.holders === 0 && this.#images.get(nameOf(image.kind, image.symbol)) !== image)
      this.held_bytes -= image.bytes.length;
  }

  /** A turn begins: as much may be made again, and what nobody holds is forgotten. */
  turn(): void {
    this.#made_bytes = 0;
    this.isShort = false;
    for (const image of this.#images.values()) if (image.holders === 0) this.#forget(image);
  }

  #forget(image: SnapshotImage): void {
    this.#images.delete(nameOf(image.kind, image.symbol));
    this.held_bytes -= image.bytes.length;
  }

  #make(kind: ChannelKind, symbol: number): Uint8Array {
    let used = 0;
    this.#market.snapshot(kind, symbol, (bytes, from, to) => {
      if (used + to - from > this.#scratch.length) {
        const larger = new Uint8Array(2 * this.#scratch.length);
        larger.set(this.#scratch);
        this.#scratch = larger;
      }
      this.#scratch.set(bytes.subarray(from, to), used);
      used += to - from;
    });
    return this.#scratch.slice(0, used);
  }
}

function nameOf(kind: ChannelKind, symbol: number): string {
  return `${kind} ${symbol}`;
}
