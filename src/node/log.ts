// The log: JSON lines on stderr, or one readable line each when a person watches. Never on the order path.
//
// Level by blame: error = this node or its machine fails; warn = the operator should look; info = what the node does;
// debug = what clients do. Nothing a client sends is ever an error. The end of what was warned of once is a warning too, for who
// sees no more than those; of what was repeated all the while it is an info.

import { type Logger, pino } from "pino";

export type Log = Logger;

/** What may wait for a reader of stderr that reads nothing: thousands of lines. */
const WAITING_BYTES_MAX = 1_048_576;

export interface LogOptions {
  readonly level: "silent" | "error" | "warn" | "info" | "debug";
  /** One readable line instead of JSON; by default when stderr is a terminal. */
  readonly human?: boolean;
  /** Takes each finished line; stderr by default. */
  readonly write?: (line: string) => void;
  /** Whether so much waits to be read that lines are left out, and counted; by default of stderr. */
  readonly isFull?: () => boolean;
}

/** The node's log. */
export function createLog(options: LogOptions): Log {
  const human = options.human ?? process.stderr.isTTY === true;
  const { write = writeStderr, isFull = stderrIsFull } = options;
  let leftOut = 0;
  const put = (line: string): void => {
    if (isFull()) {
      leftOut++;
      return;
    }
    const lines = leftOut;
    leftOut = 0;
    // Also where warnings are not wanted: what is missing was.
    const level = log.isLevelEnabled("warn") ? "warn" : "error";
    if (lines > 0) log[level]({ lines }, "nobody read the log: lines are missing here");
    write(human ? readableLine(line) : line);
  };
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: put },
  );
  return log;
}

function writeStderr(line: string): void {
  process.stderr.write(line);
}

function stderrIsFull(): boolean {
  return process.stderr.writableLength > WAITING_BYTES_MAX;
}

/** `07:41:03.120 warn  the journal is slow  position=17`. */
export function readableLine(line: string): string {
  const { time, level, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const fields = Object.entries({ ...rest, ...(err === undefined ? {} : { error: errorText(err) }) });
  const tail = fields.map(([key, value]) => ` ${key}=${fieldText(value)}`).join("");
  return `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${String(msg)}${tail}\n`;
}

function fieldText(value: unknown): string {
  return typeof value === "string" && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}

function errorText(err: unknown): string {
  return String((err as { message?: unknown }).message ?? err);
}
