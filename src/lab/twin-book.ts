// The twin's book: arrays of resting orders, best price first, and linear searches in them.

import { Side } from "../protocol/index.ts";

export interface TwinOrder {
  readonly account: number;
  readonly id: bigint;
  readonly side: Side;
  readonly price: bigint;
  /** What is open; lowered by trades and by modifies in place. */
  quantity: number;
}

export interface TwinBook {
  /** Best price first, oldest first at a price. */
  readonly bids: TwinOrder[];
  readonly asks: TwinOrder[];
}

export interface TwinFill {
  readonly maker: TwinOrder;
  readonly quantity: number;
}

/** What trades or rests: a new order, or a modified one on its way back in. */
export interface Incoming extends TwinOrder {
  readonly isMarket: boolean;
  readonly rests: boolean;
  readonly answerLimit: number;
}

/** Whom `incoming` would trade with, best first, and how much. */
export function fillsOf(book: TwinBook, incoming: Incoming): TwinFill[] {
  const fills: TwinFill[] = [];
  let open = incoming.quantity;
  for (const maker of sideOf(book, incoming.side === Side.Buy ? Side.Sell : Side.Buy)) {
    const crosses =
      incoming.side === Side.Buy ? maker.price <= incoming.price : maker.price >= incoming.price;
    if (open === 0 || !(incoming.isMarket || crosses)) break;
    const quantity = Math.min(open, maker.quantity);
    open -= quantity;
    fills.push({ maker, quantity });
  }
  return fills;
}

export function sideOf(book: TwinBook, side: Side): TwinOrder[] {
  return side === Side.Buy ? book.bids : book.asks;
}

export function find(book: TwinBook, account: number, id: bigint): TwinOrder | undefined {
  return [...book.bids, ...book.asks].find((order) => order.id === id && order.account === account);
}

export function remove(book: TwinBook, order: TwinOrder): void {
  const orders = sideOf(book, order.side);
  orders.splice(orders.indexOf(order), 1);
}

/** Puts `order` behind every order whose price is as good or better. */
export function insert(book: TwinBook, order: TwinOrder): void {
  const orders = sideOf(book, order.side);
  const isWorse = (other: TwinOrder) =>
    order.side === Side.Buy ? other.price < order.price : other.price > order.price;
  const place = orders.findIndex(isWorse);
  orders.splice(place === -1 ? orders.length : place, 0, order);
}

export function levelsOf(orders: readonly TwinOrder[]): { price: bigint; quantity: number }[] {
  const levels: { price: bigint; quantity: number }[] = [];
  for (const { price, quantity } of orders) {
    const last = levels.at(-1);
    if (last !== undefined && last.price === price) last.quantity += quantity;
    else levels.push({ price, quantity });
  }
  return levels;
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
