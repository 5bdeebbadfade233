// What the server answers to a client's requests, as text for the wire. Market data and order messages have files of
// their own. Fields whose value is undefined are left out (specification: docs/api/websocket.md).

import { reasonName, reasonText } from "../reasons.ts";
import { JSON_SCHEMA_VERSION, type Refusal, type SubscriptionRequest } from "./requests.ts";

/** An instrument as a client sees it. */
export interface WelcomeInstrument {
  readonly symbol: string;
  /** Digits of a price after the point. */
  readonly decimals: number;
  /** The price step that people use, as a price. */
  readonly tick: string;
  /** Displayed units per lot. */
  readonly lot: number;
}

/** What the exchange takes of one order. */
export interface OrderLimits {
  /** Lots. */
  readonly maxQuantity: number;
  /** Of a price times lots: ticks x lots. */
  readonly maxNotional: number;
}

export interface WelcomeMessage {
  readonly request: number | undefined;
  /** The server's version. */
  readonly version: string;
  readonly account: string | undefined;
  readonly accountNumber: number | undefined;
  /** Of a session with a token. */
  readonly session?: SessionWelcome | undefined;
  readonly instruments: readonly WelcomeInstrument[];
  readonly limits: OrderLimits & {
    readonly messageBytes: number;
    readonly messagesPerSecond: number;
    readonly depthLevels: number;
  };
}

export interface SessionWelcome {
  readonly session: bigint;
  /** The number of the first report that follows. */
  readonly first: number;
  /** The number that the next new report gets. */
  readonly next: number;
  /** Reports that were asked for are not kept any more. */
  readonly hasGap: boolean;
  readonly readOnly: boolean;
}

export function welcomeText(welcome: WelcomeMessage): string {
  const { request, version, account, accountNumber, session, instruments, limits } = welcome;
  const schema = JSON_SCHEMA_VERSION;
  return JSON.stringify({
    type: "welcome",
    request,
    schema,
    version,
    account,
    accountNumber,
    ...(session === undefined ? {} : sessionOnWire(session)),
    instruments,
    limits,
  });
}

function sessionOnWire({ session, first, next, hasGap, readOnly }: SessionWelcome) {
  const numbers = { session: String(session), first: String(first), next: String(next) };
  return { ...numbers, ...(hasGap && { gap: true }), ...(readOnly && { readOnly }) };
}

/** What an answer may say besides; undefined of an order-entry connection without a logon. */
export interface AnswerReport {
  /** The number of the report that says the same; undefined of what the gateway refused. */
  readonly report: number | undefined;
  /** Of a mass cancel: how many orders. */
  readonly cancelled?: number | undefined;
}

/** `id`: a mass cancel has none. `sequence`: of the event by which the request was executed. */
export function ackText(
  request: number | undefined,
  id: string | undefined,
  sequence: number,
  { report, cancelled }: AnswerReport = NO_REPORT,
): string {
  const number = numberText(report);
  return JSON.stringify({ type: "ack", request, id, sequence: String(sequence), report: number, cancelled });
}

/** `code`: a reason of ../reasons.ts. */
export function rejectText(
  request: number | undefined,
  id: string | undefined,
  code: number,
  { report }: AnswerReport = NO_REPORT,
): string {
  const why = { code, reason: reasonName(code), text: reasonText(code) };
  return JSON.stringify({ type: "reject", request, id, ...why, report: numberText(report) });
}

const NO_REPORT: AnswerReport = { report: undefined };

function numberText(number: number | undefined): string | undefined {
  return number === undefined ? undefined : String(number);
}

/** `next`: the number of the next report, of a session with a token. */
export function heartbeatText(request: number | undefined, next: number | undefined): string {
  return JSON.stringify({ type: "heartbeat", request, next: numberText(next) });
}

export function subscriptionText({ type, request, channels, symbols, level }: SubscriptionRequest): string {
  return JSON.stringify({ type: `${type}d`, request, channels, symbols, ...level });
}

export function errorText({ request, code, text }: Refusal): string {
  return JSON.stringify({ type: "error", request, code, text });
}
