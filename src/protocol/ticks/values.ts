// A trade or a quote as numbers, in an object that whoever makes ticks has one of: doubles handed over as arguments are
// allocations wherever the call is not inlined, fields of one object are not.

export class TickValues {
  /** A trade has `price` and `quantity`, a quote the four behind them. */
  isTrade = false;
  /** 0 to 499. */
  symbol = 0;
  /** Nanoseconds since 1970, as u32 lanes. */
  timeLow = 0;
  timeHigh = 0;
  /** Prices are in units of the currency, quantities u32. */
  price = 0;
  quantity = 0;
  bid = 0;
  bidQuantity = 0;
  ask = 0;
  askQuantity = 0;
}
