// Where a subscriber begins, as it is written on the command line.

import { SAFE_MAX } from "../../base/index.ts";
import { usageError } from "../arguments.ts";

export type From = "start" | "end" | { readonly record: number } | { readonly time_us: number };

/** A day, or a moment of it with its zone; without one it would mean something else on every machine. */
const TIME = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

/** Parses the value of --from: start, end, a record's number (from 1), or a time in UTC or with its zone. */
export function parseFrom(text: string): From {
  if (text === "start" || text === "end") return text;
  const record = /^[0-9]{1,16}$/.test(text) ? Number(text) : 0;
  if (record >= 1 && record <= SAFE_MAX) return { record };
  const day = TIME.exec(text)?.[1];
  const time_us = day !== undefined && isDay(day) ? Date.parse(text) * 1_000 : Number.NaN;
  // The year 2255 has the last that is a safe integer.
  if (time_us >= 0 && time_us <= SAFE_MAX) return { time_us };
  throw usageError(
    `--from: ${JSON.stringify(text)} is not start, end, a record's number from 1, nor a time such as 2026-01-31T09:30:00Z`,
  );
}

/** Whether the calendar has it: `Date.parse` takes 30 February for 2 March. */
function isDay(day: string): boolean {
  const midnight_ms = Date.parse(day);
  return midnight_ms >= 0 && new Date(midnight_ms).toISOString().startsWith(day);
}
