// What happens on a channel while somebody is still being sent its snapshot, kept for him beyond the history: else whoever can't take the whole
// snapshot in the time in which the history is overwritten would never join, though his link carries more than happens.
//
// A list of pieces that only grows at its end; who joins holds the place where he began, and what is before the oldest of these places is
// nobody's any more. The pieces are those that subscribers who keep up are given, so mostly nothing is copied for it. While nobody
// joins there is no list. Bound: what lies behind the oldest place; who holds it then has fallen behind.

import type { ServedChannel } from "./served-channel.ts";
import type { SharedChunks } from "./shared-chunks.ts";

/** A place in the list: what follows it is in `after`. */
export interface KeptPlace {
  /** The piece before this place. */
  readonly bytes: Uint8Array;
  /** The sequence behind it. */
  readonly next: number;
  /** Bytes of the list up to here. */
  readonly at_bytes: number;
  after: KeptPlace | undefined;
}

export class KeptHistory {
  readonly #channel: ServedChannel;
  readonly #chunks: SharedChunks;
  readonly #max_bytes: number;
  #epoch = 0;
  #end: KeptPlace;
  #holders = 0;

  constructor(channel: ServedChannel, chunks: SharedChunks, max_bytes: number) {
    this.#channel = channel;
    this.#chunks = chunks;
    this.#max_bytes = max_bytes;
    this.#end = placeAt(channel.next);
  }

  /** Keeps everything from the channel's next message on, until it is given back. */
  hold(): KeptPlace {
    if (this.#holders++ === 0) this.#begin();
    else this.follow();
    return this.#end;
  }

  giveBack(): void {
    this.#holders--;
  }

  /** Whether more follows a place than may be kept for it. */
  isTooLong(place: KeptPlace): boolean {
    return this.#end.at_bytes - place.at_bytes > this.#max_bytes;
  }

  /** Takes what was sealed since. To be called in every turn. */
  follow(): void {
    if (this.#holders === 0) return;
    if (this.#epoch !== this.#channel.epoch || this.#end.next < this.#channel.first) return this.#begin();
    while (this.#end.next < this.#channel.next) {
      const { bytes, next } = this.#chunks.take(this.#channel, this.#end.next);
      const end = { bytes, next, at_bytes: this.#end.at_bytes + bytes.length, after: undefined };
      this.#end.after = end;
      this.#end = end;
    }
  }

  #begin(): void {
    this.#epoch = this.#channel.epoch;
    this.#end = placeAt(this.#channel.next);
  }
}

function placeAt(next: number): KeptPlace {
  return { bytes: new Uint8Array(0), next, at_bytes: 0, after: undefined };
}
