// Between a flow's plain objects and the records the engine speaks: commands one way, events the other.

import { assert } from "../../base/index.ts";
import {
  ALL_SYMBOLS,
  BOTH_SIDES,
  CommandFlag,
  CommandKind,
  CommandWord,
  type Genesis,
  type MassCancelFields,
  type OrderFields,
  OrderType,
  Side,
  TimeInForce,
  writeAdminCommand,
  writeCancel,
  writeInstrument,
  writeMassCancel,
  writeModify,
  writeNewOrder,
  writeSessionCommand,
} from "../commands/index.ts";
import { type EventFields, EventKind } from "../events/index.ts";
import type { Reason } from "../reasons.ts";
import {
  type Flow,
  type FlowCommand,
  type FlowLimit,
  type FlowMarket,
  type FlowMassCancel,
  type FlowOrderCommand,
  type FlowOutcome,
  type FlowReject,
  type FlowRequest,
  isFlowRequest,
  registeredNames,
} from "./types.ts";

/** The two u32 lanes of a u64 or i64 (two's complement). */
export function lanesOf(value: bigint): [low: number, high: number] {
  return [Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n))];
}

/**
 * The genesis a flow runs under. What a flow leaves open is decided so that it never shows: there is room for every
 * order it holds and for every name it registers, and account 0 is there. More room than that never shows either, so
 * a flow that asks for it costs no memory.
 */
export function flowGenesis(flow: Pick<Flow, "meta" | "steps">): Genesis {
  const { maxQuantity, maxNotional, ordersMax, accountsMax, accountOrdersMax } = flow.meta;
  return {
    ...(accountOrdersMax !== undefined && { accountOrdersMax }),
    maxQuantity,
    maxNotional,
    ordersMax: Math.max(1, Math.min(ordersMax ?? flow.steps.length, flow.steps.length)),
    symbolsMax: Math.max(registeredNames(flow).length, 1),
    accountsMax: accountsMax ?? 1,
    indexSeed: [1, 2],
  };
}

/** Writes the command record of one flow command at word offset `at`; a new symbol has plain ticks and lots. */
export function writeFlowCommand(words: Int32Array, at: number, command: FlowCommand): void {
  if (command.kind === "reg") {
    writeInstrument(words, at, { name: command.name, priceDecimals: 0, tick: 1, lot: 1 });
    return;
  }
  if (command.kind === "session_open" || command.kind === "session_end") {
    writeSessionCommand(words, at, command);
    return;
  }
  if (!isFlowRequest(command)) {
    writeAdminCommand(words, at, command);
    return;
  }
  writeFlowRequest(words, at, command);
  if (command.once === undefined) return;
  const [requestLow, requestHigh] = lanesOf(command.once);
  words[at + CommandWord.flags] = CommandFlag.Once;
  words[at + CommandWord.requestLow] = requestLow;
  words[at + CommandWord.requestHigh] = requestHigh;
}

function writeFlowRequest(words: Int32Array, at: number, command: FlowRequest): void {
  if (command.kind === "mass_cancel") {
    const { account, symbol = ALL_SYMBOLS, side = BOTH_SIDES } = command;
    writeMassCancel(words, at, account, symbol, side);
    return;
  }
  const { account, symbol } = command;
  const [idLow, idHigh] = lanesOf(command.id);
  if (command.kind === "cancel") {
    writeCancel(words, at, account, symbol, idLow, idHigh);
    return;
  }
  if (command.kind === "modify") {
    const [low, high] = lanesOf(command.price);
    writeModify(words, at, account, symbol, idLow, idHigh, low, high, command.quantity);
  } else {
    const { orderType, timeInForce, price } = termsOf(command);
    const [low, high] = lanesOf(price);
    const { side, quantity } = command;
    writeNewOrder(
      words,
      at,
      account,
      symbol,
      idLow,
      idHigh,
      side,
      orderType,
      timeInForce,
      low,
      high,
      quantity,
    );
  }
  words[at + CommandWord.answerLimit_fills] = command.answerLimit;
}

/** What a flow says of the order command of `order`: the opposite of writeFlowCommand. */
export function flowCommandOf(kind: string, order: OrderFields): FlowOrderCommand {
  const {
    account,
    symbol,
    orderId: id,
    quantity = 0,
    price = 0n,
    answerLimit_fills: answerLimit = 0,
  } = order;
  const target = { account, symbol, id, ...(order.once && { once: order.request }) };
  if (kind === "cancel") return { kind, ...target };
  if (kind === "modify") return { kind, ...target, price, quantity, answerLimit };
  const side = order.side === "buy" ? Side.Buy : Side.Sell;
  const terms = { ...target, side, quantity, answerLimit };
  const timeInForce =
    order.timeInForce === "gtc" ? TimeInForce.GoodTillCancel : TimeInForce.ImmediateOrCancel;
  if (order.orderType === "limit") return { kind: "limit", ...terms, price, timeInForce };
  const isNamed = price !== 0n || timeInForce !== TimeInForce.ImmediateOrCancel;
  return { kind: "market", ...terms, ...(isNamed && { named: { price, timeInForce } }) };
}

/** What a flow says of a mass cancel: the opposite of writeFlowCommand. */
export function flowMassCancelOf({ account, symbol, side, once, request }: MassCancelFields): FlowMassCancel {
  return {
    kind: "mass_cancel",
    account,
    ...(symbol !== undefined && { symbol }),
    ...(side !== undefined && { side: side === "buy" ? Side.Buy : Side.Sell }),
    ...(once && { once: request }),
  };
}

const NAMES_NOTHING = { price: 0n, timeInForce: TimeInForce.ImmediateOrCancel };

function termsOf(command: FlowLimit | FlowMarket) {
  if (command.kind === "limit")
    return { orderType: OrderType.Limit, timeInForce: command.timeInForce, price: command.price };
  return { orderType: OrderType.Market, ...(command.named ?? NAMES_NOTHING) };
}

/** What a flow says of an event. */
export function flowOutcomeOf(event: EventFields): FlowOutcome {
  const { sequence, symbol, orderId: id } = event;
  switch (event.kind) {
    case EventKind.Accept:
      return { kind: "accept", sequence, symbol, id };
    case EventKind.Cancel:
      return { kind: "cancel", sequence, symbol, id };
    case EventKind.Modify:
      return { kind: "modify", sequence, symbol, id };
    case EventKind.Repeat: {
      if (event.reason === 0) return { kind: "repeat", sequence, symbol, id };
      return { kind: "reject", command: rejectedCommand(event), id, reason: event.reason as Reason };
    }
    case EventKind.Trade: {
      const { makerId: maker, quantity } = event;
      return { kind: "trade", sequence, symbol, taker: id, maker, price: BigInt(event.price), quantity };
    }
    case EventKind.MassCancel:
      return { kind: "mass_cancel", sequence, orders: event.quantity };
    default:
      assert(event.kind === EventKind.Reject, `unknown event kind ${event.kind}`);
      return { kind: "reject", command: rejectedCommand(event), id, reason: event.reason as Reason };
  }
}

function rejectedCommand(event: EventFields): FlowReject["command"] {
  if (event.command === CommandKind.Cancel) return "cancel";
  if (event.command === CommandKind.Modify) return "modify";
  if (event.command === CommandKind.MassCancel) return "mass_cancel";
  if (event.command === CommandKind.KillSwitch) return "kill_switch";
  if (event.command === CommandKind.SessionOpen) return "session_open";
  return event.orderType === OrderType.Market ? "new_market" : "new_limit";
}
