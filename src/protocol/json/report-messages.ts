// The numbered execution reports of an account, and the answers to questions about its orders, as a session with a token
// gets them: the messages' types, and their text for the wire (specification: docs/api/websocket.md, "Reports").

import { CommandKind, OrderType, TimeInForce } from "../commands/index.ts";
import { reasonName, reasonText } from "../reasons.ts";
import { ReportFlag } from "../reports/index.ts";
import { formatPrice } from "./decimal.ts";
import { type SideName, sideName } from "./market-messages.ts";
import type { OpenOrderEntry } from "./order-messages.ts";

/** By the ReportKind; none has the number 0. */
const EVENTS = [
  "accepted",
  "rejected",
  "traded",
  "cancelled",
  "modified",
  "expired",
  "massCancelled",
] as const;
export type ReportEventName = (typeof EVENTS)[number];

/** By the CancelCause. */
const CAUSES = ["request", "massCancel", "disconnected", "deadMan", "killSwitch"] as const;
export type CancelCauseName = (typeof CAUSES)[number];

/** By the CommandKind that caused it. */
const COMMANDS = new Map([
  [CommandKind.KillSwitch, "killSwitch"],
  [CommandKind.SessionEnd, "sessionEnd"],
  [CommandKind.NewOrder, "submit"],
  [CommandKind.Cancel, "cancel"],
  [CommandKind.Modify, "modify"],
  [CommandKind.MassCancel, "massCancel"],
] as const);
export type ReportCommandName = typeof COMMANDS extends Map<number, infer Name> ? Name : never;

/** The command of that kind, as reports call it; one that this version does not know is none of these. */
export function reportCommandName(command: number): ReportCommandName | undefined {
  return COMMANDS.get(command as typeof CommandKind.NewOrder);
}

/** The event of a report of that ReportKind; one that this version does not know has none. */
export function reportEventName(kind: number): ReportEventName | undefined {
  return EVENTS[kind - 1];
}

/** Why an order was taken out, by its CancelCause. */
export function cancelCauseName(cause: number): CancelCauseName {
  return CAUSES[cause] ?? "request";
}

/** A report as the client library gives it: its numbers are the record's (../reports). */
export interface NumberedReport {
  readonly number: number;
  readonly kind: number;
  readonly reason: number;
  readonly command: number;
  readonly flags: number;
  readonly side: number;
  readonly orderType: number;
  readonly timeInForce: number;
  readonly symbol: number;
  readonly id: bigint;
  /** 0 unless the command was this account's; the session's likewise. */
  readonly request: bigint;
  readonly session: bigint;
  /** Ticks. */
  readonly price: number;
  readonly lastPrice: number;
  /** Lots. */
  readonly lastQuantity: number;
  readonly leaves: number;
  readonly cumulative: number;
  readonly sequence: number;
  readonly timestamp_us: number;
}

export interface ReportMessage {
  readonly type: "report";
  /** From 1, without a gap, by account. */
  readonly number: string;
  readonly event: ReportEventName;
  /** What caused it. */
  readonly command: ReportCommandName;
  /** Whose request it was and its number, when it was this account's. */
  readonly session?: string;
  readonly request?: string;
  /** A mass cancel of all instruments has none; nor has it what follows of an order. */
  readonly symbol?: string;
  readonly id?: string;
  readonly side?: SideName;
  readonly orderType?: "limit" | "market";
  readonly timeInForce?: "gtc" | "ioc";
  /** The order's limit; null: it has none. */
  readonly price?: string | null;
  /** Lots that are left, and traded since it was accepted. */
  readonly leaves?: number;
  readonly cumulative?: number;
  /** Of `traded`. */
  readonly lastPrice?: string;
  /** Lots: traded, ordered, taken out, or the new open quantity; of `massCancelled` how many orders. */
  readonly lastQuantity?: number;
  readonly liquidity?: "maker" | "taker";
  /** Of `cancelled`. */
  readonly cause?: CancelCauseName;
  /** Of `rejected`. */
  readonly code?: number;
  readonly reason?: string;
  readonly text?: string;
  /** The answer to a request that was answered before. */
  readonly repeated?: true;
  /** Of `modified`: it kept its place in the queue. */
  readonly inPlace?: true;
  /** The account's last report of its command. */
  readonly last?: true;
  /** Of the event; a `rejected` has none. */
  readonly sequence?: string;
  /** Microseconds since 1970. */
  readonly time: string;
}

/** What messages need of an instrument. */
export interface ListedPrices {
  readonly name: string;
  readonly priceDecimals: number;
}

/** `instrument`: undefined when the report is of none, or of one that is not listed. */
export function reportText(report: NumberedReport, instrument: ListedPrices | undefined): string {
  const { number, kind, command, flags, request, session, sequence, timestamp_us } = report;
  const event = reportEventName(kind) ?? "rejected";
  const isOurs = session !== 0n;
  const message: ReportMessage = {
    type: "report",
    number: String(number),
    event,
    command: reportCommandName(command) ?? "submit",
    ...(isOurs && { session: String(session), request: String(request) }),
    ...(instrument !== undefined && { symbol: instrument.name }),
    ...(event === "massCancelled"
      ? { lastQuantity: report.lastQuantity }
      : orderOf(report, event, instrument)),
    ...((flags & ReportFlag.Repeated) !== 0 && { repeated: true }),
    ...((flags & ReportFlag.InPlace) !== 0 && { inPlace: true }),
    ...((flags & ReportFlag.Last) !== 0 && { last: true }),
    ...(sequence !== 0 && { sequence: String(sequence) }),
    time: String(timestamp_us),
  };
  return JSON.stringify(message);
}

function orderOf(
  report: NumberedReport,
  event: ReportEventName,
  instrument: ListedPrices | undefined,
): Partial<ReportMessage> {
  const id = String(report.id);
  if (event === "rejected") return { id, ...reasonOf(report.reason) };
  // Only that it was accepted: its order may be long gone.
  if ((report.flags & ReportFlag.Repeated) !== 0) return { id };
  const decimals = instrument?.priceDecimals ?? 0;
  const isMarket = report.orderType === OrderType.Market;
  return {
    id,
    side: sideName(report.side === 0 ? 0 : 1),
    orderType: isMarket ? "market" : "limit",
    timeInForce: report.timeInForce === TimeInForce.ImmediateOrCancel ? "ioc" : "gtc",
    price: isMarket ? null : formatPrice(report.price, decimals),
    leaves: report.leaves,
    cumulative: report.cumulative,
    lastQuantity: report.lastQuantity,
    ...(event === "traded" && {
      lastPrice: formatPrice(report.lastPrice, decimals),
      liquidity: (report.flags & ReportFlag.Maker) !== 0 ? "maker" : "taker",
    }),
    ...(event === "cancelled" && { cause: cancelCauseName(report.reason) }),
  };
}

function reasonOf(code: number): Pick<ReportMessage, "code" | "reason" | "text"> {
  return { code, reason: reasonName(code), text: reasonText(code) };
}

/** The answer to `orderStatus`. */
export interface OrderStatusMessage {
  readonly type: "orderStatus";
  readonly request?: number;
  /** The number of the last report that it knows of. */
  readonly report: string;
  /** null: no such order rests. */
  readonly order: OpenOrderEntry | null;
}

export function orderStatusText(
  request: number | undefined,
  report: number,
  order: OpenOrderEntry | null,
): string {
  return JSON.stringify({ type: "orderStatus", request, report: String(report), order });
}
