// What clients know of their own orders, and nothing else: the judge of a crash. An order is sent, then acknowledged;
// its cancel likewise. What was sent and not acknowledged when the connection went may have happened or not.

import type { OrderEntryClient } from "../../src/client/index.ts";

type Known = "no" | "unknown" | "yes";

export interface OrderRecord {
  readonly id: number;
  /** Whether the exchange has acknowledged the order; "no": it refused it. */
  entered: Known;
  /** Whether it has acknowledged the cancel; "unknown": sent. */
  cancelled: Known;
}

export class OrderLedger {
  readonly orders: OrderRecord[] = [];
  #nextId = 1;

  /** Enters orders one after the other, every third cancelled again, until the connection is lost. */
  async trade(client: OrderEntryClient): Promise<void> {
    try {
      for (;;) await this.#one(client);
    } catch {
      // The connection is gone: what was open stays "unknown".
    }
  }

  async #one(client: OrderEntryClient): Promise<void> {
    const order: OrderRecord = { id: this.#nextId++, entered: "unknown", cancelled: "no" };
    this.orders.push(order);
    // Bids only, at many prices: nothing trades, so every acknowledged order must rest.
    const price = 1 + (order.id % 5_000);
    const entered = await client.submit({
      id: order.id,
      symbol: order.id % 4,
      side: "buy",
      price,
      quantity: 1,
    });
    if (!entered.accepted) order.entered = "no";
    if (!entered.accepted) throw new Error(`order ${order.id} was refused`);
    order.entered = "yes";
    if (order.id % 3 !== 0) return;
    order.cancelled = "unknown";
    const cancelled = await client.cancel({ id: order.id, symbol: order.id % 4 });
    if (!cancelled.accepted) throw new Error(`the cancel of ${order.id} was refused`);
    order.cancelled = "yes";
  }
}
