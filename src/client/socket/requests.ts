// Requests that wait for their answers, by number. When the connection is lost, the outcome of those sent without a logon is
// unknown: they may have been executed. Those of a session with a token are decided after the next logon: the reports
// that follow say what was executed, and a request of an earlier connection that has none of them was not. None is ever
// sent again behind anyone's back.

import { SeriatimError } from "../../base/index.ts";
import type { OpenOrderEntry, OrderStatusMessage, ReportMessage } from "../../protocol/index.ts";
import { notExecuted, outcomeUnknown } from "../errors.ts";
import type { AckMessage, ErrorMessage, RejectMessage } from "./messages.ts";

/** As many as the server takes: docs/api/websocket.md. */
const IN_FLIGHT_MAX = 256;

/** A refusal is an answer too, no error. */
export interface RequestRefused {
  readonly accepted: false;
  readonly code: number;
  readonly reason: string;
  /** The reason in words. */
  readonly text: string;
}

export type RequestAnswer =
  | { readonly accepted: true; readonly id: string; readonly sequence: string }
  | (RequestRefused & { readonly id: string });

/** `cancelled`: how many orders. */
export type MassCancelAnswer =
  | { readonly accepted: true; readonly cancelled: number; readonly sequence: string }
  | RequestRefused;

interface Waiting {
  readonly what: string;
  /** The session that sent it; undefined without a logon. */
  readonly session: string | undefined;
  resolve(answer: unknown): void;
  reject(error: SeriatimError): void;
}

export class Requests {
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  get count(): number {
    return this.#waiting.size;
  }

  /** A number that no request of this client had before. */
  next(): number {
    this.#last++;
    return this.#last;
  }

  /** Waits for the answer to `request`; rejects at once when too many wait already, and then `send` is not called. */
  wait<Answer>(
    request: number,
    what: string,
    session: string | undefined,
    send: () => void,
  ): Promise<Answer> {
    if (this.#waiting.size >= IN_FLIGHT_MAX) {
      return notSent("TOO_MANY_IN_FLIGHT", `${IN_FLIGHT_MAX} orders wait for their answers; ${what}`);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { what, session, resolve: resolve as (answer: unknown) => void, reject });
      send();
    });
  }

  /** Whether it was the answer to a request that waits. */
  answered(message: AckMessage | RejectMessage): boolean {
    const { type, request, ...answer } = message;
    const waiting = this.#take(request);
    waiting?.resolve({ accepted: type === "ack", ...answer });
    return waiting !== undefined;
  }

  /** The answer to a question. */
  told({ request, order }: OrderStatusMessage): void {
    this.#take(request)?.resolve(order satisfies OpenOrderEntry | null);
  }

  /** A report may be the answer to a request that an earlier connection sent. */
  reported({ session, request, ...report }: ReportMessage): void {
    if (session === undefined || this.#waiting.get(Number(request))?.session !== session) return;
    if (!isAnswer(report)) return;
    const { id, sequence, event, lastQuantity: cancelled, code, reason, text } = report;
    const waiting = this.#take(Number(request));
    if (event === "rejected") waiting?.resolve({ accepted: false, id, code, reason, text });
    else if (event === "massCancelled") waiting?.resolve({ accepted: true, sequence, cancelled });
    else waiting?.resolve({ accepted: true, id, sequence });
  }

  /** All reports up to the logon of `session` have come: what an earlier connection sent and none of them tells of. */
  decided(session: string, hasGap: boolean): void {
    for (const [request, { what, session: before, reject }] of [...this.#waiting]) {
      if (before === session) continue;
      this.#waiting.delete(request);
      reject(hasGap ? outcomeUnknown(what, reportsGone()) : notExecuted(what));
    }
  }

  /** Whether the error was the answer to a request that waits. */
  failed({ request, code, text }: ErrorMessage): boolean {
    const waiting = this.#take(request);
    waiting?.reject(new SeriatimError(code, text));
    return waiting !== undefined;
  }

  /** The connection is lost, and nothing will tell of what waits, but for those sent by a session that `isKept`. */
  lost(cause: SeriatimError, isKept: (session: string) => boolean = () => false): void {
    for (const [request, { what, session, reject }] of [...this.#waiting]) {
      if (session !== undefined && isKept(session)) continue;
      this.#waiting.delete(request);
      reject(outcomeUnknown(what, cause));
    }
  }

  #take(request: number | undefined): Waiting | undefined {
    if (request === undefined) return undefined;
    const waiting = this.#waiting.get(request);
    this.#waiting.delete(request);
    return waiting;
  }
}

/** Whether it says what became of a request, and not what followed from it. */
function isAnswer({ event, command }: Pick<ReportMessage, "event" | "command">): boolean {
  if (event === "cancelled") return command === "cancel";
  return event !== "traded" && event !== "expired";
}

function reportsGone(): SeriatimError {
  return new SeriatimError("REPORTS_GONE", "the exchange keeps no reports of that time any more");
}

export function notSent(code: string, what: string): Promise<never> {
  return Promise.reject(new SeriatimError(code, `${what} was not sent`));
}
