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

export interface WelcomeMessage {
  readonly request: number | undefined;
  /** The server's version. */
  readonly version: string;
  readonly account: string | undefined;
  readonly accountNumber: number | undefined;
  readonly instruments: readonly WelcomeInstrument[];
  readonly limits: {
    readonly messageBytes: number;
    readonly messagesPerSecond: number;
    readonly depthLevels: number;
  };
}

export function welcomeText(welcome: WelcomeMessage): string {
  const { request, version, account, accountNumber, instruments, limits } = welcome;
  const schema = JSON_SCHEMA_VERSION;
  return JSON.stringify({
    type: "welcome",
    request,
    schema,
    version,
    account,
    accountNumber,
    instruments,
    limits,
  });
}

/** `sequence`: of the event by which the order was executed. */
export function ackText(request: number | undefined, id: string, sequence: number): string {
  return JSON.stringify({ type: "ack", request, id, sequence: String(sequence) });
}

/** `code`: a reason of ../reasons.ts. */
export function rejectText(request: number | undefined, id: string, code: number): string {
  return JSON.stringify({
    type: "reject",
    request,
    id,
    code,
    reason: reasonName(code),
    text: reasonText(code),
  });
}

export function subscriptionText({ type, request, channels, symbols }: SubscriptionRequest): string {
  return JSON.stringify({ type: `${type}d`, request, channels, symbols });
}

export function errorText({ request, code, text }: Refusal): string {
  return JSON.stringify({ type: "error", request, code, text });
}
