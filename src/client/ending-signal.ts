// The AbortSignal that a program may give to what it connects: a client obeys it from its first attempt to its end, as it obeys
// destroy(). When it has ended by itself the signal knows it no more: one signal may outlive thousands of clients.

import { SeriatimError } from "../base/index.ts";
import { invalidArgument, shown } from "./errors.ts";

export interface EndingOptions {
  /** Ends the attempt to connect, and afterwards the client as `destroy()` does: `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
}

/** Throws SeriatimError: `INVALID_ARGUMENT` when it is no signal, `ABORTED` when it has been given before. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  // By what it has, as Node does: pages and tests have classes of their own.
  if (typeof signal !== "object" || signal === null || !("aborted" in signal))
    throw invalidArgument(`signal ${shown(signal)} is not an AbortSignal`);
  if (signal.aborted) throw aborted(signal as AbortSignal);
}

/** `destroy` is called when the signal is given, unless `over` has resolved. */
export function endsBy(
  signal: AbortSignal | undefined,
  over: Promise<unknown>,
  destroy: (failure: SeriatimError) => void,
): void {
  if (signal === undefined) return;
  const end = (): void => destroy(aborted(signal));
  signal.addEventListener("abort", end);
  over.then(() => signal.removeEventListener("abort", end));
}

function aborted({ reason }: AbortSignal): SeriatimError {
  const why = reason instanceof Error ? reason.message : shown(reason);
  return new SeriatimError("ABORTED", `the client's own signal ended it: ${why}`, { cause: reason });
}
