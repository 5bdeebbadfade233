// The order of the command at work that may come to rest: known from its first event on, told when the command is over.

import { fromSignedLanes } from "../../base/index.ts";
import { EventWord } from "../../protocol/index.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md.
const SYMBOL = EventWord.symbol;
const ORDER_ID_LOW = EventWord.orderIdLow;
const ORDER_ID_HIGH = EventWord.orderIdHigh;
const PRICE_LOW = EventWord.priceLow;
const PRICE_HIGH = EventWord.priceHigh;
const ACCOUNT = EventWord.account;
const SIDE_TYPE_TIF = EventWord.sideTypeTif;

export class RestingOrder {
  symbol = 0;
  side = 0;
  account = 0;
  idLow = 0;
  idHigh = 0;
  /** Ticks, in element 0. */
  readonly price = new Float64Array(1);
  /** Lots it has left to trade; 0: nothing will rest. */
  left = 0;

  /** Takes the subject of the Accept or Modify at `at` of `words`, which has `left` lots, less its trades. */
  take(words: Int32Array, at: number, left: number): void {
    this.left = left;
    if (left === 0) return;
    this.symbol = words[at + SYMBOL];
    this.side = words[at + SIDE_TYPE_TIF] & 255;
    this.account = words[at + ACCOUNT];
    this.idLow = words[at + ORDER_ID_LOW];
    this.idHigh = words[at + ORDER_ID_HIGH];
    this.price[0] = fromSignedLanes(words[at + PRICE_LOW], words[at + PRICE_HIGH]);
  }
}
