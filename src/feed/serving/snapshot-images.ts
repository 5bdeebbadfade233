// Snapshots of symbols, made when a subscriber comes to them and shared by all who come to them meanwhile. An image is the packets
// that the publisher gives, back to back; each subscriber sends copies with its own run's numbers.
//
// Bounds: what is made in one turn, and what all subscribers hold together; who has to wait for either asks again next turn. One image
// is under way at a time: the publisher has copied its symbol's state, and each turn makes as much of it as it may.

import type { ChannelKind } from "../../protocol/index.ts";
import type { ServedChannel, ServedMarket, SnapshotPieces } from "./served-channel.ts";

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
  /** Turns since somebody held it. */
  idle: number;
}

/** An image that is being made. */
interface UnderWay {
  readonly kind: ChannelKind;
  readonly symbol: number;
  readonly epoch: number;
  readonly next: number;
  readonly pieces: SnapshotPieces;
  /** Bytes made. */
  used: number;
}

export interface ImageLimits {
  readonly perTurn_bytes: number;
  readonly held_bytes: number;
}

/** For whoever began one that another made complete: he comes to it in his next turn. */
const IDLE_TURNS_MAX = 2;

export class SnapshotImages {
  /** Bytes of all images that somebody holds or may share. */
  held_bytes = 0;
  /** Somebody has to wait for the next turn. */
  isShort = false;
  /** Somebody has to wait until another has read what he holds. */
  isFull = false;
  readonly #market: ServedMarket;
  readonly #limits: ImageLimits;
  /** The newest of each channel and symbol. */
  readonly #images = new Map<string, SnapshotImage>();
  #made_bytes = 0;
  #underWay: UnderWay | undefined;
  /** Grows to the largest image: the one that is under way, which is copied out of it. */
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
    const made = this.#make(channel, symbol, since);
    if (made !== undefined) made.holders++;
    else if (this.held_bytes >= this.#limits.held_bytes) this.isFull = true;
    else this.isShort = true;
    return made;
  }

  giveBack(image: SnapshotImage): void {
    image.holders--;
    if (image.holders === 0 && this.#images.get(nameOf(image.kind, image.symbol)) !== image)
      this.held_bytes -= image.bytes.length;
  }

  /** A turn begins: as much may be made again, and what nobody has come to is forgotten. */
  turn(): void {
    this.#made_bytes = 0;
    this.isShort = this.isFull = false;
    for (const image of this.#images.values())
      if (image.holders > 0) image.idle = 0;
      else if (++image.idle > IDLE_TURNS_MAX) this.#forget(image);
  }

  #forget(image: SnapshotImage): void {
    this.#images.delete(nameOf(image.kind, image.symbol));
    this.held_bytes -= image.bytes.length;
  }

  /** Goes on with what is under way, then with what is wanted; undefined: that is not complete in this turn. */
  #make(channel: ServedChannel, symbol: number, since: number): SnapshotImage | undefined {
    const name = nameOf(channel.kind, symbol);
    while (this.#made_bytes < this.#limits.perTurn_bytes && this.#hasRoom()) {
      this.#underWay ??= this.#begin(channel, symbol);
      const image = this.#goOn(this.#underWay);
      if (image === undefined) continue;
      this.#underWay = undefined;
      const isWanted = nameOf(image.kind, image.symbol) === name;
      if (isWanted && image.epoch === channel.epoch && image.next >= since) return image;
    }
    return undefined;
  }

  /** Whether one more may be held: for it those go that nobody holds. */
  #hasRoom(): boolean {
    if (this.held_bytes < this.#limits.held_bytes) return true;
    for (const image of this.#images.values()) if (image.holders === 0) this.#forget(image);
    return this.held_bytes < this.#limits.held_bytes;
  }

  #begin({ kind, epoch, next }: ServedChannel, symbol: number): UnderWay {
    const pieces = this.#market.snapshot(kind, symbol);
    this.#made_bytes += pieces.copied_bytes;
    return { kind, symbol, epoch, next, pieces, used: 0 };
  }

  /** Makes as much of an image as this turn has left; the image, when that is all of it. */
  #goOn(at: UnderWay): SnapshotImage | undefined {
    const before = at.used;
    const isAll = at.pieces.write(this.#limits.perTurn_bytes - this.#made_bytes, (bytes, from, to) => {
      const packet = bytes.subarray(from, to);
      if (at.used + packet.length > this.#scratch.length) {
        const larger = new Uint8Array(2 * this.#scratch.length);
        larger.set(this.#scratch);
        this.#scratch = larger;
      }
      this.#scratch.set(packet, at.used);
      at.used += packet.length;
    });
    this.#made_bytes += at.used - before;
    return isAll ? this.#keep(at) : undefined;
  }

  #keep({ kind, symbol, epoch, next, used }: UnderWay): SnapshotImage {
    const name = nameOf(kind, symbol);
    const older = this.#images.get(name);
    if (older?.holders === 0) this.#forget(older);
    const image = { kind, symbol, epoch, next, bytes: this.#scratch.slice(0, used), holders: 0, idle: 0 };
    this.#images.set(name, image);
    this.held_bytes += used;
    return image;
  }
}

function nameOf(kind: ChannelKind, symbol: number): string {
  return `${kind} ${symbol}`;
}
