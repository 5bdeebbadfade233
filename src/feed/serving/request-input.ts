// Cuts a subscriber's bytes into requests, split anywhere. What is not whole yet is kept: at most one request.

import {
  announcedBytes,
  MARKET_DATA_VERSION,
  MD_REQUEST_BYTES_MAX,
  MdRequestType,
} from "../../protocol/index.ts";

/** Bytes that say how long a request is. */
const LENGTH_BYTES = 2;
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
      if (length < REQUEST_BYTES_MIN || length > MD_REQUEST_BYTES_MAX) {
        this.isMalformed = true;
        this.hasTooManySymbols = isLongSubscribe(all, at, length);
        return;
      }
      if (length > all.length - at) break;
      if (!take(all, at, at + length)) return;
      at += length;
    }
    this.#kept = all.slice(at);
  }
}

function isLongSubscribe(bytes: Uint8Array, at: number, length: number): boolean {
  if (length <= MD_REQUEST_BYTES_MAX || bytes.length - at < REQUEST_BYTES_MIN) return false;
  return bytes[at + 2] === MARKET_DATA_VERSION && bytes[at + 3] === MdRequestType.Subscribe;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
