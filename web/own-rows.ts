// Which of an account's orders a table shows when it can't show all. Pure.

import type { OwnOrder } from "../src/client/socket/index.ts";

/** At most `rows_max`, the newest first; when there are more, those of the instrument that is looked at before all others. */
export function rowsOf(orders: readonly OwnOrder[], symbol: string, rows_max: number): OwnOrder[] {
  if (orders.length <= rows_max) return [...orders].reverse();
  const [here, others]: OwnOrder[][] = [[], []];
  for (const order of orders) (order.symbol === symbol ? here : others).push(order);
  return [...here.reverse(), ...others.reverse()].slice(0, rows_max);
}
