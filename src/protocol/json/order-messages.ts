// An account's orders as its connections see them: the messages' types, and their text for the wire (specification:
// docs/api/websocket.md, "Your orders").

import type { SideName } from "./market-messages.ts";

/** Orders in one `orders` message: about 50 kB. */
export const ORDERS_PER_MESSAGE_MAX = 500;

export interface OpenOrderEntry {
  readonly symbol: string;
  readonly id: string;
  readonly side: SideName;
  readonly price: string;
  /** Lots that rest. */
  readonly open: number;
  /** Lots traded since it was accepted; only in a session with a token. */
  readonly cumulative?: number;
}

/** A piece of the list of open orders. */
export interface OrdersMessage {
  readonly type: "orders";
  /** Of the request that it answers; a subscription's list has none. */
  readonly request?: number;
  /** That of the last event which the list knows of; in a session with a token `report` says it instead. */
  readonly sequence?: string;
  /** The number of the last report which the list knows of. */
  readonly report?: string;
  /** The list ends here. */
  readonly last?: true;
  /** With `last`: the account has more orders than a list holds. */
  readonly truncated?: true;
  readonly orders: readonly OpenOrderEntry[];
}

export type OrderEventName = "accepted" | "modified" | "cancelled" | "expired";

export interface OrderMessage {
  readonly type: "order";
  readonly sequence: string;
  readonly event: OrderEventName;
  readonly symbol: string;
  readonly id: string;
  readonly side: SideName;
  /** A market order has none. */
  readonly price: string | null;
  /** Lots that are left. */
  readonly open: number;
  /** Microseconds since 1970. */
  readonly time: string;
}

export interface FillMessage {
  readonly type: "fill";
  readonly sequence: string;
  readonly symbol: string;
  readonly id: string;
  readonly side: SideName;
  readonly price: string;
  /** Lots traded. */
  readonly quantity: number;
  readonly open: number;
  readonly liquidity: "maker" | "taker";
  readonly time: string;
}

/** What a list knows of: all up to an event, or up to a report. */
export type ListedUpTo = { readonly sequence: string } | { readonly report: string };

/** The text of a list in its order, in as many messages as it takes; an empty list is one message. */
export function ordersTexts(
  orders: readonly OpenOrderEntry[],
  upTo: ListedUpTo,
  options: { readonly request: number | undefined; readonly truncated: boolean },
): string[] {
  const { request, truncated } = options;
  const texts: string[] = [];
  for (let from = 0; from === 0 || from < orders.length; from += ORDERS_PER_MESSAGE_MAX) {
    const to = from + ORDERS_PER_MESSAGE_MAX;
    const last = to >= orders.length;
    const message: OrdersMessage = {
      type: "orders",
      ...(request !== undefined && { request }),
      ...upTo,
      ...(last && { last }),
      ...(last && truncated && { truncated }),
      orders: orders.slice(from, to),
    };
    texts.push(JSON.stringify(message));
  }
  return texts;
}

export function orderText(order: Omit<OrderMessage, "type">): string {
  return JSON.stringify({ type: "order", ...order } satisfies OrderMessage);
}

export function fillText(fill: Omit<FillMessage, "type">): string {
  return JSON.stringify({ type: "fill", ...fill } satisfies FillMessage);
}
