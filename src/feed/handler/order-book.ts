// One symbol's book from single orders (channel orders): every order with its place in its queue, and the levels they make. Orders lie
// in typed arrays by slot, each linked to its neighbours in the queue; a level knows both ends.
//
// Whatever does not fit what is here (an order that nobody knows, a place that is not the end of the queue, a rest that does not add up)
// makes the book unsound: it stays so until it is cleared, and no checksum agrees with it.
//
// Bounds: ORDERS_MAX orders, 40 bytes each and as much again for finding them; one more makes the book unsound.

import { type BookChecksum, Side } from "../../protocol/index.ts";
import { checksumOf } from "./level-book.ts";
import { LevelSide, NO_ORDER } from "./level-side.ts";
import { FREE, RefTable } from "./ref-table.ts";

/** Orders of one symbol, far above what a venue lets rest. */
const ORDERS_MAX = 1 << 24;
const ORDERS_AT_FIRST = 16;

/** Every order of one symbol, in the order of its price's queue; prices are ticks, quantities lots. */
export class OrderBook {
  readonly bids = new LevelSide(Side.Buy);
  readonly asks = new LevelSide(Side.Sell);
  isSound = true;
  /** Orders that rest. */
  count = 0;
  readonly #slots = new RefTable();
  #refs = new Float64Array(ORDERS_AT_FIRST);
  #prices = new Float64Array(ORDERS_AT_FIRST);
  #quantities = new Uint32Array(ORDERS_AT_FIRST);
  #sides = new Uint8Array(ORDERS_AT_FIRST);
  /** The next order of the queue, or of the free slots. */
  #next = new Int32Array(ORDERS_AT_FIRST);
  #previous = new Int32Array(ORDERS_AT_FIRST);
  #free = NO_ORDER;
  /** Slots from here on were never used. */
  #unused = 0;

  side(side: Side): LevelSide {
    return side === Side.Buy ? this.bids : this.asks;
  }

  clear(): void {
    this.bids.clear();
    this.asks.clear();
    this.#slots.clear();
    this.isSound = true;
    this.count = 0;
    this.#free = NO_ORDER;
    this.#unused = 0;
  }

  /** A new order; `place`: 1 is the first of its queue. */
  add(ref: number, side: Side, price: number, quantity: number, place: number): void {
    const levels = this.side(side);
    const depth = levels.depthOf(price);
    const orders = depth < 0 ? 0 : levels.orders(depth);
    const isNew = quantity > 0 && ref !== FREE && this.#slots.get(ref) < 0;
    if (!isNew || place !== orders + 1 || this.count === ORDERS_MAX) return this.#spoil();
    const total = depth < 0 ? quantity : levels.total(depth) + quantity;
    if (!levels.set(price, total, orders + 1)) return this.#spoil();
    const slot = this.#take();
    this.#refs[slot] = ref;
    this.#prices[slot] = price;
    this.#quantities[slot] = quantity;
    this.#sides[slot] = side;
    this.#slots.put(ref, slot);
    this.#append(levels, levels.depthOf(price), slot);
  }

  /** `quantity` of the order was traded, and `leaves` is what rests of it. */
  execute(ref: number, quantity: number, leaves: number): void {
    const slot = this.#slots.get(ref);
    if (slot < 0 || this.#quantities[slot] !== quantity + leaves) return this.#spoil();
    this.#rest(slot, leaves);
  }

  /** The order has `quantity` open now, less than before, and keeps its place. */
  reduce(ref: number, quantity: number): void {
    const slot = this.#slots.get(ref);
    if (slot < 0 || quantity === 0 || quantity > this.#quantities[slot]) return this.#spoil();
    this.#rest(slot, quantity);
  }

  delete(ref: number): void {
    const slot = this.#slots.get(ref);
    if (slot < 0) return this.#spoil();
    this.#rest(slot, 0);
  }

  /** The place of an order in its queue, from 1 on; 0 when it does not rest. Walks the queue before it. */
  placeOf(ref: number): number {
    let slot = this.#slots.get(ref);
    if (slot < 0) return 0;
    let place = 1;
    for (slot = this.#previous[slot]; slot !== NO_ORDER; slot = this.#previous[slot]) place++;
    return place;
  }

  /** Visits the orders of the level at `depth` of a side, first of the queue first. */
  forEachOrder(side: Side, depth: number, visit: (ref: number, quantity: number) => void): void {
    for (let slot = this.side(side).head(depth); slot !== NO_ORDER; slot = this.#next[slot])
      visit(this.#refs[slot], this.#quantities[slot]);
  }

  /** Whether this is the book whose best levels have the sum `crc`. */
  agrees(crc: number, sum: BookChecksum): boolean {
    return this.isSound && checksumOf(this.bids, this.asks, sum) === crc;
  }

  #spoil(): void {
    this.isSound = false;
  }

  /** The order has `quantity` left; 0: it goes. */
  #rest(slot: number, quantity: number): void {
    const levels = this.side(this.#sides[slot] as Side);
    const price = this.#prices[slot];
    const depth = levels.depthOf(price);
    const total = levels.total(depth) - this.#quantities[slot] + quantity;
    if (quantity === 0) this.#unlink(levels, depth, slot);
    levels.set(price, total, levels.orders(depth) - (quantity === 0 ? 1 : 0));
    this.#quantities[slot] = quantity;
    if (quantity === 0) this.#release(slot);
  }

  #append(levels: LevelSide, depth: number, slot: number): void {
    const last = levels.tail(depth);
    this.#previous[slot] = last;
    this.#next[slot] = NO_ORDER;
    if (last === NO_ORDER) levels.setHead(depth, slot);
    else this.#next[last] = slot;
    levels.setTail(depth, slot);
  }

  #unlink(levels: LevelSide, depth: number, slot: number): void {
    const before = this.#previous[slot];
    const after = this.#next[slot];
    if (before === NO_ORDER) levels.setHead(depth, after);
    else this.#next[before] = after;
    if (after === NO_ORDER) levels.setTail(depth, before);
    else this.#previous[after] = before;
  }

  #take(): number {
    this.count++;
    if (this.#free !== NO_ORDER) {
      const slot = this.#free;
      this.#free = this.#next[slot];
      return slot;
    }
    if (this.#unused === this.#refs.length) this.#grow();
    return this.#unused++;
  }

  #release(slot: number): void {
    this.#slots.remove(this.#refs[slot]);
    this.#next[slot] = this.#free;
    this.#free = slot;
    this.count--;
  }

  #grow(): void {
    const room = this.#refs.length * 2;
    const old = [this.#refs, this.#prices, this.#quantities, this.#sides, this.#next, this.#previous];
    this.#refs = new Float64Array(room);
    this.#prices = new Float64Array(room);
    this.#quantities = new Uint32Array(room);
    this.#sides = new Uint8Array(room);
    this.#next = new Int32Array(room);
    this.#previous = new Int32Array(room);
    const grown = [this.#refs, this.#prices, this.#quantities, this.#sides, this.#next, this.#previous];
    for (const [i, array] of grown.entries()) array.set(old[i]);
  }
}
