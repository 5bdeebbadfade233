// Reports and answers as programs see them: words instead of the wire's numbers.

import {
  ALL_SYMBOLS,
  BOTH_SIDES,
  CancelCause,
  isAnswer,
  OrderType,
  type ReportCommandName,
  ReportFlag,
  ReportKind,
  reasonName,
  reportCommandName,
  Side,
  TimeInForce,
} from "../../protocol/index.ts";
import type { ReportTells } from "./session-ledger.ts";
import type { SessionOrder, SessionReport } from "./session-values.ts";

/** What happened to an order or a request of the account. */
export interface ExecutionReport {
  /** Its place in the account's stream: from 1, without a gap. */
  readonly number: number;
  /** `expired`: what an order that must not rest did not trade. `massCancelled`: a mass cancel was executed. */
  readonly kind: ReportKindName;
  /** What caused it: a request, of the account or of whom it traded with, the end of a session, an administrator. */
  readonly command?: ReportCommandName;
  /** Rejected: why, as the exchange's reason and its code. */
  readonly reason?: string;
  readonly code?: number;
  /** Cancelled: by what. */
  readonly cause?: CancelCauseName;
  /** Nothing more follows of the command that caused it. */
  readonly isLast: boolean;
  /** Traded: the order rested. */
  readonly isMaker: boolean;
  /** The first answer to a request of that number again; nothing happened. */
  readonly isRepeated: boolean;
  /** Modified: the order kept its place in the queue. */
  readonly keptPlace: boolean;
  /** A mass cancel of all symbols has none. */
  readonly symbol?: number;
  /** 0 of a massCancelled. */
  readonly id: bigint;
  /** A mass cancel of both sides has none. */
  readonly side?: "buy" | "sell";
  /** Of all but a massCancelled. */
  readonly type?: "limit" | "market";
  readonly timeInForce?: "gtc" | "ioc";
  /** The order's limit in ticks; 0 of a market order. */
  readonly price: number;
  /** Traded: the price. */
  readonly lastPrice: number;
  /** Lots: traded, taken out, ordered; of a massCancelled how many orders. */
  readonly lastQuantity: number;
  /** Lots open after it: 0 of a traded, cancelled, modified or expired ends the order. */
  readonly leaves: number;
  /** Lots this order has traded since it was accepted. */
  readonly cumulative: number;
  /** The exchange's event sequence; 0 of a refusal. */
  readonly sequence: number;
  /** When, in microseconds since 1970, by the exchange's clock. */
  readonly timestamp_us: number;
  /** The request that it answers and the connection that came over; 0 when nobody of the account asked. */
  readonly request: bigint;
  readonly session: bigint;
}

const KINDS = {
  [ReportKind.Accepted]: "accepted",
  [ReportKind.Rejected]: "rejected",
  [ReportKind.Traded]: "traded",
  [ReportKind.Cancelled]: "cancelled",
  [ReportKind.Modified]: "modified",
  [ReportKind.Expired]: "expired",
  [ReportKind.MassCancelled]: "massCancelled",
} as const;
export type ReportKindName = (typeof KINDS)[keyof typeof KINDS];

const CAUSES = {
  [CancelCause.Request]: "request",
  [CancelCause.MassCancel]: "massCancel",
  [CancelCause.Disconnected]: "disconnected",
  [CancelCause.DeadMan]: "deadMan",
  [CancelCause.KillSwitch]: "killSwitch",
} as const;
export type CancelCauseName = (typeof CAUSES)[keyof typeof CAUSES];

/** A request on orders was executed, or refused for a reason: by the engine, whose report says so, or by the gateway on its own. */
export type RequestAnswer =
  | { readonly accepted: true; readonly id: bigint; readonly report: ExecutionReport }
  | {
      readonly accepted: false;
      readonly id: bigint;
      readonly reason: string;
      readonly code: number;
      readonly report?: ExecutionReport;
    };

/** An order that rests. */
export interface OpenOrder {
  readonly symbol: number;
  readonly id: bigint;
  readonly side: "buy" | "sell";
  readonly price: number;
  readonly leaves: number;
  readonly cumulative: number;
}

/** Whether an order rests; as of which report of the account's stream. */
export interface OrderStatus {
  /** Undefined: no such order rests. */
  readonly order: OpenOrder | undefined;
  readonly asOf: number;
}

/** The account's resting orders, in no order that means anything. */
export interface OpenOrders {
  readonly orders: readonly OpenOrder[];
  /** There are more than the exchange lists. */
  readonly isTruncated: boolean;
  readonly asOf: number;
}

/** The report in words; undefined when it is of a kind or cause that this version does not know. */
export function inWords(report: SessionReport): ExecutionReport | undefined {
  const { reason: why, command: causedBy, flags, side, symbol, orderType, timeInForce, ...same } = report;
  const command = reportCommandName(causedBy);
  const kind = KINDS[report.kind as ReportKind];
  const isCancelled = report.kind === ReportKind.Cancelled;
  const cause = isCancelled ? CAUSES[why as CancelCause] : undefined;
  if (kind === undefined || (isCancelled && cause === undefined)) return undefined;
  return {
    ...same,
    kind,
    ...(command !== undefined && { command }),
    ...(symbol !== ALL_SYMBOLS && { symbol }),
    ...(side !== BOTH_SIDES && { side: sideName(side) }),
    ...(report.kind !== ReportKind.MassCancelled && orderTerms(orderType, timeInForce)),
    ...(why !== 0 && !isCancelled && { reason: reasonName(why), code: why }),
    ...(cause !== undefined && { cause }),
    isLast: (flags & ReportFlag.Last) !== 0,
    isMaker: (flags & ReportFlag.Maker) !== 0,
    isRepeated: (flags & ReportFlag.Repeated) !== 0,
    keptPlace: (flags & ReportFlag.InPlace) !== 0,
  };
}

function orderTerms(orderType: number, timeInForce: number): Pick<ExecutionReport, "type" | "timeInForce"> {
  return {
    type: orderType === OrderType.Market ? "market" : "limit",
    timeInForce: timeInForce === TimeInForce.ImmediateOrCancel ? "ioc" : "gtc",
  };
}

/** What a report tells of the request that it names. An order's trade with another of the account has a report of that one's too. */
export function tells(report: SessionReport): ReportTells {
  if (isAnswer(report)) return "answer";
  const { kind, flags } = report;
  const isOwn =
    kind === ReportKind.Expired || (kind === ReportKind.Traded && (flags & ReportFlag.Maker) === 0);
  return isOwn ? "trade" : "nothing";
}

/** What a report says of the request that it answers. */
export function answerOf(report: ExecutionReport): RequestAnswer {
  const { id, reason, code } = report;
  return reason === undefined || code === undefined
    ? { accepted: true, id, report }
    : { accepted: false, id, reason, code, report };
}

/** The order of a query's answer; undefined when it does not rest. */
export function openOrder(order: SessionOrder): OpenOrder | undefined {
  const { symbol, id, price, leaves, cumulative } = order;
  return order.rests ? { symbol, id, side: sideName(order.side), price, leaves, cumulative } : undefined;
}

function sideName(side: number): "buy" | "sell" {
  return side === Side.Sell ? "sell" : "buy";
}
