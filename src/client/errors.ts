// How a client's connection fails, in words. Always SeriatimError, so that a program can tell it from a bug.

import { networkWords, SeriatimError } from "../base/index.ts";
import { Reason, reasonName, reasonText } from "../protocol/index.ts";

/** No connection came about. */
export function connectError(peer: string, code: string, why: string, isTls: boolean): SeriatimError {
  const words = networkWords(code, why);
  // Broken off before TLS stood: by whoever takes its first words for something else.
  const said = isTls && (code === "ECONNRESET" || code === "EPIPE") ? withTlsHint(words, isTls) : words;
  return new SeriatimError(code, `can't connect to ${peer}: ${said}`);
}

/** Of a connection that is lost before its first answer: plain and TLS don't understand each other, and neither says so. */
export function withTlsHint(why: string, isTls: boolean): string {
  return isTls
    ? `${why}: it may speak no TLS`
    : `${why}: it may speak TLS (\`tls\` of connectTrading, --tls-ca of a command)`;
}

/** A connection that stood is gone before the exchange has said anything; `isSure`: whether it speaks TLS is known. */
export function closedUnheard(peer: string, isSure: boolean): SeriatimError {
  const why = "the exchange closed it without a word";
  return connectionLost(peer, isSure ? why : withTlsHint(why, false));
}

/** A connection that stood is gone. */
export function connectionLost(peer: string, why: string): SeriatimError {
  return new SeriatimError("CONNECTION_LOST", `the connection to ${peer} was lost: ${why}`);
}

/** A connection that stood, and of which this side wants no more. */
export function connectionGivenUp(peer: string, why: string): SeriatimError {
  return new SeriatimError("CONNECTION_LOST", `the connection to ${peer} was given up: ${why}`);
}

/** What listens there speaks something else: a port given by mistake. */
export function noOrderPort(peer: string, problem: string): SeriatimError {
  const what = `${peer} is no order port: the first that it sent is ${problem}`;
  return new SeriatimError("NOT_ORDER_ENTRY", what);
}

/** The protocol has no refusal for Hello: an exchange that lacks the account, or wants a logon for it, just closes. */
function helloRefused(account: number, cause: SeriatimError): SeriatimError {
  const how = "with a key (connectTrading, --key): a key names it, or the open mode is off";
  const why = `the exchange may lack the account, or take it only ${how}`;
  return new SeriatimError("HELLO_REFUSED", `no Hello as account ${account}: ${why}; ${cause.message}`, {
    cause,
  });
}

/** Why a first Hello failed with the connection: what these say has nothing to do with the account. */
const NO_REFUSALS: ReadonlySet<string> = new Set(["ETIMEDOUT", "NOT_ORDER_ENTRY", "ABORTED", "REFUSED"]);

export function helloFailed(account: number, cause: SeriatimError): SeriatimError {
  return NO_REFUSALS.has(cause.code) ? cause : helloRefused(account, cause);
}

/** A request was sent and its answer never came: it may have been executed or not. It is never sent again for you. */
export function outcomeUnknown(what: string, cause: SeriatimError): SeriatimError {
  return new SeriatimError("OUTCOME_UNKNOWN", `the outcome of ${what} is unknown: ${cause.message}`, {
    cause,
  });
}

/** The gateway refused one of several requests on the order `id`, and its answer does not say which. */
export function refusalOfAny(what: string, id: bigint, code: number): SeriatimError {
  const why = `one of the requests on order ${id} was refused (${reasonName(code)}), and the exchange doesn't say which`;
  return outcomeUnknown(what, new SeriatimError("REFUSED", why));
}

/** A request was sent over a connection that is lost, and the exchange's reports show that it never got there. */
export function notExecuted(what: string): SeriatimError {
  return new SeriatimError("NOT_EXECUTED", `${what} was not executed: the connection was lost before`);
}

/** A later version of the exchange says something with it. */
export function strangeReport(number: number): SeriatimError {
  return new SeriatimError("STRANGE_REPORT", `report ${number} is of a kind that this version does not know`);
}

/** Answers lie behind the reports that a reader does not take. */
export function readerStandsStill(silence_ms: number): SeriatimError {
  const why = `it took no report for ${silence_ms} ms while answers waited behind them`;
  return new SeriatimError("EVENTS_OVERFLOW", `the reader was left behind: ${why}`);
}

