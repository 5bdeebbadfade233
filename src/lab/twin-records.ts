// The twin's events in the field's own record: every field an engine event has, so that the two can be compared
// field by field. The only place where the twin meets the protocol's numbers.

import {
  ALL_SYMBOLS,
  BOTH_SIDES,
  CancelCause,
  CommandKind,
  type EventFields,
  EventFlag,
  EventKind,
  type FlowCommand,
  type FlowOrderCommand,
  isFlowOrder,
  OrderType,
  Reason,
  Side,
  TimeInForce,
} from "../protocol/index.ts";
import type { TwinEvent } from "./twin-events.ts";

/** What followed from `command`, as event records would say it. */
export function twinRecords(command: FlowCommand, events: readonly TwinEvent[]): EventFields[] {
  return events.map((event, i) => {
    const last = i === events.length - 1 ? EventFlag.Last : 0;
    const subject = isFlowOrder(command) ? subjectOf(command, events) : bulkSubject(command, event);
    const record = { ...subject, ...bodyOf(event) };
    return { ...record, flags: record.flags | last };
  });
}

type Subject = Omit<EventFields, keyof ReturnType<typeof emptyBody>>;

/** What all events of one command share: the command's kind and the order it is about. */
function subjectOf(command: FlowOrderCommand, events: readonly TwinEvent[]): Subject {
  return {
    command: COMMAND_KINDS[command.kind],
    symbol: command.symbol,
    orderId: command.id,
    account: command.account,
    side: subjectSide(command, events),
    orderType: command.kind === "market" ? OrderType.Market : OrderType.Limit,
    timeInForce: timeInForceOf(command),
  };
}

/** A command that names no order: its events say which they took out, and the others only whose. */
function bulkSubject(command: FlowCommand, event: TwinEvent): Subject {
  const order = event.kind === "taken_out" ? event.order : undefined;
  const { symbol, side } =
    event.kind === "taken_out" ? { symbol: event.symbol, side: event.order.side } : namedBy(command);
  return {
    command: BULK_KINDS[command.kind as keyof typeof BULK_KINDS],
    symbol,
    orderId: order?.id ?? 0n,
    account: order?.account ?? ("account" in command ? command.account : 0),
    side,
    orderType: OrderType.Limit,
    timeInForce: TimeInForce.GoodTillCancel,
  };
}

const BULK_KINDS = {
  mass_cancel: CommandKind.MassCancel,
  kill_switch: CommandKind.KillSwitch,
  session_open: CommandKind.SessionOpen,
  session_end: CommandKind.SessionEnd,
} as const;

/** Symbol and side of an event about the command itself. */
function namedBy(command: FlowCommand): Pick<Subject, "symbol" | "side"> {
  if (command.kind !== "mass_cancel")
    return { symbol: "symbol" in command ? command.symbol : 0, side: Side.Buy };
  return { symbol: command.symbol ?? ALL_SYMBOLS, side: command.side ?? BOTH_SIDES };
}

const COMMAND_KINDS = {
  limit: CommandKind.NewOrder,
  market: CommandKind.NewOrder,
  cancel: CommandKind.Cancel,
  modify: CommandKind.Modify,
} as const;

/** A cancel or modify names no side: it is the resting order's. */
function subjectSide(command: FlowOrderCommand, events: readonly TwinEvent[]): Side {
  if (command.kind === "limit" || command.kind === "market") return command.side;
  const first = events[0];
  if (first.kind === "cancel") return first.order.side;
  return first.kind === "modify" ? first.previous.side : Side.Buy;
}

function timeInForceOf(command: FlowOrderCommand): TimeInForce {
  if (command.kind === "limit") return command.timeInForce;
  if (command.kind !== "market") return TimeInForce.GoodTillCancel;
  return command.named?.timeInForce ?? TimeInForce.ImmediateOrCancel;
}

function emptyBody() {
  return {
    kind: 0 as number,
    reason: 0 as number,
    flags: 0 as number,
    sequence: 0,
    makerId: 0n,
    price: 0,
    quantity: 0,
    leaves: 0,
    makerAccount: 0,
    makerLeaves: 0,
    previousPrice: 0,
    previousQuantity: 0,
  };
}

function bodyOf(event: TwinEvent): ReturnType<typeof emptyBody> {
  const body = emptyBody();
  switch (event.kind) {
    case "reject":
      return { ...body, kind: EventKind.Reject, reason: Reason[event.reason] };
    case "repeat":
      return {
        ...body,
        kind: EventKind.Repeat,
        sequence: event.sequence,
        reason: Reason[event.reason ?? "None"],
      };
    case "accept": {
      const { sequence, price, quantity } = event;
      return { ...body, kind: EventKind.Accept, sequence, price: Number(price), quantity };
    }
    case "mass_cancel": {
      const { sequence, orders } = event;
      return { ...body, kind: EventKind.MassCancel, sequence, quantity: orders };
    }
    case "cancel":
    case "taken_out": {
      const { sequence, order } = event;
      return {
        ...body,
        kind: EventKind.Cancel,
        reason: event.kind === "cancel" ? CancelCause.Request : CancelCause[event.cause],
        sequence,
        price: Number(order.price),
        quantity: order.quantity,
      };
    }
    case "modify":
      return { ...body, ...modifyBody(event) };
    case "trade":
      return { ...body, ...tradeBody(event) };
  }
}

function modifyBody({ sequence, price, quantity, previous, inPlace }: TwinEvent & { kind: "modify" }) {
  return {
    kind: EventKind.Modify,
    flags: inPlace ? EventFlag.InPlace : 0,
    sequence,
    price: Number(price),
    quantity,
    previousPrice: Number(previous.price),
    previousQuantity: previous.quantity,
  };
}

function tradeBody({ sequence, maker, quantity, leaves, makerLeaves }: TwinEvent & { kind: "trade" }) {
  return {
    kind: EventKind.Trade,
    sequence,
    makerId: maker.id,
    price: Number(maker.price),
    quantity,
    leaves,
    makerAccount: maker.account,
    makerLeaves,
  };
}
