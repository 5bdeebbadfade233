// One frame as its receiver sees it, in fields that are lent for the duration of a call. Not arguments, and not getters: a price that
// is handed over by a call is an allocation wherever the compiler does not inline that call, and a field never is. They begin as
// numbers with a fraction, so that the compiler keeps room for one from the start.

import { TickHeader, TickQuote, TickTrade, TickType } from "../../../protocol/index.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const { Quote, Trade } = TickType;
const SEQUENCE = TickHeader.sequence;
const TIMESTAMP = TickHeader.timestamp;
const SYMBOL = TickHeader.symbol;
const PRICE = TickTrade.price;
const QUANTITY = TickTrade.quantity;
const BID = TickQuote.bidPrice;
const BID_QUANTITY = TickQuote.bidQuantity;
const ASK = TickQuote.askPrice;
const ASK_QUANTITY = TickQuote.askQuantity;

const UNREAD = 0.5;

/** One frame, lent for the call: a trade has price and quantity, a quote bid and ask. Prices are in units of the currency. */
export class Tick {
  type: TickType = TickType.Heartbeat;
  /** Its number in the stream, u32: 0 comes after 4,294,967,295. */
  sequence = UNREAD;
  /** When the tick was made, nanoseconds since 1970 by the server's wall clock: the lower 32 bits. */
  timestampLow = UNREAD;
  /** The upper 32 bits. */
  timestampHigh = UNREAD;
  /** Of a heartbeat it means nothing. */
  symbol = 0;
  /** Of a trade, else it means nothing: units of the currency. */
  price = UNREAD;
  /** Of a trade: shares, u32. */
  quantity = UNREAD;
  /** Of a quote, as the other three: the best bid. May be above the ask: it is what the server said. */
  bid = UNREAD;
  bidQuantity = UNREAD;
  ask = UNREAD;
  askQuantity = UNREAD;

  /** Takes on the frame at `at`, which is whole and checked. */
  read(view: DataView, at: number, type: TickType): void {
    this.type = type;
    this.sequence = view.getUint32(at + SEQUENCE, true);
    this.timestampLow = view.getUint32(at + TIMESTAMP, true);
    this.timestampHigh = view.getUint32(at + TIMESTAMP + 4, true);
    this.symbol = view.getUint16(at + SYMBOL, true);
    if (type === Quote) {
      this.bid = view.getFloat64(at + BID, true);
      this.bidQuantity = view.getUint32(at + BID_QUANTITY, true);
      this.ask = view.getFloat64(at + ASK, true);
      this.askQuantity = view.getUint32(at + ASK_QUANTITY, true);
    } else if (type === Trade) {
      this.price = view.getFloat64(at + PRICE, true);
      this.quantity = view.getUint32(at + QUANTITY, true);
    }
  }
}
