// One symbol's book from price levels (channel levels): each message says what a level is now, so applying one twice does no harm.

import { type BookChecksum, CHECKSUM_LEVELS, Side } from "../../protocol/index.ts";
import { LevelSide } from "./level-side.ts";

/** The price levels of one symbol, best first on each side; prices are ticks, totals lots. */
export class LevelBook {
  readonly bids = new LevelSide(Side.Buy);
  readonly asks = new LevelSide(Side.Sell);
  /** False: there was no room for a level, so what is here is not the book. */
  isSound = true;

  side(side: Side): LevelSide {
    return side === Side.Buy ? this.bids : this.asks;
  }

  clear(): void {
    this.bids.clear();
    this.asks.clear();
    this.isSound = true;
  }

  /** Ticks, lots, orders; total 0: the level is gone. */
  set(side: Side, price: number, total: number, orders: number): void {
    if (!this.side(side).set(price, total, orders)) this.isSound = false;
  }

  /** Whether this is the book whose best levels have the sum `crc`. */
  agrees(crc: number, sum: BookChecksum): boolean {
    return this.isSound && checksumOf(this.bids, this.asks, sum) === crc;
  }
}

/** The sum that a BookChecksum of these sides says. */
export function checksumOf(bids: LevelSide, asks: LevelSide, sum: BookChecksum): number {
  sum.begin();
  addBest(bids, Side.Buy, sum);
  addBest(asks, Side.Sell, sum);
  return sum.value();
}

function addBest(levels: LevelSide, side: Side, sum: BookChecksum): void {
  for (let depth = 0; depth < levels.count && depth < CHECKSUM_LEVELS; depth++)
    sum.add(side, levels.price(depth), levels.total(depth), levels.orders(depth));
}
