// The commands of a session with a token, as its order connection is asked for them.

import {
  CommandKind,
  ErrorCode,
  type MassCancelRequest,
  MessageType,
  type OrderRequest,
  parsePrice,
} from "../../../protocol/index.ts";
import { noPrice, type Problem } from "./order-desk.ts";
import type { SymbolNames } from "./symbol-names.ts";
import type { TradingLink } from "./trading-link.ts";

/** A command that has no answer yet. */
export interface InFlight {
  readonly command: number;
  /** As the log has it: 0 when the client gave none. */
  readonly number: bigint;
  readonly id: bigint;
  readonly request: number | undefined;
}

const COMMAND_OF = {
  submit: CommandKind.NewOrder,
  modify: CommandKind.Modify,
  cancel: CommandKind.Cancel,
  massCancel: CommandKind.MassCancel,
} as const;

const COMMAND_OF_TYPE: ReadonlyMap<number, number> = new Map([
  [MessageType.NewOrder, CommandKind.NewOrder],
  [MessageType.Modify, CommandKind.Modify],
  [MessageType.CancelOrder, CommandKind.Cancel],
  [MessageType.MassCancel, CommandKind.MassCancel],
]);

/** The command that a request of that type becomes; undefined: none. */
export function commandOf(type: number): number | undefined {
  return COMMAND_OF_TYPE.get(type);
}

/** A mass cancel has none. */
export function idText({ command, id }: InFlight): string | undefined {
  return command === CommandKind.MassCancel ? undefined : String(id);
}

/** Sends it; or what is wrong with it. `symbol`: the one that it names; a mass cancel may name none. */
export function sendCommand(
  link: TradingLink,
  request: OrderRequest | MassCancelRequest,
  symbol: number | undefined,
  symbols: SymbolNames,
): InFlight | Problem {
  const number = request.request ?? 0;
  const problem =
    request.type === "massCancel"
      ? sendMassCancel(link, number, symbol, request.side)
      : sendOrder(link, number, request, symbol as number, symbols);
  if (problem !== undefined) return problem;
  const id = request.type === "massCancel" ? 0n : BigInt(request.id);
  return { command: COMMAND_OF[request.type], number: BigInt(number), id, request: request.request };
}

function sendMassCancel(
  link: TradingLink,
  number: number,
  symbol: number | undefined,
  side: "buy" | "sell" | undefined,
): undefined {
  link.massCancel(number, { ...(symbol !== undefined && { symbol }), ...(side !== undefined && { side }) });
}

function sendOrder(
  link: TradingLink,
  number: number,
  request: OrderRequest,
  symbol: number,
  { instruments }: SymbolNames,
): Problem | undefined {
  const { id } = request;
  if (request.type === "cancel") {
    link.cancel(number, { id, symbol });
    return undefined;
  }
  const { quantity } = request;
  if (request.type === "submit" && request.price === undefined) {
    link.submit(number, { id, symbol, side: request.side, type: "market", quantity });
    return undefined;
  }
  const instrument = instruments[symbol];
  const price = parsePrice(request.price ?? "", instrument.priceDecimals);
  if (price === undefined) return noPrice(request.price, instrument);
  if (request.type === "modify") link.modify(number, { id, symbol, price, quantity });
  else
    link.submit(number, {
      id,
      symbol,
      side: request.side,
      price,
      quantity,
      timeInForce: request.timeInForce,
    });
  return undefined;
}

export function noNumber(): Problem {
  const text = "request: missing; a session whose requests are executed once numbers each";
  return { code: ErrorCode.BadMessage, text };
}
