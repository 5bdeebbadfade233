// Cuts a subscriber's bytes into requests, split anywhere. What is not whole yet is kept: at most one request.

import {
  announcedBytes,
  MARKET_DATA_VERSION,
  MD_REQUEST_BYTES_MAX,
  MdRequestType,
} from "../../protocol/index.ts";

/** Bytes that say how long a request is. */
const LENGTH_BYTES = 2;
/** Bytes that say what it is. */
const KIND_BYTES = 4;
/** No request is shorter. */
const REQUEST_BYTES_MIN = 8;

export class RequestInput {
  /** What came is no request: nothing more is taken. */
  isMalformed = false;
  /** It is a Subscribe that names more symbols than one may. */
  hasTooManySymbols = false;
  #kept = new Uint8Array(0);

  /** Gives every request that is whole now to `take`, which may refuse to go on by returning false. */
  receive(bytes: Uint8Array, take: (bytes: Uint8Array, from: number, to: number) => boolean): void {
    const all = this.#kept.length === 0 ? bytes : joined(this.#kept, bytes);
    let at = 0;
    while (all.length - at >= LENGTH_BYTES) {
      const length = announcedBytes(all, at);
      const isLong = length > MD_REQUEST_BYTES_MAX;
      // What it is decides what is said of it, however its bytes were split.
      if (isLong && all.length - at < KIND_BYTES) break;
      if (isLong || length < REQUEST_BYTES_MIN) {
        this.isMalformed = true;
        this.hasTooManySymbols = isLong && isSubscribe(all, at);
        return;
      }
      if (length > all.length - at) break;
      if (!take(all, at, at + length)) return;
      at += length;
    }
    this.#kept = all.slice(at);
  }
}

function isSubscribe(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 2] === MARKET_DATA_VERSION && bytes[at + 3] === MdRequestType.Subscribe;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
