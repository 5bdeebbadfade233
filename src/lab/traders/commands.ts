// A trader's command on its way into a connection.

import { highLane, lowLane } from "../../base/index.ts";
import type { OrderLine } from "../../client/index.ts";
import { OrderType, TimeInForce } from "../../protocol/index.ts";
import type { TraderCommand } from "./trader.ts";

/** Puts `command` into `pipe`, which is writable. */
export function putCommand(pipe: OrderLine, command: TraderCommand): void {
  const { id, symbol } = command;
  const [idLow, idHigh] = [lowLane(id), highLane(id)];
  if (command.kind === "cancel") {
    pipe.cancel(idLow, idHigh, symbol);
    return;
  }
  const { quantity } = command;
  const price = command.kind === "market" ? 0 : command.price;
  const [priceLow, priceHigh] = [lowLane(price), highLane(price)];
  if (command.kind === "modify") {
    pipe.modify(idLow, idHigh, symbol, priceLow, priceHigh, quantity);
    return;
  }
  const type = command.kind === "market" ? OrderType.Market : OrderType.Limit;
  const lasts = command.kind === "limit" ? TimeInForce.GoodTillCancel : TimeInForce.ImmediateOrCancel;
  pipe.newOrder(idLow, idHigh, symbol, priceLow, priceHigh, quantity, command.side, type, lasts);
}
