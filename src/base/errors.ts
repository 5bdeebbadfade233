// The one error class for cold paths: configuration, files, start-up. Expected refusals of orders are reason
// codes (protocol/reasons.ts), and bugs are assertions; neither is thrown as this.

/** 1: the work failed. 2: the program was used wrongly. */
export type ExitCode = 1 | 2;

/**
 * A failure a person can act on. `message` is one line that names what failed and where; `code` is a stable
 * word for programs (`EADDRINUSE`, `JOURNAL_CORRUPT`, ...).
 */
export class SeriatimError extends Error {
  override readonly name = "SeriatimError";
  readonly code: string;
  readonly exitCode: ExitCode;

  constructor(code: string, message: string, options: { exitCode?: ExitCode; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.exitCode = options.exitCode ?? 1;
  }
}