/** There is no connection at the moment. */
export function notConnected(): SeriatimError {
  return new SeriatimError(
    "NOT_CONNECTED",
    "there is no connection now, and nothing was sent: await ready()",
  );
}

/** The gateway did not take a query. */
export function queryRefused(what: string, reason: number): SeriatimError {
  const why = `${reasonName(reason)} (${reasonText(reason)})`;
  return new SeriatimError("REFUSED", `${what} was refused: ${why}`);
}

/** A resuming client has tried all addresses for as long as it may. */
export function patienceOver(peers: string, patience_ms: number, cause: SeriatimError): SeriatimError {
  const what = `no answer from ${peers} within ${patience_ms} ms: ${cause.message}`;
  return new SeriatimError("PATIENCE_OVER", what, { cause });
}

/** The exchange has forgotten so low a request number: somebody else of the account has used higher ones. */
export function requestForgotten(what: string): SeriatimError {
  const why = "its number is older than the account's last 256, which another program must have used";
  return new SeriatimError("REQUEST_FORGOTTEN", `${what} was refused: ${why}`);
}

/** Who wanted to log on, and for which account. */
export interface RefusedLogon {
  readonly name: string;
  readonly account: number;
  readonly says?: string | undefined;
}

/** The exchange does not take this logon; `reason` is a code of the exchange's reasons. */
export class LogonRefusedError extends SeriatimError {
  readonly reason: number;

  /** `says`: what the key's own file says of it, if there is one. */
  constructor(peer: string, reason: number, { name, account, says }: RefusedLogon) {
    // Which of these it is, the exchange keeps to itself.
    const hint = says === undefined ? "" : `; ${says}`;
    const unproved = `it knows no trader or reader ${name}, or by another key, or not for account ${account}${hint}`;
    const throttled = "too many logons in a second, or the key has as many sessions as it may";
    const why =
      reason === Reason.NotAuthorised
        ? unproved
        : reason === Reason.Throttled
          ? throttled
          : reasonText(reason);
    super("LOGON_REFUSED", `${peer} refuses the logon: ${reasonName(reason)} (${why})`);
    this.reason = reason;
  }
}

/** What signs for the key could not, this time. */
export function signerFailed(name: string, cause: unknown): SeriatimError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SeriatimError("SIGNER_FAILED", `${name} could not sign the logon: ${why}`, { cause });
}

/** The exchange says that the session of this connection is over. */
export function sessionOver(peer: string, reason: number): SeriatimError {
  const why = `${reasonName(reason)} (${reasonText(reason)})`;
  return reason === Reason.SessionReplaced
    ? new SeriatimError("SESSION_REPLACED", `the session at ${peer} is over: ${why}`)
    : connectionLost(peer, `the session is over: ${why}`);
}

/** As many requests wait as may. */
export function windowFull(unanswered: number, max: number): SeriatimError {
  return new SeriatimError("WINDOW_FULL", `${unanswered} of ${max} requests are unanswered: await ready()`);
}

/** As many heartbeats wait as may. */
export function heartbeatsUnanswered(count: number): SeriatimError {
  const what = `${count} heartbeats are unanswered: the exchange may be gone`;
  return new SeriatimError("HEARTBEATS_UNANSWERED", `${what}; await those first`);
}

/** A value that no request can carry. */
export function invalidArgument(message: string): SeriatimError {
  return new SeriatimError("INVALID_ARGUMENT", message);
}

/** A value as messages show it: text in quotes, so that "1" is told from 1. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "object" && value !== null ? "{...}" : String(value);
}

/** Throws `INVALID_ARGUMENT` unless `value` is an integer from `min` to `max`. */
export function checkInteger(what: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw invalidArgument(`${what} ${shown(value)} is not an integer from ${min} to ${max}`);
}

/** Throws `INVALID_ARGUMENT` unless `value` is an object: what a call without types may forget to give. */
export function checkObject(what: string, value: unknown): void {
  if (typeof value === "object" && value !== null) return;
  throw invalidArgument(`${what} must be an object, not ${shown(value)}`);
}

/** Throws `INVALID_ARGUMENT` unless `value` is text, and not the empty one. */
export function checkText(what: string, value: unknown): void {
  if (typeof value === "string" && value !== "") return;
  throw invalidArgument(`${what} ${shown(value)} is not a text with anything in it`);
}
