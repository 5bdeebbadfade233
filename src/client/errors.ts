// How a client's connection fails, in words. Always SeriatimError, so that a program can tell it from a bug.

import { SeriatimError } from "../base/index.ts";

/** No connection came about. */
export function connectError(peer: string, code: string, why: string): SeriatimError {
  const words = code === "ECONNREFUSED" ? "nothing listens there" : why;
  return new SeriatimError(code, `can't connect to ${peer}: ${words}`);
}

/** A connection that stood is gone. */
export function connectionLost(peer: string, why: string): SeriatimError {
  return new SeriatimError("CONNECTION_LOST", `the connection to ${peer} was lost: ${why}`);
}

/** The protocol has no refusal for Hello: an exchange without the account just closes. */
export function helloRefused(account: number, cause: SeriatimError): SeriatimError {
  return new SeriatimError("HELLO_REFUSED", `no Hello as account ${account}: ${cause.message}`, { cause });
}

/** A request was sent and its answer never came: it may have been executed or not. It is never sent again for you. */
export function outcomeUnknown(what: string, cause: SeriatimError): SeriatimError {
  return new SeriatimError("OUTCOME_UNKNOWN", `the outcome of ${what} is unknown: ${cause.message}`, {
    cause,
  });
}

/** A value that no request can carry. */
export function invalidArgument(message: string): SeriatimError {
  return new SeriatimError("INVALID_ARGUMENT", message);
}
