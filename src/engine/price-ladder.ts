// The price levels of one book, both sides, and which of them are best.
//
// Levels near the market lie in a window of ticks: level slot by tick offset, with a bitmap to find the neighbour
// over any gap. Levels outside lie in an ordered tree per side (far-levels.ts), so every valid price is accepted
// and memory stays bounded. The book is never crossed, so one window serves both sides: members at or below the
// best bid are bids, all others asks.
//
// The window follows the market. Every use of a far level that a window of the largest size around the market
// would hold is counted; when the count has paid for it, the window moves there and doubles, up to a limit: a market
// that moves gets the window to move in. So a move costs a constant share of the work that asked for it, whatever the
// order of prices; `moves` and `levelsCarried` show it. Where the window lies never changes a result. Bounds:
// docs/adr/price-ladder.md.

import { Side } from "../protocol/index.ts";
import { EMPTY, FarLevels } from "./far-levels.ts";
import type { LevelPool } from "./level-pool.ts";
import { NO_SLOT } from "./order-pool.ts";
import { BITMAP_SIZE_MAX, TickBitmap } from "./tick-bitmap.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const NONE = NO_SLOT;
const BUY = Side.Buy;
const SELL = Side.Sell;

/** The first window, in ticks: 4096 level slots are 16 KiB, small enough for thousands of books. */
const WINDOW_TICKS_MIN = 4096;
/** The largest window, in ticks: 512 KiB of level slots, of which a book touches what it uses. */
const WINDOW_TICKS_MAX = BITMAP_SIZE_MAX;
/** Uses of far levels that pay for a move, besides two for each level the window holds. */
const MOVE_BASE_USES = 64;

/** What the ladders of one engine share. */
export class LadderShare {
  readonly levels: LevelPool;
  readonly far: FarLevels;
  /** Ticks that windows may still take; a book that gets none keeps all its levels far. */
  windowTicksLeft: number;
  /** Levels that stay in a window while it moves. */
  readonly kept = new Int32Array(WINDOW_TICKS_MAX);

  constructor(levels: LevelPool, windowTicks: number) {
    this.levels = levels;
    this.far = new FarLevels(levels);
    this.windowTicksLeft = windowTicks;
  }
}

export class PriceLadder {
  readonly #levels: LevelPool;
  readonly #far: FarLevels;
  readonly #share: LadderShare;
  /** The best bid's and the best ask's level slot, NONE when the side is empty. */
  bestBid = NONE;
  bestAsk = NONE;
  /** How often the window was laid anew. */
  moves = 0;
  /** Levels that moves have taken out of the window or into it: what all moves together have cost. */
  levelsCarried = 0;

  #base = 0;
  #size = 0;
  #window = new Int32Array(0);
  #bitmap = new TickBitmap(0);
  #windowLevels = 0;

  #farBids = EMPTY;
  #farAsks = EMPTY;
  /** The highest far bid and the lowest far ask: what a removed best level is compared with. */
  #bestFarBid = NONE;
  #bestFarAsk = NONE;
  #farUses = 0;

  constructor(share: LadderShare) {
    this.#levels = share.levels;
    this.#far = share.far;
    this.#share = share;
  }

