// How a connection to a broker fails, as errors with a stable code; and which failures another connection may mend.

import { SeriatimError } from "../../base/index.ts";
import { type TapeEndFields, TapeReason, tapeReasonName, tapeReasonText } from "../../protocol/index.ts";

/**
 * The broker refused or ended a connection. `code` is the reason's name in capitals (`TOPIC_UNKNOWN`, `NOT_ALLOWED`,
 * `RECORD_GONE`, ...), and `SESSION_FENCED` for a publisher's session that is over.
 */
export class TapeRefusedError extends SeriatimError {
  readonly reason: TapeReason;
  /** What belongs to the reason: the last good batch (LeaseOver), the oldest record (RecordGone), the epoch known (Epoch), the record that can be read again (LogCorrupt). */
  readonly detail: number;

  constructor(peer: string, { reason, detail, text }: TapeEndFields) {
    super(codeOf(reason), `the tape at ${peer}: ${text === "" ? tapeReasonText(reason) : text}`);
    this.reason = reason;
    this.detail = detail;
  }
}

function codeOf(reason: number): string {
  if (reason === TapeReason.Epoch || reason === TapeReason.LeaseOver) return "SESSION_FENCED";
  return tapeReasonName(reason)
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_")
    .toUpperCase();
}

/** Reasons that a later connection need not meet again. */
const PASSING: ReadonlySet<number> = new Set([
  TapeReason.TooManyConnections,
  TapeReason.ChecksumHeader,
  TapeReason.ChecksumPayload,
  TapeReason.HoldFull,
  TapeReason.TooSlow,
  TapeReason.DiskFull,
  TapeReason.LogFailed,
  TapeReason.ShuttingDown,
  TapeReason.HelloLate,
  TapeReason.Busy,
]);

/** Whether connecting again may help. */
export function isPassing(failure: SeriatimError): boolean {
  if (failure instanceof TapeRefusedError) return PASSING.has(failure.reason);
  return failure.code === "CONNECTION_LOST" || failure.code === "CONNECT_FAILED";
}

/** What the broker sent makes no sense: `what` it was. */
export function protocolError(peer: string, what: string): SeriatimError {
  return new SeriatimError("PROTOCOL", `the tape at ${peer} sent ${what}`);
}

export function invalidArgument(message: string): SeriatimError {
  return new SeriatimError("INVALID_ARGUMENT", message);
}
