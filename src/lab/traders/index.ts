export { FIRST_ACCOUNT, TRADERS, TraderCrowd } from "./crowd.ts";
export { FairPrice, heavyTailed, standardNormal } from "./fair-price.ts";
export { canBeTraded, type TradedInstrument, tradedInstrument } from "./market.ts";
export { Pacer } from "./pacer.ts";
export { Quoter, quotePrice } from "./quoter.ts";
export * from "./simulation.ts";
export { Taker } from "./taker.ts";
export type { MarketView, Trader, TraderCommand } from "./trader.ts";
