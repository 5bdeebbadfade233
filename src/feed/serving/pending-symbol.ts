// What one symbol's newest state is while a slow subscriber is brought up to date: of every quote, level and figure the last
// message alone, in the order in which they came last, so that a symbol's sequences never go back.

import { type MarketDataReader, MdType, messageBytes } from "../../protocol/index.ts";

/** In place of a message that a newer one stands for. */
const LEFT_OUT = -1;

export class PendingSymbol {
  /** Where messages lie that are still to be told, oldest first, or LEFT_OUT. */
  readonly offsets: number[] = [];
  /** Bytes of these. */
  pending_bytes = 0;
  /** Messages left out since this was told last. */
  leftOut = 0;
  /** Whether the last message that came ends its event. */
  isWhole = false;
  /** Of the last message that came: it is never left out. */
  timestamp_us = 0;
  /** Places in `offsets` by what they tell of. */
  readonly #bids = new Map<number, number>();
  readonly #asks = new Map<number, number>();
  #top = LEFT_OUT;
  #statistics = LEFT_OUT;
  #checksum = LEFT_OUT;

  /** Takes a message of which only the newest counts; false: it is none, everything before must be told first. */
  take(message: MarketDataReader): boolean {
    switch (message.type) {
      case MdType.TopOfBook:
        this.#top = this.#instead(this.#top, message);
        break;
      case MdType.Statistics:
        this.#statistics = this.#instead(this.#statistics, message);
        break;
      case MdType.Level:
        this.#level(message);
        break;
      case MdType.BookChecksum:
        this.#checksum = this.#instead(this.#checksum, message);
        break;
      default:
        return false;
    }
    this.timestamp_us = message.timestamp_us;
    this.isWhole = message.isEndOfEvent;
    return true;
  }

  /** Everything has been told. */
  clear(): void {
    this.offsets.length = 0;
    this.pending_bytes = 0;
    this.leftOut = 0;
    this.#bids.clear();
    this.#asks.clear();
    this.#top = this.#statistics = this.#checksum = LEFT_OUT;
  }

  #level(message: MarketDataReader): void {
    // A sum of the book as it was before this level says nothing of the book behind it.
    if (this.#checksum !== LEFT_OUT) {
      this.#leaveOut(this.#checksum, messageBytes(MdType.BookChecksum));
      this.#checksum = LEFT_OUT;
    }
    const places = message.side === 0 ? this.#bids : this.#asks;
    places.set(message.price, this.#instead(places.get(message.price) ?? LEFT_OUT, message));
  }

  #instead(place: number, message: MarketDataReader): number {
    if (place !== LEFT_OUT) this.#leaveOut(place, message.length);
    this.pending_bytes += message.length;
    return this.offsets.push(message.at) - 1;
  }

  #leaveOut(place: number, length: number): void {
    this.offsets[place] = LEFT_OUT;
    this.pending_bytes -= length;
    this.leftOut++;
  }
}