  /** The level at `price`, or NONE. Asked for prices that don't cross the other side, so a level found is `side`'s. */
  find(price: number, side: Side): number {
    const offset = price - this.#base;
    if (offset < 0 || offset >= this.#size) return this.#findFar(price, side);
    return this.#window[offset] - 1;
  }

  /** The level of `side` at `price`, or NONE, for whoever only looks: no use is counted, and any price may be asked for. */
  peek(price: number, side: Side): number {
    const best = this.best(side);
    if (best === NONE) return NONE;
    const distance = price - this.#levels.price[best];
    if (side === BUY ? distance > 0 : distance < 0) return NONE;
    const offset = price - this.#base;
    if (offset >= 0 && offset < this.#size) return this.#window[offset] - 1;
    return this.#far.find(side === BUY ? this.#farBids : this.#farAsks, price);
  }

  /** Adds an empty level; its price has no level yet, and it does not cross the other side. */
  insert(level: number, side: Side): void {
    const price = this.#levels.price[level];
    if (side === BUY) {
      if (this.bestBid === NONE || price > this.#levels.price[this.bestBid]) this.bestBid = level;
    } else if (this.bestAsk === NONE || price < this.#levels.price[this.bestAsk]) this.bestAsk = level;
    const offset = price - this.#base;
    if (offset >= 0 && offset < this.#size) {
      this.#insertNear(offset, level);
      return;
    }
    this.#insertFar(level, side);
    this.#noteFarUse(price, side);
    if (this.#farUses > MOVE_BASE_USES + 2 * this.#windowLevels || this.#size === 0)
      this.#moveWindow(price, side);
  }

  /** Takes out a level; its slot is still the caller's to give back. */
  remove(level: number, side: Side): void {
    const price = this.#levels.price[level];
    const offset = price - this.#base;
    if (offset >= 0 && offset < this.#size) this.#removeNear(offset);
    else {
      this.#removeFar(level, side);
      this.#noteFarUse(price, side);
    }
    if (level === this.bestBid) this.bestBid = this.#worseBid(price);
    else if (level === this.bestAsk) this.bestAsk = this.#worseAsk(price);
  }

  /** Whether an order of `side` willing to pay or take `limit` meets a resting one; a market order's is infinite. */
  crosses(side: Side, limit: number): boolean {
    if (side === BUY) return this.bestAsk !== NONE && this.#levels.price[this.bestAsk] <= limit;
    return this.bestBid !== NONE && this.#levels.price[this.bestBid] >= limit;
  }

  /** The best level of a side, or NONE. */
  best(side: Side): number {
    return side === BUY ? this.bestBid : this.bestAsk;
  }

  /** The next level behind `level` on its side, or NONE. */
  worse(level: number, side: Side): number {
    const price = this.#levels.price[level];
    return side === BUY ? this.#worseBid(price) : this.#worseAsk(price);
  }

  /** The highest bid below `price`, which is at or below the best bid's. */
  #worseBid(price: number): number {
    // An empty window has size 0, whose last offset is negative too.
    const offset = Math.min(price - this.#base, this.#size) - 1;
    const at = offset < 0 ? NONE : this.#bitmap.atOrBelow(offset);
    const near = at === NONE ? NONE : this.#window[at] - 1;
    let far = this.#bestFarBid;
    if (far === NONE) return near;
    const prices = this.#levels.price;
    if (prices[far] >= price) far = this.#far.below(this.#farBids, price);
    return near === NONE || (far !== NONE && prices[far] > prices[near]) ? far : near;
  }

  /** The lowest ask above `price`, which is at or above the best ask's. */
  #worseAsk(price: number): number {
    const offset = Math.max(price - this.#base + 1, 0);
    const at = offset >= this.#size ? NONE : this.#bitmap.atOrAbove(offset);
    const near = at === NONE ? NONE : this.#window[at] - 1;
    let far = this.#bestFarAsk;
    if (far === NONE) return near;
    const prices = this.#levels.price;
    if (prices[far] <= price) far = this.#far.above(this.#farAsks, price);
    return near === NONE || (far !== NONE && prices[far] < prices[near]) ? far : near;
  }

  #insertNear(offset: number, level: number): void {
    this.#window[offset] = level + 1;
    this.#bitmap.add(offset);
    this.#windowLevels++;
  }

  #removeNear(offset: number): void {
    this.#window[offset] = 0;
    this.#bitmap.remove(offset);
    this.#windowLevels--;
  }

  #findFar(price: number, side: Side): number {
    this.#noteFarUse(price, side);
    return this.#far.find(side === BUY ? this.#farBids : this.#farAsks, price);
  }

  #insertFar(level: number, side: Side): void {
    const prices = this.#levels.price;
    if (side === BUY) {
      this.#farBids = this.#far.insert(this.#farBids, level);
      if (this.#bestFarBid === NONE || prices[level] > prices[this.#bestFarBid]) this.#bestFarBid = level;
    } else {
      this.#farAsks = this.#far.insert(this.#farAsks, level);
      if (this.#bestFarAsk === NONE || prices[level] < prices[this.#bestFarAsk]) this.#bestFarAsk = level;
    }
  }

  #removeFar(level: number, side: Side): void {
    if (side === BUY) {
      this.#farBids = this.#far.remove(this.#farBids, level);
      if (level === this.#bestFarBid) this.#bestFarBid = this.#far.highest(this.#farBids);
    } else {
      this.#farAsks = this.#far.remove(this.#farAsks, level);
      if (level === this.#bestFarAsk) this.#bestFarAsk = this.#far.lowest(this.#farAsks);
    }
  }

  /** The best price of a side, or the other side's, or `otherwise` when the book is empty. */
  #market(side: Side, otherwise: number): number {
    const own = this.best(side);
    const level = own === NONE ? this.best(side === BUY ? SELL : BUY) : own;
    return level === NONE ? otherwise : this.#levels.price[level];
  }

  /** Counts the use of a far level, if the largest window around the market would have held it. */
  #noteFarUse(price: number, side: Side): void {
    if (Math.abs(price - this.#market(side, price)) < WINDOW_TICKS_MAX / 2) this.#farUses++;
  }

  /** Lays the window around the market, wide enough for `price` where the limits allow. */
  #moveWindow(price: number, side: Side): void {
    this.#farUses = 0;
    const market = this.#market(side, price);
    const size = this.#grantedSize(2 * Math.abs(price - market) + 1);
    if (size === 0) return;
    // Prices start at 1, and the search for what the window admits starts below its base: at 0, not below.
    const base = Math.max(1, market - size / 2);
    this.moves++;
    this.levelsCarried += this.#windowLevels;
    const kept = this.#clearWindow(base, size);
    this.#layWindow(base, size);
    for (let i = 0; i < kept; i++) {
      const level = this.#share.kept[i];
      this.#insertNear(this.#levels.price[level] - base, level);
    }
    this.#admit(BUY);
    this.#admit(SELL);
    this.levelsCarried += this.#windowLevels;
  }

  /** The next window's size: the first, or today's doubled until it spans `wanted_ticks`, within the limits; 0 for none. */
  #grantedSize(wanted_ticks: number): number {
    const most = this.#size + this.#share.windowTicksLeft;
    let size = Math.max(this.#size, WINDOW_TICKS_MIN);
    if (size > most) return 0;
    while ((size < wanted_ticks || size === this.#size) && size < WINDOW_TICKS_MAX && 2 * size <= most)
      size *= 2;
    this.#share.windowTicksLeft -= size - this.#size;
    return size;
  }

  /** Empties the window: levels that the next one covers are set aside (their number is returned), others go far. */
  #clearWindow(base: number, size: number): number {
    const last = this.#size - 1;
    let kept = 0;
    let at = this.#windowLevels === 0 ? NONE : this.#bitmap.atOrAbove(0);
    while (at !== NONE) {
      const level = this.#window[at] - 1;
      const price = this.#levels.price[level];
      this.#removeNear(at);
      if (price >= base && price < base + size) this.#share.kept[kept++] = level;
      else this.#insertFar(level, this.#sideOf(price));
      at = at === last ? NONE : this.#bitmap.atOrAbove(at + 1);
    }
    return kept;
  }

  #layWindow(base: number, size: number): void {
    this.#base = base;
    if (size === this.#size) return;
    this.#size = size;
    this.#window = new Int32Array(size);
    this.#bitmap = new TickBitmap(size);
  }

  /** Takes the far levels of a side that the window covers into it. */
  #admit(side: Side): void {
    const prices = this.#levels.price;
    for (;;) {
      const root = side === BUY ? this.#farBids : this.#farAsks;
      const level = this.#far.above(root, this.#base - 1);
      if (level === NONE || prices[level] >= this.#base + this.#size) return;
      this.#removeFar(level, side);
      this.#insertNear(prices[level] - this.#base, level);
    }
  }

  /** The side of a level that exists at `price`: the book is never crossed. */
  #sideOf(price: number): Side {
    return this.bestBid !== NONE && price <= this.#levels.price[this.bestBid] ? BUY : SELL;
  }
}
